"""What the stack holds from earlier updates, read from its own state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import pulumi
from pulumi.runtime import invoke

from infra.gpu import HeldPool

__all__ = ["HeldNodes", "held_gpu_pool", "held_in", "held_nodes", "nodes_in"]

_READ_STATE = "pulumi:pulumi:readStackResourceOutputs"
"""A function of the engine itself: the outputs of every resource of a stack, by URN."""


@dataclass(frozen=True, kw_only=True)
class HeldNodes:
    """The outputs of the node pools of a site, in the words of its cloud; empty where there is none."""

    cpu: Mapping[str, object]
    gpu: Mapping[str, object]


def held_gpu_pool(cloud: str, site: str) -> HeldPool | None:
    """The GPU pool of a site in this stack's state, or None. The engine answers; no cloud is asked."""
    return held_in(_state(), cloud, site)


def held_nodes(cloud: str, site: str) -> HeldNodes:
    """The node pools of a site in this stack's state. The engine answers; no cloud is asked."""
    return nodes_in(_state(), cloud, site)


def nodes_in(resources: Mapping[str, object], cloud: str, site: str) -> HeldNodes:
    """What a state says of the node pools of a site.

    Args:
        resources: URN to ``type`` and ``outputs``, as the engine gives them.
        cloud: key of the cloud; pools left from before a move are not held.
        site: name of the site, which begins the names of its pools.
    """
    return HeldNodes(
        cpu=_child(resources, f"$sovereign:{cloud}:Cluster$", f"{site}-cluster-cpu"),
        gpu=_child(resources, f"$sovereign:{cloud}:GpuPool$", f"{site}-gpu-pool-nodes"),
    )


def _child(resources: Mapping[str, object], parent: str, name: str) -> Mapping[str, object]:
    for urn, found in resources.items():
        if parent in urn and _name_in(urn) == name:
            return _mapping(_mapping(found).get("outputs"))
    return {}


def _state() -> Mapping[str, object]:
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = cast("object", invoke(_READ_STATE, {"stackName": name}).value)
    return _mapping(_mapping(answer).get("outputs"))


def held_in(resources: Mapping[str, object], cloud: str, site: str) -> HeldPool | None:
    """The GPU pool of a site among the resources of a state.

    Only a pool that came up counts: one that failed never reported its outputs.

    Args:
        resources: URN to ``type`` and ``outputs``, as the engine gives them.
        cloud: key of the cloud whose pool is wanted; one left from before a move is not held.
        site: name of the site, which begins the name of its pool: two sites may be on one cloud.
    """
    for urn, found in resources.items():
        resource = _mapping(found)
        if resource.get("type") != f"sovereign:{cloud}:GpuPool" or _name_in(urn) != f"{site}-gpu-pool":
            continue
        outputs = _mapping(resource.get("outputs"))
        node_type, zone = outputs.get("nodeType"), outputs.get("zone")
        if isinstance(node_type, str) and isinstance(zone, str):
            return HeldPool(node_type=node_type, zone=zone)
    return None


def _name_in(urn: str) -> str:
    """The logical name at the end of a URN."""
    return urn.rpartition("::")[2]


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}
