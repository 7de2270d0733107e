"""No pod that serves models has a way out beside the one that the network policies close.

A second network bypasses them, and a proxy is a pod to them whatever it dials.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import Resource, Unknown, is_blank, plain, select
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._call_home import LAW, NO_EXCEPTION, REFERENCES
from policies.rules._pods import serving_pods
from policies.rules._serving import serves, violation
from policies.violations import Violation
from policies.workloads.command_line import command_line
from policies.workloads.containers import Container, containers_of

__all__ = ["RULE"]

_ID = "call-home-detour"
_NETWORKS: Final = frozenset({"k8s.v1.cni.cncf.io/networks", "v1.multus-cni.io/default-network"})
"""Annotations by which Multus puts a pod into further networks."""
_PROXIES: Final = frozenset({"http_proxy", "https_proxy", "all_proxy"})
"""Variables that clients in every language follow, in either letter case."""
_INDEX: Final = re.compile(r"\[\d+\]")


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or resource.package != "kubernetes":
        return
    for path, problem in dict.fromkeys(_second_networks(resource)):
        yield _refusal(
            resource,
            f"`{path}` {problem}",
            "remove the annotation: models need no network but the cluster's",
        )
    for part in containers_of(resource):
        if isinstance(part, Container) and serves(part):
            for name in sorted(_proxies(part)):
                yield _refusal(
                    resource,
                    f"{part.label} sets {name}, so what it asks for is fetched by a proxy, and the network "
                    "policies of its own pod say nothing about what that dials",
                    f"remove {name}; what must come from outside comes through a gate that dials one host",
                )


def _second_networks(resource: Resource) -> Iterator[tuple[str, str]]:
    for pod in serving_pods(resource):
        above = _INDEX.sub("", pod.path).removesuffix("spec").removesuffix(".")
        where = f"{above}.metadata" if above else "metadata"
        for found in (*select(pod.owner.fields, where), *select(pod.owner.fields, f"{where}.annotations")):
            annotations = plain(found.value)
            if isinstance(annotations, Unknown):
                yield found.path, "is only known after the update, and may put the pod into another network"
            for name in sorted(_NETWORKS & annotations.keys() if isinstance(annotations, Mapping) else ()):
                yield f"{found.path}.{name}", "puts the pod into a network where no NetworkPolicy holds"


def _proxies(container: Container) -> set[str]:
    names = {
        variable.name
        for variable in container.environment
        if variable.name.lower() in _PROXIES and (variable.from_cluster or not is_blank(variable.value))
    }
    for token in command_line(container).tokens:
        name, equals, value = token.text.partition("=")
        if equals and value and name.lower() in _PROXIES:
            names.add(name)
    return names


def _refusal(resource: Resource, found: str, fix: str) -> Violation:
    return violation(
        _ID,
        resource,
        found=found,
        allowed="the cluster's own network, without a proxy",
        fix=fix,
        exception=NO_EXCEPTION,
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.CALL_HOME,
    title="No pod that serves models has a way out beside its network policies",
    why="A policy closes one network. A second one, or a pod that fetches for others, leads around it.",
    law=LAW,
    source="Annotations of Multus, and proxy variables as libcurl, Python and Go read them: from memory, "
    "2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Remove the annotation or the variable.",
    exception=NO_EXCEPTION,
    check=_check,
)
