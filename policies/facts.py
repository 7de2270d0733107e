"""Facts about resources: plain, immutable, the same whoever collected them.

Three collectors build them: the policy pack (from CrossGuard's proxies), the guard inside the program (from
the inputs of a resource transform) and, through the pack, ``pulumi policy analyze`` (from a state file).
Rules see nothing else, so no rule can behave differently in two of these places.

A value that is *absent* (the property is not there), *unknown* (only known after ``pulumi up``) and *secret*
are three different things here. Rules must never take one for another.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar, cast

__all__ = [
    "ABSENT",
    "ENGINES_OWN",
    "PROVIDER_PREFIX",
    "STACK_TYPE",
    "TEXT_OBJECTS",
    "UNKNOWN",
    "Absent",
    "Found",
    "Index",
    "Opaque",
    "Options",
    "Provider",
    "Resource",
    "Secret",
    "StackFacts",
    "Unknown",
    "Value",
    "contains_unknown",
    "freeze",
    "is_blank",
    "package_of",
    "plain",
    "provider_type",
    "select",
    "shown",
]


class Unknown(enum.Enum):
    """The type of ``UNKNOWN``."""

    UNKNOWN = "unknown"


class Absent(enum.Enum):
    """The type of ``ABSENT``."""

    ABSENT = "absent"


UNKNOWN: Final = Unknown.UNKNOWN
"""A value that the engine cannot know before the update runs."""

ABSENT: Final = Absent.ABSENT
"""What a look-up returns when the property is not there. Never stored in a resource."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value marked secret. Rules may compare ``value``; no message may print it.

    The policy SDK strips this mark, ``policies.crossguard`` keeps it. A value may be secret without one, so
    messages are careful with every value: see ``shown``.
    """

    value: Value = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value with no plain form: a file asset, an archive, a reference to a resource."""

    kind: str


Value: TypeAlias = (
    "bool | int | float | str | Unknown | Secret | Opaque | tuple[Value, ...] | Mapping[str, Value] | None"
)
"""Any property value. Lists are tuples, objects are read-only mappings; numbers may arrive as floats."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider that a resource is deployed with."""

    type: str
    """``pulumi:providers:<package>``."""
    urn: str
    name: str
    properties: Mapping[str, Value] = field(default_factory=dict[str, Value])

    @property
    def is_default(self) -> bool:
        """True for a provider that the engine made itself, from stack configuration and the environment."""
        return self.name == "default" or self.name.startswith("default_")


@dataclass(frozen=True, slots=True)
class Options:
    """The resource options that rules look at."""

    ignore_changes: tuple[str, ...] = ()
    """Property paths exactly as written, ``*`` included."""
    parent: str | None = None
    """URN of the parent resource."""


_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource.

    For a rule about a single resource ``properties`` are its inputs, after defaults and transforms; for a
    rule about the stack they are its outputs. Property names are Pulumi's own (camelCase).
    """

    urn: str
    type: str
    name: str
    properties: Mapping[str, Value]
    provider: Provider | None = None
    """None for component resources, the stack and providers; for anything else nobody could tell."""
    options: Options = field(default_factory=Options)
    dependencies: tuple[str, ...] = ()
    """URNs of everything it depends on. Only known to stack rules."""
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """URNs behind each input property. Only known to stack rules."""
    _answers: dict[Any, Any] = field(default_factory=dict[Any, Any], init=False, repr=False, compare=False)

    def once(self, question: Callable[[Resource], _Answer]) -> _Answer:
        """Return what a pure function says of this resource, asking it the first time only.

        Many rules put the same question to the same facts, which never change.
        """
        if question not in self._answers:
            self._answers[question] = question(self)
        return cast("_Answer", self._answers[question])

    @property
    def package(self) -> str:
        """The package of the type: ``ovh`` for ``ovh:CloudProject/kube:Kube``."""
        return package_of(self.type)


STACK_TYPE: Final = "pulumi:pulumi:Stack"
"""Type of the resource that stands for the stack itself."""

PROVIDER_PREFIX: Final = "pulumi:providers:"
"""What the types of providers begin with; the package follows."""

ENGINES_OWN: Final = "__internal"
"""The property of a provider in which the engine keeps whose plugin it is and where that is to be had."""

TEXT_OBJECTS: Final = ("kubernetes:core/v1:ConfigMap", "kubernetes:core/v1:Secret")
"""What the types of Kubernetes objects begin with whose content is text to Kubernetes."""


@dataclass(slots=True)
class Index:
    """The resources of a stack by URN and by type; it grows with the stack."""

    urns: dict[str, Resource] = field(default_factory=dict[str, Resource])
    positions: dict[str, int] = field(default_factory=dict[str, int])
    types: dict[str, list[Resource]] = field(default_factory=dict[str, list[Resource]])
    judged: dict[str, Resource] = field(default_factory=dict[str, Resource])
    """By URN, what rules about one resource saw; whoever asked them may hand it in."""

    def add(self, resource: Resource) -> None:
        """Take one more resource in, declared after all others."""
        self.positions.setdefault(resource.urn, len(self.positions))
        self.urns[resource.urn] = resource
        self.types.setdefault(resource.type, []).append(resource)


@dataclass(frozen=True, slots=True)
class StackFacts:
    """Every resource of a stack, for rules that need the graph."""

    resources: Sequence[Resource]
    """In the order in which the program declares them."""
    complete: bool = True
    """False while more may come, as in the guard: what is not there may still arrive, so no rule may say that
    it is missing.
    """
    inputs: Mapping[str, Mapping[str, Value]] | None = None
    """The inputs with which each resource was judged alone, by URN; one that is missing never was. None where
    every resource is judged with its ``properties``, as in the guard.
    """
    newest: Resource | None = None
    """In the guard, the last resource of ``resources``, and the only one that a violation may name: what was
    there before has been asked about already. None where all are asked about at once.
    """
    index: Index = field(default_factory=Index, repr=False, compare=False)
    """Made here, unless whoever lets the stack grow hands in the one that grows with it."""

    def __post_init__(self) -> None:
        if not self.index.urns:
            for resource in self.resources:
                self.index.add(resource)

    @property
    def asked(self) -> Sequence[Resource]:
        """The resources that a violation may name; a rule looks for faults in these and in no others."""
        return self.resources if self.newest is None else (self.newest,)

    def by_urn(self) -> Mapping[str, Resource]:
        """Return the resources by URN."""
        return MappingProxyType(self.index.urns)

    def judged(self, resource: Resource) -> Resource | None:
        """Return a resource of this stack as it was judged alone, by its inputs; None if it never was."""
        if self.inputs is None:
            return resource
        known = self.index.judged.get(resource.urn)
        inputs = self.inputs.get(resource.urn)
        if known is None and inputs is not None:
            known = self.index.judged[resource.urn] = replace(resource, properties=inputs)
        return known

    def hangs_on(self, resource: Resource, types: Container[str]) -> bool:
        """Return True if a resource depends on one of these types."""
        behind = (self.index.urns.get(urn) for urn in resource.dependencies)
        return any(each is not None and each.type in types for each in behind)

    def position(self, resource: Resource) -> int:
        """Return a number that is higher the later the program declares a resource of this stack."""
        return self.index.positions[resource.urn]

    @property
    def root(self) -> Resource | None:
        """The stack itself, whose properties are its outputs; None in the guard, which never sees it."""
        return next(iter(self.index.types.get(STACK_TYPE, ())), None)

    def of_type(self, *prefixes: str) -> Iterator[Resource]:
        """Yield the resources whose type token begins with one of some texts, one type after the other.

        A whole token fits longer ones as well: ``…:ConfigMap`` also ``…:ConfigMapList``.
        """
        for token, resources in self.index.types.items():
            if token.startswith(prefixes):
                yield from resources


def package_of(type_token: str) -> str:
    """Return the package of a type token: ``ovh`` for ``ovh:CloudProject/kube:Kube``."""
    return type_token.partition(":")[0]


def provider_type(package: str) -> str:
    """Return the type token of a package's provider."""
    return f"{PROVIDER_PREFIX}{package}"


