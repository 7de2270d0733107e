"""What the settings of node pools demand of the catalogue and of each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from catalog import Catalog, NodeType, Place
from infra._mistakes import Mistakes, close_to, listed
from infra.gpu import GpuCandidate
from infra.written import full_key

NO_GPU: Final = "none"
"""What ``sovereign:gpuNodeType`` says when a stack shall have no GPU pool, though the place sells GPUs."""

__all__ = ["NO_GPU", "cpu_nodes", "cpu_type", "gpu_candidates"]


def cpu_type(
    written: Mapping[str, Any], catalog: Catalog, place: Place | None, mistakes: Mistakes
) -> NodeType | None:
    """The node type of the CPU pool: the one written, else the place's."""
    if place is None or place.defaults is None or "cpu_node_type" not in written:
        return None
    chosen = written["cpu_node_type"]
    if chosen is None:
        return catalog.node_type(place.cloud, place.defaults.cpu_node_type)
    return _sold("cpu_node_type", chosen, catalog, place, mistakes, wants_gpu=False)


def cpu_nodes(written: Mapping[str, Any], mistakes: Mistakes) -> tuple[int | None, int | None]:
    """CPU nodes at least and at most."""
    minimum = written.get("cpu_nodes_min")
    maximum = written.get("cpu_nodes_max") or minimum
    _range("cpu", minimum, maximum, mistakes)
    return minimum, maximum


def gpu_candidates(
    written: Mapping[str, Any],
    catalog: Catalog,
    place: Place | None,
    mistakes: Mistakes,
) -> tuple[GpuCandidate, ...]:
    """The GPU pools that the stack may take, the best first; empty where the place sells none.

    First ``sovereign:gpuNodeType`` in the stack's own place, then ``sovereign:gpuAlternatives``.
    """
    if place is None or place.defaults is None:
        return ()
    keys = {"gpu_node_type", "gpu_alternatives", "gpu_reserved", "replicas", "gpus_per_replica"}
    if not keys | {"gpu_nodes_min", "gpu_nodes_max", "vswitch_id"} <= written.keys():
        return ()
    first = written["gpu_node_type"]
    if first == NO_GPU:
        for name in ("gpu_alternatives", "gpu_reserved"):
            if written[name]:
                mistakes.at(
                    name, f"found {written[name]}, but sovereign:gpuNodeType is {NO_GPU}; allowed: none"
                )
        return ()
    wanted = [("gpu_node_type", first or place.defaults.gpu_node_type)]
    wanted += [("gpu_alternatives", text) for text in written["gpu_alternatives"]]
    reserved = {_full(text, place) for text in written["gpu_reserved"]}
    found: dict[str, GpuCandidate] = {}
    for name, text in wanted:
        if text is None:
            continue
        if _full(text, place) in found:
            mistakes.at(name, f"found {text!r} twice; allowed: each node type and zone once")
            continue
        candidate = _candidate(name, text, written, catalog, place, mistakes, reserved)
        if candidate is not None:
            found[str(candidate)] = candidate
    strays = reserved - {_full(text, place) for _, text in wanted if text is not None}
    if strays:
        mistakes.at(
            "gpu_reserved",
            f"found {listed(strays)}, allowed: what sovereign:gpuNodeType or sovereign:gpuAlternatives "
            f"name: {listed(found)}",
        )
    return tuple(found.values())


def _full(text: str, place: Place) -> str:
    """``node type@zone``; the zone left out is the stack's own place."""
    node_type, _, zone = text.partition("@")
    return f"{node_type}@{zone or place.code}"


def _candidate(
    name: str,
    text: str,
    written: Mapping[str, Any],
    catalog: Catalog,
    place: Place,
    mistakes: Mistakes,
    reserved: set[str],
) -> GpuCandidate | None:
    chosen, _, code = text.partition("@")
    zone = _zone(name, text, code, catalog, place, mistakes) if code else place
    if zone is None:
        return None
    node_type = _sold(name, chosen, catalog, zone, mistakes, wants_gpu=True)
    if node_type is None or not _reachable(name, text, node_type, written, mistakes):
        return None
    count = _gpu_nodes(written, node_type, mistakes)
    if count is None:
        return None
    return GpuCandidate(
        node_type=node_type,
        zone=zone,
        minimum=count[0],
        maximum=count[1],
        reserved=_full(text, place) in reserved,
    )


