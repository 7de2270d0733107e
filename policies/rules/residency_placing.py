"""Nothing tells a controller or a client in the cluster to build, store or fetch at a place outside.

A cloud's controllers take places from annotations (``load-balancer.hetzner.cloud/location``), from variables
(``CIVO_REGION``) and from flags, and then make load balancers, volumes and servers that no resource of the
program stands for. Clients of OpenStack take a region, and without one whichever comes first. Topology keys
of Kubernetes itself are judged by ``residency-labels``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from catalog import Catalog, Place
from policies.facts import Resource, Secret, Unknown, Value, is_blank, plain, select, shown
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation
from policies.workloads.containers import Container
from policies.workloads.serverless import all_containers

__all__ = ["RULE"]

_ID: Final = "residency-placing"

_KEYS: Final[Mapping[str, str]] = {
    "csi.hetzner.cloud/location": "hetzner",
    "load-balancer.hetzner.cloud/location": "hetzner",
    "load-balancer.hetzner.cloud/network-zone": "hetzner",
    "service.beta.kubernetes.io/scw-loadbalancer-zone": "scaleway",
    "topology.csi.scaleway.com/zone": "scaleway",
}
"""Annotations and labels of nodes by which a cloud's controller is told a place: the cloud."""
_VARIABLES: Final[Mapping[str, str]] = {
    "CIVO_REGION": "civo",
    "HCLOUD_LOAD_BALANCERS_LOCATION": "hetzner",
    "HCLOUD_LOAD_BALANCERS_NETWORK_ZONE": "hetzner",
    "HCLOUD_VOLUME_DEFAULT_LOCATION": "hetzner",
    "OS_REGION": "ovh",
    "OS_REGION_NAME": "ovh",
    "SCW_DEFAULT_REGION": "scaleway",
    "SCW_DEFAULT_ZONE": "scaleway",
    "SCW_REGION": "scaleway",
    "SCW_ZONE": "scaleway",
}
"""Variables by which programs of a cloud are told a place."""
_OPENSTACK: Final = "OS_AUTH_URL"
_OPENSTACK_REGIONS: Final = frozenset({"OS_REGION", "OS_REGION_NAME"})
_GROUP: Final = re.compile(r"(?:--nodes[= ])?\d+:\d+:[\w-]+:(?P<place>[\w-]+):[\w.-]+")
"""A group of nodes as the cluster autoscaler takes it for Hetzner: least, most, type, location, name."""
_VELERO: Final = "kubernetes:velero.io/"
_VELERO_REGIONS: Final = ("spec.config.region", "spec.config.resourceGroup")
_NEGATIONS: Final = frozenset({"NotIn", "DoesNotExist"})
_CONFIG_MAP: Final = "kubernetes:core/v1:ConfigMap"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    for where, value, cloud in _placings(resource):
        problem = _problem(value, cloud, context)
        if problem:
            yield violation(
                _ID,
                resource,
                found=f"{where} {problem}, in a stack of jurisdiction {context.jurisdiction}",
                allowed=f"codes of places of {cloud or 'the clouds'} in {context.jurisdiction}, written out",
                fix="name a place of this jurisdiction",
            )
    for part in all_containers(resource):
        if isinstance(part, Container) and _asks_openstack_for_anything(part):
            yield violation(
                _ID,
                resource,
                found=f"variable {_OPENSTACK} of {part.label} names a cloud and none of "
                f"{', '.join(sorted(_OPENSTACK_REGIONS))} a region, so its client takes any",
                allowed=f"a region in {context.jurisdiction}, written out",
                fix="set OS_REGION_NAME to a region of this jurisdiction",
            )


def _placings(resource: Resource) -> Iterator[tuple[str, Value, str]]:
    """Yield every place that something is told, with where that stands and the cloud (empty: any)."""
    if resource.package == "kubernetes":
        yield from _keyed(resource.properties, "")
        if resource.type.startswith(_VELERO):
            for path in _VELERO_REGIONS:
                yield from ((f"`{each.path}`", each.value, "") for each in select(resource.properties, path))
        if resource.type.startswith(_CONFIG_MAP):
            data = plain(resource.properties.get("data"))
            for key, value in data.items() if isinstance(data, Mapping) else ():
                if key in _VARIABLES:
                    yield f"`data.{key}`", value, _VARIABLES[key]
    for part in all_containers(resource):
        if not isinstance(part, Container):
            continue
        for variable in part.environment:
            if variable.name in _VARIABLES:
                named = f"variable {variable.name} of {part.label}"
                yield named, variable.value, _VARIABLES[variable.name]
        yield from _groups(part)


def _groups(container: Container) -> Iterator[tuple[str, Value, str]]:
    for name, value in (("command", container.command), ("args", container.args)):
        words = plain(value)
        for index, word in enumerate(words if isinstance(words, tuple) else ()):
            text = plain(word)
            match = _GROUP.fullmatch(text) if isinstance(text, str) else None
            if match:
                yield f"`{name}[{index}]` of {container.label}", match["place"].lower(), "hetzner"


def _keyed(value: Value, path: str) -> Iterator[tuple[str, Value, str]]:
    bare = plain(value)
    if isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _keyed(element, f"{path}[{index}]")
    elif isinstance(bare, Mapping):
        asked = plain(bare.get("key"))
        if isinstance(asked, str) and asked in _KEYS and plain(bare.get("operator")) not in _NEGATIONS:
            values = plain(bare.get("values"))
            for element in values if isinstance(values, tuple) else ():
                yield f"`{path}.values`", element, _KEYS[asked]
        for key, item in bare.items():
            here = f"{path}.{key}" if path else key
            if key in _KEYS:
                yield f"`{here}`", item, _KEYS[key]
            else:
                yield from _keyed(item, here)


def _problem(value: Value, cloud: str, context: Context) -> str:
    """Return what is wrong with a place, or an empty text."""
    text = plain(value)
    if isinstance(text, Unknown) or not isinstance(text, str):
        return "is only known after the update, or only to the cluster"
    if not text:
        return ""
    said = f"is {shown(value)}" if not isinstance(value, Secret) else "is a secret value (not printed)"
    places = _places(text, cloud, context.catalog)
    if not places:
        return f"{said}, which is no place of the catalogue" if cloud else ""
    if any(place.jurisdiction == context.jurisdiction for place in places):
        return ""
    return f"{said}, which is {places[0].city or places[0].code}, {', '.join(places[0].countries)}"


def _places(code: str, cloud: str, catalog: Catalog) -> list[Place]:
    found = (catalog.place(each, code) for each in ([cloud] if cloud else catalog.clouds))
    return [place for place in found if place is not None]


def _asks_openstack_for_anything(container: Container) -> bool:
    """Return True for a client of OpenStack that is told where to log in and in no way which region."""
    names = {each.name for each in container.environment if not is_blank(each.value)}
    return _OPENSTACK in names and not names & _OPENSTACK_REGIONS and not container.environment_unreadable


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="Nothing in the cluster is told a place outside the jurisdiction",
    why="Load balancers, volumes, servers and backups that a controller makes stand in no program: one "
    "annotation puts them abroad, and no resource shows it.",
    law=LAW,
    source="Annotations and variables of hcloud-cloud-controller-manager and the CSI drivers of Hetzner and "
    "Scaleway, of scaleway-cloud-controller-manager, of the cluster autoscaler for Civo and Hetzner, and of "
    "OpenStack's clients, as commonly known, 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Name places of this jurisdiction only.",
    exception=NO_EXCEPTION,
    check=_check,
)
