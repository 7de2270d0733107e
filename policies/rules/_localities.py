"""Places that a mesh or a cluster names by region and zone, and places of the catalogue by code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from catalog import Catalog, Place
from policies.facts import Absent, Resource, Unknown, Value, plain, select
from policies.rule import Context

__all__ = ["locality_problems", "places_by_code"]

_PLACES: Final[dict[int, tuple[Catalog, Mapping[str, tuple[Place, ...]]]]] = {}
_SETTINGS: Final = tuple(
    f"spec.{above}loadBalancer.localityLbSetting"
    for above in (
        "trafficPolicy.",
        "trafficPolicy.portLevelSettings.",
        "subsets.trafficPolicy.",
        "subsets.trafficPolicy.portLevelSettings.",
    )
)
"""Where a DestinationRule of Istio says which localities stand in for others."""


def places_by_code(catalog: Catalog) -> Mapping[str, tuple[Place, ...]]:
    """Return the places of every cloud by code in lower case: node labels may be spelt either way."""
    known = _PLACES.get(id(catalog))
    if known is None:
        found: dict[str, tuple[Place, ...]] = {}
        for cloud in catalog.clouds:
            for place in catalog.places(cloud):
                found[place.code.lower()] = (*found.get(place.code.lower(), ()), place)
        known = _PLACES[id(catalog)] = (catalog, found)
    return known[1]


def locality_problems(resource: Resource, context: Context) -> Iterator[tuple[str, str]]:
    """Yield every locality to which a DestinationRule moves requests and that is not in the jurisdiction."""
    if not resource.type.startswith("kubernetes:networking.istio.io/"):
        return
    for path in _SETTINGS:
        for found in select(resource.properties, path):
            for where, locality in _destinations(found.path, found.value):
                problem = _problem(locality, context)
                if problem:
                    yield where, problem


def _destinations(path: str, setting: Value) -> Iterator[tuple[str, Value | Absent]]:
    fields = plain(setting)
    if not isinstance(fields, Mapping):
        yield path, fields
        return
    for name in ("failover", "distribute"):
        for found in select(fields, f"{name}.to"):
            to = plain(found.value)
            for locality in to if isinstance(to, Mapping) else (to,):
                yield f"{path}.{found.path}", locality


def _problem(locality: Value | Absent, context: Context) -> str:
    if isinstance(locality, Unknown) or not isinstance(locality, str):
        return "moves requests to a locality that is only known after the update"
    jurisdictions = {_jurisdiction(step, context) for step in locality.lower().split("/")[:2]} - {None}
    if jurisdictions == {context.jurisdiction}:
        return ""
    if jurisdictions:
        return f"moves requests to a locality that is not in jurisdiction {context.jurisdiction}"
    return "moves requests to a locality of which the catalogue does not say where it stands"


def _jurisdiction(code: str, context: Context) -> str | None:
    """Return the jurisdiction of a region or zone, an empty text for one of none; None if nobody knows."""
    if code in context.catalog.jurisdictions:
        return code
    found = {place.jurisdiction or "" for place in places_by_code(context.catalog).get(code, ())}
    if not found:
        return None
    own = context.jurisdiction or ""
    return own if own in found else min(found)
