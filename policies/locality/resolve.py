"""Where one resource stands, by its own properties, its parent or its explicit provider; and what is wrong
with that.

The order is fixed: the resource's own property; else the parent from which the cloud derives the place; else
the explicit provider. Environment variables, CLI profiles and the defaults of a cloud never count. A code is
good only if the catalogue lists it, letter by letter, in the stack's jurisdiction. Anything else is a problem
with a text of its own: not known yet, not given, not listed, not in the jurisdiction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from catalog import Catalog, Place, PlaceKind
from policies.facts import ABSENT, Found, Provider, Resource, Unknown, Value, is_blank, plain, select, shown
from policies.locality.table import CloudTable, Locality

__all__ = ["Problem", "Resolution", "resolve", "resolve_provider", "unresolved_parents"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about the place of a resource that must not be."""

    found: str
    allowed: str
    fix: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What one resource, taken alone, says about its place."""

    problems: tuple[Problem, ...] = ()
    needs_parent: bool = False
    """True if the resource names no place itself and only its parent can: a question for the graph."""


def resolve(
    resource: Resource, locality: Locality, table: CloudTable, catalog: Catalog, jurisdiction: str
) -> Resolution:
    """Judge the place of one resource by its inputs and its provider.

    ``locality`` is the row of the resource's type, neither global nor refused, or global with second places.
    """
    judge = _Judge(catalog, table.cloud, jurisdiction)
    if locality.hosted:
        return Resolution(tuple(judge.host(resource.provider, table.provider_host)))
    problems = [
        *judge.forbidden(resource.properties, locality),
        *judge.codes(resource.properties, locality.also),
    ]
    if locality.global_reason is not None:
        return Resolution(tuple(problems))
    if any(True for path in locality.place for _ in select(resource.properties, path)):
        problems += judge.codes(resource.properties, locality.place)
        problems += judge.zones(resource.properties, locality)
        return Resolution(tuple(problems))
    if any(not is_blank(resource.properties.get(name, ABSENT)) for name in locality.parents):
        return Resolution(tuple(problems), needs_parent=True)
    problems += judge.provider(resource.provider, locality, table)
    return Resolution(tuple(problems))


def resolve_provider(
    properties: Mapping[str, Value], table: CloudTable, catalog: Catalog, jurisdiction: str
) -> Resolution:
    """Judge the places that a provider itself names. Naming none is fine: its resources then must."""
    judge = _Judge(catalog, table.cloud, jurisdiction)
    return Resolution(tuple(judge.codes(properties, table.provider_place)))


def unresolved_parents(
    resource: Resource, locality: Locality, by_urn: Mapping[str, Resource]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the parent properties of a resource behind which no parent of this stack stands, with the types
    wanted.

    A resource is as good as its parent, and every parent is judged itself, so it is enough that the parent is
    in the stack: then nothing is returned. An id written out by hand, or read with ``.get()``, has no parent
    here.
    """
    if any(_is_known(found.value) for path in locality.place for found in select(resource.properties, path)):
        return ()
    missing: list[tuple[str, tuple[str, ...]]] = []
    for name, parent_types in locality.parents.items():
        behind = resource.property_dependencies.get(name, ())
        if not behind and is_blank(resource.properties.get(name, ABSENT)):
            continue
        if not any(urn in by_urn and by_urn[urn].type in parent_types for urn in behind):
            missing.append((name, parent_types))
    return tuple(missing)


def _is_known(value: Value) -> bool:
    return not isinstance(plain(value), Unknown)