def freeze(value: object) -> Value:
    """Return plain Python data as a fact value: lists become tuples, dicts become read-only mappings.

    Raises:
        TypeError: the data holds something that is not a fact value.
    """
    if value is None or isinstance(value, bool | int | float | str | Unknown | Secret | Opaque):
        return value
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value)
        return MappingProxyType({str(key): freeze(item) for key, item in items.items()})
    if isinstance(value, list | tuple):
        elements = cast("list[object] | tuple[object, ...]", value)
        return tuple(freeze(element) for element in elements)
    message = f"a {type(value).__name__} is not a fact value"
    raise TypeError(message)


def plain(value: Value | Absent) -> Value | Absent:
    """Return the value without its secret mark."""
    while isinstance(value, Secret):
        value = value.value
    return value


def is_blank(value: Value | Absent) -> bool:
    """Return True for what a provider takes as 'not given': absent, null, an empty text, an empty list."""
    bare = plain(value)
    return bare is ABSENT or bare is None or bare == "" or bare == ()


def contains_unknown(value: Value) -> bool:
    """Return True if the value or anything inside it is unknown."""
    match plain(value):
        case Unknown():
            return True
        case tuple() as elements:
            return any(contains_unknown(element) for element in elements)
        case Mapping() as items:
            return any(contains_unknown(item) for item in items.values())
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Found:
    """A value and the exact path at which it was found, such as ``nodes[1].region``."""

    path: str
    value: Value


def select(properties: Mapping[str, Value], path: str) -> Iterator[Found]:
    """Yield every value at a dotted path, walking into lists wherever one stands.

    ``nodes.region`` finds the region of each node, and each code in a property that is itself a list. Where a
    value on the way is unknown, that unknown is yielded: something may be there, nobody can see it. Values
    that are not given (absent, null, empty) are not yielded.
    """
    yield from _descend(properties, path.split("."), "")


def _descend(value: Value, steps: list[str], path: str) -> Iterator[Found]:
    bare = plain(value)
    if isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _descend(element, steps, f"{path}[{index}]")
    elif isinstance(bare, Unknown):
        yield Found(path, UNKNOWN)
    elif not steps:
        if not is_blank(bare):
            yield Found(path, value)
    elif isinstance(bare, Mapping):
        step, rest = steps[0], steps[1:]
        if step in bare:
            yield from _descend(bare[step], rest, f"{path}.{step}" if path else step)


_PRINTABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/:+-]{0,119}")


def shown(value: Value) -> str:
    """Return how a message may name a value: quoted if it looks like a name, else only what kind of thing it
    is.

    A policy gets secrets as plain text, so this errs on the side of silence: no long text, no text with
    characters that names, codes, paths and image references do not use.
    """
    match value:
        case Unknown():
            return "a value that is only known after the update"
        case Secret():
            return "a secret value (not printed)"
        case str() as text if _PRINTABLE.fullmatch(text) and "://" not in text:
            return f'"{text}"'
        case str():
            return "a text that is not printed"
        case bool() | int() | float() | None:
            return str(value)
        case Opaque(kind):
            return f"a {kind}"
        case tuple():
            return "a list"
        case Mapping():
            return "an object"
