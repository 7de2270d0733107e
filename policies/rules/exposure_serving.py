"""Nothing that faces the outside leads straight to pods that serve models: no Service, no Ingress, no route.

Whether it speaks TLS is judged by ``exposure-tls``, pods on the network of their node by
``call-home-egress``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policies.facts import Absent, StackFacts, Unknown, Value, plain
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._clusters import cluster_key, may_be_one
from policies.rules._exposure import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.rules._front_doors import FRONT_DOORS, is_front_door, leads_of
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
    opened = any(resource.type in _SERVICES or is_front_door(resource) for resource in stack.asked)
    concerned = stack.resources if opened else stack.asked
    pods = [pod for resource in concerned for pod in serving_pods(known(resource, stack))]
    if not pods:
        return
    ways: dict[str | None, list[_Way]] = {}
    for way in _ways(stack):
        ways.setdefault(way.service.namespace, []).append(way)
    for pod in pods:
        for way in ways.get(pod.owner.namespace, ()):
            if _leads_to(way.service, pod, stack):
                yield _refusal(way, pod, stack)


@dataclass(frozen=True, slots=True)
class _Way:
    """A Service that can be reached from outside."""

    service: KubernetesObject
    door: KubernetesObject | None = None
    """What leads to it; None if it faces the outside itself."""


def _ways(stack: StackFacts) -> Iterator[_Way]:
    services = [
        each
        for resource in stack.of_type(_SERVICE)
        if resource.type in _SERVICES
        for each in objects_of(known(resource, stack))
    ]
    leads = [lead for door in stack.of_type(*FRONT_DOORS) for lead in leads_of(door, stack)]
    for service in services:
        if faces_outside(service.fields):
            yield _Way(service)
        for lead in leads:
            if lead.fits(service) and _may_be_in_one_cluster(service, lead.door, stack):
                yield _Way(service, lead.door)


def _leads_to(service: KubernetesObject, pod: Pod, stack: StackFacts) -> bool:
    return _selects(service.fields, pod.labels) and _may_be_in_one_cluster(service, pod.owner, stack)


def _may_be_in_one_cluster(first: KubernetesObject, second: KubernetesObject, stack: StackFacts) -> bool:
    return may_be_one(*(cluster_key(each.resource.provider, stack) for each in (first, second)))


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


def _refusal(way: _Way, pod: Pod, stack: StackFacts) -> Violation:
    owner, service = pod.owner.resource, way.service.resource
    parts = [service, owner, *([way.door.resource] if way.door else [])]
    opened = f"Service {service.name!r} faces the outside and"
    if way.door:
        opened = f"{way.door.resource.name!r} leads from outside to Service {service.name!r}, which"
    return violation(
        _ID,
        max(parts, key=stack.position),
        found=f"{opened} selects pods of {owner.name!r}, where {pod.container.label} serves, past the router",
        allowed="a ClusterIP for what serves; what faces the outside, an Ingress and a route too, for the "
        "router alone",
        fix="make the Service a ClusterIP, let the Ingress or route lead to the router's Service and the "
        "router to this one; or narrow `spec.selector`",
    )


RULE = StackRule(
    id=_ID,
    family=Family.EXPOSURE,
    title="Nothing that faces the outside leads straight to pods that serve models",
    why="Past the router nobody asks whose request it is, so that data of the other jurisdiction is read, "
    "and an engine speaks plain HTTP to whoever finds it.",
    law=LAW,
    source="Kubernetes API (Service, selectors, Ingress), Gateway API and the routes of Traefik, Contour, "
    "Istio and OpenShift, as commonly known, 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Let only the router face the outside.",
    exception=NO_EXCEPTION,
    check=_check,
)