@dataclass(frozen=True, slots=True)
class _Judge:
    catalog: Catalog
    cloud: str
    jurisdiction: str

    def codes(self, properties: Mapping[str, Value], kinds: Mapping[str, PlaceKind]) -> Iterator[Problem]:
        for path, kind in kinds.items():
            for found in select(properties, path):
                problem = self.code(found, kind, f"property `{found.path}`")
                if problem is not None:
                    yield problem

    def code(self, found: Found, kind: PlaceKind, where: str) -> Problem | None:
        value = plain(found.value)
        allowed = self.allowed(kind)
        if isinstance(value, Unknown):
            return Problem(
                f"{where} is only known after the update, so nobody can say before it where this would stand",
                allowed,
                f"give {where} as a plain code that the program knows at preview",
            )
        if not isinstance(value, str):
            return Problem(
                f"{where} is {shown(found.value)}, not the code of a place", allowed, f"set {where} to a code"
            )
        place = self.catalog.place(self.cloud, value)
        if place is None:
            return Problem(
                f"{where} = {shown(found.value)}, which is not a place of {self.cloud} in the catalogue "
                "(codes are matched letter by letter)",
                allowed,
                f"set {where} to an allowed code; a place that exists belongs into catalog/data/places first",
            )
        if place.jurisdiction != self.jurisdiction:
            return Problem(
                f"{where} = {shown(found.value)}, {_soil(place)}; this stack belongs to jurisdiction "
                f"{self.jurisdiction}",
                allowed,
                f"set {where} to an allowed code, or move the resource to the stack of its own jurisdiction",
            )
        return None

    def allowed(self, kind: PlaceKind) -> str:
        places = self.catalog.places(self.cloud, self.jurisdiction)
        codes = sorted(place.code for place in places if place.kind is kind) or sorted(
            place.code for place in places
        )
        if not codes:
            return f"nothing: {self.cloud} has no place in jurisdiction {self.jurisdiction}"
        return f"{self.jurisdiction} places of {self.cloud}: {', '.join(codes)}"

    def zones(self, properties: Mapping[str, Value], locality: Locality) -> Iterator[Problem]:
        """A zone must lie in the region that the same resource names."""
        kinds = {**locality.place, **locality.also}
        zones = [path for path, kind in kinds.items() if kind is PlaceKind.ZONE]
        regions = list(self._places(properties, [path for path in locality.place if path not in zones]))
        if len(regions) != 1:
            return
        found_region, region = regions[0]
        for found, zone in self._places(properties, zones):
            if zone.parent is None or not _same(zone.parent, region.code):
                yield Problem(
                    f"property `{found.path}` = {shown(found.value)}, which is no zone of {region.code}, "
                    f"given as `{found_region.path}`",
                    f"zones of {region.code}: {self._zones_of(region.code)}",
                    f"set `{found.path}` and `{found_region.path}` to the same region",
                )

    def _zones_of(self, region: str) -> str:
        zones = sorted(
            place.code
            for place in self.catalog.places(self.cloud, self.jurisdiction)
            if place.parent is not None and _same(place.parent, region)
        )
        return ", ".join(zones) or "none in the catalogue"

    def _places(self, properties: Mapping[str, Value], paths: Iterable[str]) -> Iterator[tuple[Found, Place]]:
        for path in paths:
            for found in select(properties, path):
                value = plain(found.value)
                place = self.catalog.place(self.cloud, value) if isinstance(value, str) else None
                if place is not None:
                    yield found, place

    def forbidden(self, properties: Mapping[str, Value], locality: Locality) -> Iterator[Problem]:
        for path, why in locality.forbidden.items():
            for found in select(properties, path):
                yield Problem(
                    f"property `{found.path}` is given: {why}",
                    f"`{found.path}` left out",
                    f"remove `{found.path}`",
                )

    def provider(self, provider: Provider | None, locality: Locality, table: CloudTable) -> Iterator[Problem]:
        """The place from the explicit provider; the default provider takes its own from the environment."""
        kinds = set(locality.place.values())
        usable = {name: kind for name, kind in table.provider_place.items() if kind in kinds}
        given: list[tuple[Found, PlaceKind]] = []
        if provider is not None and not provider.is_default:
            given = [
                (found, kind) for name, kind in usable.items() for found in select(provider.properties, name)
            ]
        if not given:
            yield self._absent(locality, usable, provider)
            return
        for found, kind in given:
            where = f"property `{found.path}` of the provider"
            problem = self.code(found, kind, where)
            if problem is not None:
                yield problem
            elif table.environment_overrides_provider and not self._wholly_inside():
                yield Problem(
                    f"no place of its own, only {where}, which environment variables override unseen",
                    self.allowed(kind),
                    f"set {_names(locality)} on the resource itself",
                )

    def host(self, provider: Provider | None, name: str) -> Iterator[Problem]:
        """The place from the host that the explicit provider names, by the table of hosts."""
        where = f"property `{name}` of the provider"
        allowed = f"a host that catalog/data/hosts.yaml places in jurisdiction {self.jurisdiction}"
        fix = f"declare a provider with `{name}` as a plain host of the jurisdiction"
        if provider is None or provider.is_default:
            yield Problem("no explicit provider, so the environment would choose the host", allowed, fix)
            return
        value = plain(provider.properties.get(name))
        if not isinstance(value, str) or not value:
            found = "is only known after the update" if isinstance(value, Unknown) else "is not given"
            what = f"{where} {found}, so nobody can say before it where this would stand"
            yield Problem(what, allowed, fix)
            return
        row = self.catalog.host(value.partition(":")[0])
        place = self.catalog.place(row.cloud, row.place) if row and row.cloud and row.place else None
        if place is None:
            owner = f"is of {row.owner} and names no place" if row else "is not in the table of hosts"
            yield Problem(f"{where} = {shown(value)}, which {owner}", allowed, fix)
        elif place.jurisdiction != self.jurisdiction:
            yield Problem(
                f"{where} = {shown(value)}, {_soil(place)}; this stack belongs to jurisdiction "
                f"{self.jurisdiction}",
                allowed,
                fix,
            )

    def _wholly_inside(self) -> bool:
        return all(place.jurisdiction == self.jurisdiction for place in self.catalog.places(self.cloud))

    def _absent(
        self, locality: Locality, usable: Mapping[str, PlaceKind], provider: Provider | None
    ) -> Problem:
        names = _names(locality)
        kind = next(iter(locality.place.values()), PlaceKind.REGION)
        reason = "no place is given, so the cloud or the environment of whoever runs this would choose one"
        if provider is not None and provider.is_default and usable:
            reason += "; the default provider does not count, its place may come from the environment"
        return Problem(f"{names} not set: {reason}", self.allowed(kind), f"set {names} on the resource")


def _names(locality: Locality) -> str:
    return " or ".join(f"`{name}`" for name in (*locality.place, *locality.parents))


def _same(zone_parent: str, region: str) -> bool:
    """OVHcloud spells one region in two ways, EU-WEST-PAR and eu-west-par."""
    return zone_parent.casefold() == region.casefold()


def _soil(place: Place) -> str:
    city = f"{place.city}, " if place.city else ""
    belongs = (
        f"jurisdiction {place.jurisdiction}" if place.jurisdiction else "in no jurisdiction of the catalogue"
    )
    return f"{city}{place.country}, {belongs}"