def _zone(
    name: str, text: str, code: str, catalog: Catalog, place: Place, mistakes: Mistakes
) -> Place | None:
    """A zone in which nodes of this stack's cluster can stand: of the same region, never across a border."""
    allowed = [
        zone.code
        for zone in catalog.places(place.cloud)
        if zone.code == place.code or (place.parent is not None and zone.parent == place.parent)
    ]
    zone = catalog.place(place.cloud, code)
    if zone is None:
        mistakes.at(
            name,
            f"found {text!r}: no place {code!r} of {place.cloud}{close_to(code, allowed)}; "
            f"allowed after the @: {listed(allowed)}",
        )
        return None
    if code not in allowed or zone.jurisdiction != place.jurisdiction:
        mistakes.at(
            name,
            f"found {text!r}: {code} is not in the region of {place.code}, where the cluster is; "
            f"allowed after the @: {listed(allowed)}",
        )
        return None
    return zone


def _sold(
    name: str, chosen: str, catalog: Catalog, place: Place, mistakes: Mistakes, *, wants_gpu: bool
) -> NodeType | None:
    sold = [
        node.name
        for node in catalog.node_types(place.cloud)
        if place.code in node.places and (node.gpu is not None) == wants_gpu
    ]
    allowed = f"allowed in {place.code}: {listed(sold)}"
    node_type = catalog.node_type(place.cloud, chosen)
    if node_type is None:
        hint = close_to(chosen, sold)
        mistakes.at(name, f"found {chosen!r}, no node type of {place.cloud}{hint}; {allowed}")
    elif (node_type.gpu is not None) != wants_gpu:
        kind = "has no GPU" if wants_gpu else "is a GPU node type"
        mistakes.at(name, f"found {chosen!r}, which {kind}; {allowed}")
    elif place.code not in node_type.places:
        mistakes.at(name, f"found {chosen!r}, not known to be sold in {place.code}; {allowed}")
    else:
        return node_type
    return None


def _reachable(
    name: str, text: str, node_type: NodeType, written: Mapping[str, Any], mistakes: Mistakes
) -> bool:
    """Whether nodes of the type have a way into the cluster: what no API makes must come in by a vSwitch."""
    if node_type.ordered_in is None or written["vswitch_id"] is not None:
        return True
    mistakes.at(
        name,
        f"found {text!r}, a dedicated server that a person orders in {node_type.ordered_in} and that joins "
        "by a vSwitch, but sovereign:vswitchId is not set. Allowed: this type with the number of a vSwitch "
        f"there; or leave {full_key(name)} out, and llama.cpp on CPUs serves alone",
    )
    return False


def _gpu_nodes(written: Mapping[str, Any], node_type: NodeType, mistakes: Mistakes) -> tuple[int, int] | None:
    """GPU nodes at least and at most, or None if the replicas do not fit."""
    if node_type.gpu is None:
        return None
    replicas, per_replica = written["replicas"], written["gpus_per_replica"]
    per_node = node_type.gpu.count
    if per_replica > per_node:
        mistakes.at(
            "gpus_per_replica",
            f"found {per_replica}, but {node_type.name} has {per_node} and a model must fit one node; "
            f"allowed: 1 to {per_node}, or another sovereign:gpuNodeType",
        )
        return None
    needed = -(-replicas // (per_node // per_replica))
    least, most = written["gpu_nodes_min"], written["gpu_nodes_max"]
    minimum = least or min(needed, most or needed)
    maximum = most or minimum
    if node_type.ordered_in is not None and maximum > minimum:
        mistakes.at(
            "gpu_nodes_max",
            f"found {maximum}, above the minimum, but {node_type.name} is ordered by a person in "
            f"{node_type.ordered_in}: such a pool does not scale by itself; allowed: {minimum}",
        )
    else:
        _range("gpu", minimum, maximum, mistakes)
    if minimum <= maximum < needed:
        mistakes.at(
            "gpu_nodes_max" if most else "gpu_nodes_min",
            f"found {maximum}, but {replicas} replicas with {per_replica} GPU each need {needed} of "
            f"{node_type.name}; allowed: {needed} or more, or fewer sovereign:replicas",
        )
    return minimum, maximum


def _range(kind: Literal["cpu", "gpu"], minimum: int | None, maximum: int | None, mistakes: Mistakes) -> None:
    if minimum is not None and maximum is not None and maximum < minimum:
        mistakes.at(f"{kind}_nodes_max", f"found {maximum}, below the minimum; allowed: {minimum} or more")
