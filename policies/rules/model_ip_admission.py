"""What was judged is what runs: nothing rewrites workloads on their way into the cluster.

A mutating policy can give a container other arguments after every rule has looked at it, and a webhook with a
URL hands every object to a server that no rule sees. Webhooks that a Service of the cluster answers are let
be, as what answers there is a workload and judged like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import Absent, Resource, Unknown, Value, contains_unknown, is_blank, plain
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._model_ip import REFERENCES
from policies.rules._pods import field, objects_of
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "model-ip-admission"
_NO_EXCEPTION: Final = "none. What is changed after it was judged was not judged"
_GROUPS: Final = ("kubernetes:admissionregistration.k8s.io/", "kubernetes:apiextensions.k8s.io/")
_POLICY: Final = re.compile(r"MutatingAdmissionPolicy(?:Patch)?(?:List)?")
_DEFINITION: Final = "CustomResourceDefinition"
_WORKLOADS: Final = frozenset(
    {
        *("cronjobs", "daemonsets", "deployments", "jobs", "pods", "podtemplates", "replicasets"),
        *("replicationcontrollers", "statefulsets"),
    }
)
_SPEC: Final = re.compile(r"(?i)spec|JSONPatch")
"""What an expression needs that changes more than metadata. The path of a JSONPatch may be computed."""


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or not resource.type.startswith(_GROUPS):
        return
    for each in objects_of(resource):
        for found, fix in _mistakes(resource, each.fields):
            yield Violation(
                _ID,
                resource.urn,
                resource.type,
                resource.name,
                found=found,
                allowed="policies that change metadata, or nothing that runs containers; webhooks that a "
                "Service of the cluster answers",
                fix=fix,
                exception=_NO_EXCEPTION,
            )


def _mistakes(resource: Resource, fields: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    for path, config in _clients(fields, is_definition=_DEFINITION in resource.type):
        url = field(config, "url")
        if not is_blank(url) or isinstance(plain(config), Unknown):
            yield (
                f"`{path}.url` sends objects of the cluster to a server, and no rule sees which or where",
                f"run the webhook in the cluster and name its Service in `{path}.service`",
            )
    if _POLICY.fullmatch(resource.type.rpartition(":")[2]):
        spec = field(fields, "spec")
        if _concerns_workloads(spec) and _rewrites(spec):
            yield (
                "`spec.mutations` may change what workloads run, after every rule has looked at them",
                "write what is needed into the workloads themselves, or limit the policy by "
                "`spec.matchConstraints` to other resources or by its expressions to metadata",
            )


def _clients(fields: Mapping[str, Value], *, is_definition: bool) -> Iterator[tuple[str, Value | Absent]]:
    """Yield where the API server is told to call somebody: at admission, to convert custom resources."""
    webhooks = plain(fields.get("webhooks"))
    for index, webhook in enumerate(webhooks if isinstance(webhooks, tuple) else ()):
        yield f"webhooks[{index}].clientConfig", field(webhook, "clientConfig")
    if isinstance(webhooks, Unknown):
        yield "webhooks", webhooks
    if is_definition:
        steps = ("spec", "conversion", "webhook", "clientConfig")
        yield ".".join(steps), field(fields, *steps)


def _concerns_workloads(spec: Value | Absent) -> bool:
    """Return False only if the policy names its resources and none of them runs containers."""
    rules = plain(field(spec, "matchConstraints", "resourceRules"))
    if not isinstance(rules, tuple) or not rules:
        return True
    for rule in rules:
        named = plain(field(rule, "resources"))
        if not isinstance(named, tuple) or contains_unknown(named):
            return True
        kinds = {str(plain(each)).partition("/")[0] for each in named}
        if "*" in kinds or kinds & _WORKLOADS:
            return True
    return False


def _rewrites(spec: Value | Absent) -> bool:
    """Return True unless every expression is known and none can reach beyond metadata."""
    given = [field(spec, name) for name in ("mutations", "variables")]
    return any(not isinstance(each, Absent) and (contains_unknown(each) or _reaches(each)) for each in given)


def _reaches(value: Value) -> bool:
    bare = plain(value)
    if isinstance(bare, str):
        return _SPEC.search(bare) is not None
    if isinstance(bare, tuple):
        return any(map(_reaches, bare))
    return isinstance(bare, Mapping) and any(map(_reaches, bare.values()))


RULE = ResourceRule(
    id=_ID,
    family=Family.MODEL_IP,
    title="Nothing rewrites workloads after they were judged, and no server outside reads them",
    why="Other arguments make another model of an approved one, and no manifest shows it.",
    law="Copyright and the licence of each checkpoint: only what can be read can be judged; GDPR and UK "
    "GDPR Art 32",
    source="Kubernetes API (admissionregistration.k8s.io, apiextensions.k8s.io) as commonly known, "
    "2026-11-24",
    references=(*REFERENCES, "GDPR Art 32", "UK GDPR Art 32"),
    severity=Severity.CRITICAL,
    fix="Write what is needed into the workloads, and let webhooks be answered inside the cluster.",
    exception=_NO_EXCEPTION,
    check=_check,
)
