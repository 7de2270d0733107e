"""The tables that say, for every resource type of every cloud, where such a resource stands.

The tables are YAML under ``tables/``, one or two files a cloud, for people to review. A type is

- *located*: properties of its own name its place;
- *inheriting*: it stands where its parent stands, and a property names the parent (a type may be both: a
  volume has
  a location, or the server it hangs on);
- *global*: nothing is stored at a place of its own, and the table says why;
- *hosted*: it stands where the host stands that its explicit provider names; the table of hosts knows where;
- *refused*: no property can prove its place, and the table says why and what to use instead.

A type of a cloud's package that is in no table is refused as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from catalog import PlaceKind
from catalog.strict_yaml import YamlError, read

__all__ = ["TABLES", "CloudTable", "Locality", "LocalityError", "LocalityTable", "Placeless", "load_locality"]

TABLES: Final = Path(__file__).with_name("tables")
_PACKAGES: Final = "packages.yaml"

_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Kinds = dict[_Line, PlaceKind]


class LocalityError(Exception):
    """A table is wrong: the message names the file and lists the mistakes."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_R = TypeVar("_R", bound=_Row)


class _LocatedRow(_Row):
    place: _Kinds
    types: tuple[_Line, ...]


class _GlobalRow(_Row):
    why: _Line
    types: tuple[_Line, ...]


class _RefusedRow(_Row):
    why: _Line
    instead: _Line
    types: tuple[_Line, ...]


class _File(_Row):
    """One YAML file. Two files may share a package; ``also`` and ``forbidden`` go beside the type they are
    about.
    """

    package: _Line
    cloud: _Line | None = None
    """None for a protocol that many services speak; then ``provider_host`` says where its resources stand."""
    provider_place: _Kinds
    provider_host: str = ""
    provider_api: dict[_Line, tuple[_Line, ...]] = {}
    environment_overrides_provider: bool = False
    located: tuple[_LocatedRow, ...] = ()
    inherits: dict[_Line, dict[_Line, tuple[_Line, ...]]] = {}
    also: dict[_Line, _Kinds] = {}
    forbidden: dict[_Line, dict[_Line, _Line]] = {}
    global_: tuple[_GlobalRow, ...] = Field(default=(), alias="global")
    hosted: tuple[_GlobalRow, ...] = ()
    refused: tuple[_RefusedRow, ...] = ()

    @model_validator(mode="after")
    def _stands_somewhere(self) -> Self:
        if (self.cloud is None) != bool(self.provider_host) or bool(self.provider_host) != bool(self.hosted):
            message = "give cloud, or provider_host and hosted types: by one of them the place is known"
            raise ValueError(message)
        return self


class _PlacelessRow(_Row):
    package: _Line
    why: _Line
    only: str = ""
    otherwise: str = ""
    instead: str = ""

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if bool(self.only) != bool(self.otherwise) or bool(self.only) != bool(self.instead):
            message = "only, otherwise and instead go together"
            raise ValueError(message)
        return self


class _PackagesFile(_Row):
    placeless: tuple[_PlacelessRow, ...]


@dataclass(frozen=True, slots=True)
class Locality:
    """What is known about the place of one resource type. Property names are Pulumi's (camelCase), paths
    dotted.
    """

    place: Mapping[str, PlaceKind] = field(default_factory=dict[str, PlaceKind])
    """Properties that name the place, and what kind of place; one of them must be given."""
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Properties that name a parent, and which types such a parent may have."""
    also: Mapping[str, PlaceKind] = field(default_factory=dict[str, PlaceKind])
    """Properties that name a second place, for a copy or a part; they may be left out."""
    forbidden: Mapping[str, str] = field(default_factory=dict[str, str])
    """Properties that must not be given, and why."""
    global_reason: str | None = None
    """Why the type has no place; None if it has one."""
    hosted: bool = False
    """True if it stands where the host stands that its explicit provider names."""
    refusal: str | None = None
    """Why the type may not be used at all."""
    instead: str = ""
    """What to use instead of a refused type."""

    @property
    def locality_properties(self) -> frozenset[str]:
        """Top-level properties on which the place depends."""
        paths = (*self.place, *self.parents, *self.also, *self.forbidden)
        return frozenset(path.partition(".")[0] for path in paths)


@dataclass(frozen=True, slots=True)
class CloudTable:
    """The types of one Pulumi package."""

    package: str
    cloud: str
    """Catalogue key of the cloud; empty for a protocol that services of many clouds speak."""
    provider_place: Mapping[str, PlaceKind]
    """Properties of the explicit provider that name a place for its resources."""
    provider_host: str
    """Property of the explicit provider that names the host of hosted types; empty if there are none."""
    provider_api: Mapping[str, tuple[str, ...]]
    """Properties of the provider that choose whom it speaks to, and the names they may have; without names, a
    host of this cloud.
    """
    environment_overrides_provider: bool
    """True if environment variables win over the explicit provider's properties."""
    types: Mapping[str, Locality]


