"""The shape of a property: what a provider accepts for it and gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "ANY",
    "BOOLEAN",
    "INTEGER",
    "NUMBER",
    "STRING",
    "Fields",
    "ListOf",
    "MapOf",
    "OneOf",
    "Property",
    "ResourceType",
    "Scalar",
    "Shape",
]


@dataclass(frozen=True)
class Scalar:
    """A single value. `any` accepts everything (JSON, assets, archives)."""

    name: Literal["string", "number", "integer", "boolean", "any"]
    literals: tuple[str, ...] = ()
    """When not empty, the only values allowed."""

    def __str__(self) -> str:
        return " or ".join(repr(value) for value in self.literals) if self.literals else self.name


@dataclass(frozen=True)
class ListOf:
    """A list of one shape."""

    item: "Shape"

    def __str__(self) -> str:
        return f"list of {self.item}"


@dataclass(frozen=True)
class MapOf:
    """A map from any string to one shape."""

    value: "Shape"

    def __str__(self) -> str:
        return f"map of {self.value}"


@dataclass(frozen=True)
class Fields:
    """An object with named fields. The class is kept, not its fields: some types contain themselves."""

    type: type
    output: bool = False

    def __str__(self) -> str:
        return f"object ({self.type.__name__})"


@dataclass(frozen=True)
class OneOf:
    """Any one of several shapes."""

    choices: tuple["Shape", ...]

    def __str__(self) -> str:
        return " or ".join(str(choice) for choice in self.choices)


Shape = Scalar | ListOf | MapOf | Fields | OneOf

STRING = Scalar("string")
NUMBER = Scalar("number")
INTEGER = Scalar("integer")
BOOLEAN = Scalar("boolean")
ANY = Scalar("any")


@dataclass(frozen=True)
class Property:
    """One input of a resource, a nested object, a provider or a function."""

    name: str
    """As on the wire, in camel case."""
    shape: Shape
    required: bool = False
    doc: str = ""
    deprecated: str = ""
    """What the SDK says to use instead; empty for an input that is not deprecated."""


@dataclass(frozen=True)
class ResourceType:
    """What an SDK says of one type token."""

    token: str
    inputs: Mapping[str, Property]
    outputs: Mapping[str, Shape] = field(default_factory=dict[str, Shape])
    doc: str = ""

    @property
    def computed(self) -> tuple[str, ...]:
        """Outputs that are not inputs: known only once the resource exists."""
        return tuple(name for name in self.outputs if name not in self.inputs)
