"""Whose silicon a stack runs on, said aloud: once for each kind of machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from catalog import Catalog, Vendor
from policies.facts import Resource, Secret, StackFacts, Unknown, Value, plain, select, shown
from policies.rule import Context, Family, Severity, StackRule
from policies.violations import Violation, violation

__all__ = ["RULE"]

_ID = "hardware"
_MACHINES: Final[Mapping[str, str]] = {
    "civo:index/instance:Instance": "size",
    "civo:index/kubernetesCluster:KubernetesCluster": "pools.size",
    "civo:index/kubernetesNodePool:KubernetesNodePool": "size",
    "hcloud:index/server:Server": "serverType",
    "ovh:CloudProject/instance:Instance": "flavor.flavorId",
    "ovh:CloudProject/kubeNodePool:KubeNodePool": "flavorName",
    "scaleway:applesilicon/server:Server": "type",
    "scaleway:autoscaling/instanceTemplate:InstanceTemplate": "commercialType",
    "scaleway:elasticmetal/server:Server": "offer",
    "scaleway:instance/server:Server": "type",
    "scaleway:kubernetes/pool:Pool": "nodeType",
}
"""Where each type says what machine it is. Whatever stands there is told, also if nobody knows it."""
_NAMES: Final = frozenset(
    {
        "commercialType",
        "flavorId",
        "flavorName",
        "instanceType",
        "nodeType",
        "offer",
        "planCode",
        "serverType",
        "size",
        "type",
    }
)
"""Properties by which other resources name a machine. There only the catalogue's node types are told of."""

_POOL: Final = re.compile(r"sovereign:(?P<cloud>[a-z]+):GpuPool")
"""A pool of machines that no API orders has no resource of a cloud: its component says what they are."""

_TELL: Final = "nothing to mend: tell whoever relies on the stack, word for word"
_ASK: Final = "ask the cloud whose silicon it is, and tell whoever relies on the stack"
_KNOW: Final = "take the node type from what is known before the update, in the open"


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    told: set[tuple[str, str]] = set()
    for resource in stack.asked:
        for machine in _machines(stack.judged(resource) or resource, context.catalog):
            if machine.kind in told or (stack.newest is not None and _came_before(stack, machine, context)):
                continue
            told.add(machine.kind)
            yield _remark(resource, machine, context.catalog)


@dataclass(frozen=True, slots=True)
class _Machine:
    cloud: str
    path: str
    value: Value
    kind: tuple[str, str]
    """What is told of once: the node type, or this very property where nobody may or can read it."""


def _machines(resource: Resource, catalog: Catalog) -> Iterator[_Machine]:
    pool = _POOL.fullmatch(resource.type)
    cloud = catalog.cloud_of_provider(resource.package)
    key = cloud.key if cloud is not None else pool["cloud"] if pool else ""
    if key not in catalog.clouds:
        return
    for path, value in _values(resource, key, catalog, by_hand=pool is not None):
        bare = plain(value)
        if isinstance(bare, str) and not isinstance(value, Secret):
            yield _Machine(key, path, value, (key, bare))
        else:
            yield _Machine(key, path, value, (resource.urn, path))


def _came_before(stack: StackFacts, machine: _Machine, context: Context) -> bool:
    """In the guard, which asks about one resource at a time: was another one of this kind there already?"""
    return any(
        other.kind == machine.kind
        for resource in stack.of_type(*_MACHINES)
        if stack.newest is not None and resource.urn != stack.newest.urn
        for other in _machines(resource, context.catalog)
    )


def _values(
    resource: Resource, cloud: str, catalog: Catalog, *, by_hand: bool
) -> Iterator[tuple[str, Value]]:
    if resource.type in _MACHINES:
        for found in select(resource.properties, _MACHINES[resource.type]):
            yield found.path, found.value
        return
    for path, value in _named(resource.properties, ""):
        bare = plain(value)
        known = catalog.node_type(cloud, bare) if isinstance(bare, str) else None
        if known is None:
            told = by_hand and isinstance(bare, Unknown)
        else:
            told = not by_hand or known.ordered_in is not None
        if told:
            yield path, value


def _named(value: Value, path: str) -> Iterator[tuple[str, Value]]:
    bare = plain(value)
    if isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _named(element, f"{path}[{index}]")
    elif isinstance(bare, Mapping):
        for key, item in bare.items():
            here = f"{path}.{key}" if path else key
            if key in _NAMES and isinstance(plain(item), str | Unknown):
                yield here, item
            else:
                yield from _named(item, here)


def _remark(resource: Resource, machine: _Machine, catalog: Catalog) -> Violation:
    cloud, path, value = machine.cloud, machine.path, machine.value
    name = plain(value)
    if not isinstance(name, str):
        unknown = "its node type is only known after the update, so nobody can tell whose silicon it is"
        return _told(resource, f"`{path}`: {unknown}", _KNOW)
    node_type = catalog.node_type(cloud, name)
    cpu = catalog.cpu_designer(cloud, name)
    if isinstance(value, Secret):
        start = f"`{path}` is a secret, so its node type is not printed"
    else:
        start = f"`{path}` = {name if node_type else shown(name)}"
    if node_type is not None and node_type.gpu is not None:
        gpu = node_type.gpu
        parts = "GPUs" if isinstance(value, Secret) else f"{gpu.count} x {gpu.model} a node"
        disclosed = " ".join((_of(gpu.vendor, catalog), *(() if cpu is None else (cpu.disclosure,))))
        found = f"{start}: {parts}, designed by {gpu.vendor}, {gpu.vendor_country}. {disclosed}"
        return _told(resource, found, _TELL)
    if cpu is not None:
        gpus = "no GPU" if node_type else "GPUs, if any, are not in the catalogue"
        return _told(resource, f"{start}: {gpus}. {cpu.disclosure}", _TELL if node_type else _ASK)
    if node_type is not None:
        return _told(resource, f"{start}: no GPU. The catalogue does not say who designs its CPUs", _ASK)
    return _told(resource, f"{start}: not in the catalogue, so it does not tell whose silicon it is", _ASK)


def _of(vendor: str, catalog: Catalog) -> str:
    found: Vendor | None = next((each for each in catalog.vendors.values() if each.name == vendor), None)
    return found.disclosure if found else ""


def _told(resource: Resource, found: str, fix: str) -> Violation:
    return violation(
        _ID,
        resource,
        found=found,
        allowed="any silicon: no GPU of the catalogue is of European design, so this is no mistake",
        fix=fix,
        exception="none needed: this rule informs and does not block",
    )


RULE = StackRule(
    id=_ID,
    family=Family.HARDWARE,
    title="Whose silicon it is, is said and not hidden",
    why="A stack can be European in place, law and operator and still run on chips and drivers that another "
    "state can cut off; whoever relies on it must be told.",
    law="EU Cloud Sovereignty Framework: supply chain sovereignty is disclosed, not assumed",
    source="catalog/data/gpus.yaml, cpus.yaml and vendors.yaml, each row with its source; the properties of "
    "the installed SDKs, 2026-11-24",
    references=("EU Cloud Sovereignty Framework SOV-5",),
    severity=Severity.LOW,
    fix="Nothing to mend; pass it on. Ask the cloud for what the catalogue does not know.",
    exception="None needed: it informs and does not block.",
    advisory=True,
    check=_check,
)
