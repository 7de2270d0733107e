"""No Service that faces the outside leads straight to pods that serve models.

Whether such a Service speaks TLS is judged by ``exposure-tls``, pods on the network of their node by
``call-home-egress``. An Ingress or a Gateway is a router of its own and is left alone here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import Absent, Resource, StackFacts, Unknown, Value, plain
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._clusters import cluster_key, may_be_one
from policies.rules._exposure import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.rules._pods import KubernetesObject, Pod, field, known, objects_of, serving_pods
from policies.rules._published import faces_outside
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "exposure-serving"
_SERVICE: Final = "kubernetes:core/v1:Service"
_SERVICES: Final = frozenset({_SERVICE, f"{_SERVICE}List", f"{_SERVICE}Patch"})


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    asked_about_services = any(True for resource in stack.asked for _ in _facing(resource, stack))
    concerned = stack.resources if asked_about_services else stack.asked
    pods = [pod for resource in concerned for pod in serving_pods(known(resource, stack))]
    if not pods:
        return
    services: dict[str | None, list[KubernetesObject]] = {}
    for resource in stack.of_type(_SERVICE):
        for each in _facing(resource, stack):
            services.setdefault(each.namespace, []).append(each)
    for pod in pods:
        for service in services.get(pod.owner.namespace, ()):
            if _leads_to(service, pod, stack):
                yield _refusal(service, pod, stack)


def _facing(resource: Resource, stack: StackFacts) -> Iterator[KubernetesObject]:
    if resource.type in _SERVICES:
        for each in objects_of(known(resource, stack)):
            if faces_outside(each.fields):
                yield each


def _leads_to(service: KubernetesObject, pod: Pod, stack: StackFacts) -> bool:
    if not _selects(service.fields, pod.labels):
        return False
    clusters = (cluster_key(each.resource.provider, stack) for each in (service, pod.owner))
    return may_be_one(*clusters)


def _selects(service: Mapping[str, Value], labels: Value | Absent) -> bool:
    """Return True unless a selector certainly does not fit. Without one, a Service leads to no pods."""
    selector = plain(field(service, "spec", "selector"))
    own = plain(labels)
    if isinstance(selector, Unknown) or isinstance(own, Unknown):
        return True
    if not isinstance(selector, Mapping) or not selector or not isinstance(own, Mapping):
        return False
    return all(
        name in own
        and (plain(own[name]) == plain(value) or isinstance(plain(own[name]), Unknown) or _is_unknown(value))
        for name, value in selector.items()
    )


def _is_unknown(value: Value) -> bool:
    return isinstance(plain(value), Unknown)


def _refusal(service: KubernetesObject, pod: Pod, stack: StackFacts) -> Violation:
    owner = pod.owner.resource
    return violation(
        _ID,
        max(service.resource, owner, key=stack.position),
        found=f"Service {service.resource.name!r} faces the outside and selects pods of {owner.name!r}, "
        f"where {pod.container.label} serves, past the router",
        allowed="a ClusterIP for what serves; a Service that faces the outside for the router alone",
        fix="make the Service a ClusterIP and let the router lead to it, or narrow its `spec.selector`",
    )


RULE = StackRule(
    id=_ID,
    family=Family.EXPOSURE,
    title="No Service that faces the outside leads straight to pods that serve models",
    why="Past the router nobody asks whose request it is, so that data of the other jurisdiction is read, "
    "and an engine speaks plain HTTP to whoever finds it.",
    law=LAW,
    source="Kubernetes API (Service, selectors) as commonly known, 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Let only the router face the outside.",
    exception=NO_EXCEPTION,
    check=_check,
)