@dataclass(frozen=True, slots=True)
class Placeless:
    """A package whose resources have no place of their own."""

    why: str
    """Why they have none."""
    only: str = ""
    """The types of which this is true begin with this text; empty if it is true of all."""
    otherwise: str = ""
    """Why the other types may not be used."""
    instead: str = ""
    """What to use instead of them."""

    def covers(self, type_token: str) -> bool:
        """Return True for a type, or a provider, of which it is true."""
        return type_token.startswith((self.only, "pulumi:"))


@dataclass(frozen=True, slots=True)
class LocalityTable:
    """Every table together."""

    clouds: Mapping[str, CloudTable]
    """By Pulumi package."""
    placeless: Mapping[str, Placeless]
    """Packages whose resources have no place of their own."""

    def cloud_of(self, package: str) -> CloudTable | None:
        """Return the table of a Pulumi package, or None if it is not a cloud known here."""
        return self.clouds.get(package)


@cache
def load_locality(directory: Path = TABLES) -> LocalityTable:
    """Read and check every table.

    Raises:
        LocalityError: a file is not YAML, has a key it must not have, or classifies a type twice.
    """
    files: dict[str, list[tuple[str, _File]]] = {}
    for path in sorted(directory.glob("*.yaml")):
        if path.name == _PACKAGES:
            continue
        table = _parse(path, _File)
        files.setdefault(table.package, []).append((path.name, table))
    placeless = _parse(directory / _PACKAGES, _PackagesFile).placeless
    clouds = {package: _merge(package, tables) for package, tables in files.items()}
    neutral = {row.package: Placeless(row.why, row.only, row.otherwise, row.instead) for row in placeless}
    return LocalityTable(MappingProxyType(clouds), MappingProxyType(neutral))


def _parse(path: Path, model: type[_R]) -> _R:
    try:
        content = read(path)
    except (YamlError, OSError) as error:
        raise LocalityError(str(error)) from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        mistakes = [f"  - {'.'.join(map(str, line['loc']))}: {line['msg']}" for line in error.errors()]
        raise LocalityError("\n".join([f"{path.name} is wrong:", *mistakes])) from error


def _merge(package: str, files: list[tuple[str, _File]]) -> CloudTable:
    first = files[0][1]
    types: dict[str, Locality] = {}
    mistakes: list[str] = []
    for name, table in files:
        if (table.cloud, table.provider_place) != (first.cloud, first.provider_place):
            mistakes.append(f"{name}: cloud and provider_place must be those of {files[0][0]}")
        for type_token, locality in _types(table, mistakes, name):
            if type_token in types:
                mistakes.append(f"{name}: {type_token} is classified twice")
            if not type_token.startswith(f"{package}:"):
                mistakes.append(f"{name}: {type_token} is not a type of {package}")
            types[type_token] = locality
    if mistakes:
        raise LocalityError(
            "\n".join([f"the tables of {package} are wrong:", *(f"  - {m}" for m in mistakes)])
        )
    return CloudTable(
        package,
        first.cloud or "",
        MappingProxyType(first.provider_place),
        first.provider_host,
        MappingProxyType({name: values for _, table in files for name, values in table.provider_api.items()}),
        any(table.environment_overrides_provider for _, table in files),
        MappingProxyType(types),
    )


def _types(table: _File, mistakes: list[str], name: str) -> list[tuple[str, Locality]]:
    places: dict[str, _Kinds] = {}
    for row in table.located:
        for type_token in row.types:
            if type_token in places:
                mistakes.append(f"{name}: {type_token} is located twice")
            places[type_token] = row.place
    result: list[tuple[str, Locality]] = []
    for type_token in sorted({*places, *table.inherits}):
        result.append(
            (
                type_token,
                Locality(
                    place=places.get(type_token, {}),
                    parents=table.inherits.get(type_token, {}),
                    also=table.also.get(type_token, {}),
                    forbidden=table.forbidden.get(type_token, {}),
                ),
            )
        )
    for row in table.global_:
        result.extend(
            (type_token, Locality(global_reason=row.why, also=table.also.get(type_token, {})))
            for type_token in row.types
        )
    for row in table.hosted:
        result.extend((type_token, Locality(hosted=True)) for type_token in row.types)
    for row in table.refused:
        result.extend(
            (type_token, Locality(refusal=row.why, instead=row.instead)) for type_token in row.types
        )
    listed = {type_token for type_token, _ in result}
    mistakes.extend(
        f"{name}: {type_token} has also or forbidden but no class"
        for type_token in sorted({*table.also, *table.forbidden} - listed)
    )
    return result
