"""Turns what the engine sends to a policy pack into facts: once for a resource, totally, without trusting it.

The SDK's own reading is not used. It reads every resource anew for every policy, strips the marks of secrets,
and raises where a policy touches an unknown value, which turns that policy into a warning. Here every unknown
becomes ``UNKNOWN``, every secret stays marked, and rules decide what that means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import proxy

from policies.facts import (
    STACK_TYPE,
    UNKNOWN,
    Index,
    Opaque,
    Options,
    Provider,
    Resource,
    Secret,
    StackFacts,
    Value,
)

__all__ = ["from_wire", "resource_facts", "stack_facts"]

_UNKNOWN_TEXTS: Final = frozenset(
    {
        proxy.UNKNOWN_BOOLEAN_VALUE,
        proxy.UNKNOWN_NUMBER_VALUE,
        proxy.UNKNOWN_STRING_VALUE,
        proxy.UNKNOWN_ARRAY_VALUE,
        proxy.UNKNOWN_ASSET_VALUE,
        proxy.UNKNOWN_ARCHIVE_VALUE,
        proxy.UNKNOWN_OBJECT_VALUE,
    }
)
_SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"
_ASSET_SIGNATURES: Final = frozenset({"c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7"})


def resource_facts(request: Any) -> Resource:
    """Return the facts of one resource, an ``AnalyzeRequest``, as its inputs give them."""
    return Resource(
        urn=request.urn,
        type=request.type,
        name=request.name,
        properties=_properties(request.properties),
        provider=_provider(request),
        options=Options(tuple(request.options.ignoreChanges), request.options.parent or None),
    )


def stack_facts(request: Any, judged: Mapping[str, Resource]) -> StackFacts:
    """Return the facts of a whole stack, an ``AnalyzeStackRequest``, as the resources' outputs give them.

    ``judged`` are the resources that were judged alone in this run, by URN.
    """
    urns = {resource.urn for resource in request.resources}
    index = Index(judged=dict(judged))
    return StackFacts(
        tuple(_stack_resource(resource, urns) for resource in request.resources),
        inputs={urn: resource.properties for urn, resource in judged.items()},
        index=index,
    )


class _Outputs(Mapping[str, Value]):
    """The outputs of one resource, read when a rule first looks: most rules about stacks pass most by."""

    __slots__ = ("_fields", "_of_stack", "_struct")

    def __init__(self, struct: struct_pb2.Struct, *, of_stack: bool) -> None:
        self._struct = struct
        self._of_stack = of_stack
        self._fields: Mapping[str, Value] | None = None

    def _read(self) -> Mapping[str, Value]:
        if self._fields is None:
            self._fields = MappingProxyType(dict(self._values()))
        return self._fields

    def _values(self) -> Iterator[tuple[str, Value]]:
        for name, value in self._struct.fields.items():
            yield name, from_wire(value, keep_marks=self._of_stack)

    def __getitem__(self, name: str) -> Value:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._struct.fields)


def _stack_resource(message: Any, urns: set[str]) -> Resource:
    return Resource(
        urn=message.urn,
        type=message.type,
        name=message.name,
        properties=_Outputs(message.properties, of_stack=message.type == STACK_TYPE),
        provider=_provider(message),
        options=Options(
            tuple(message.options.ignoreChanges), message.parent or message.options.parent or None
        ),
        dependencies=tuple(urn for urn in message.dependencies if urn in urns),
        property_dependencies=MappingProxyType(
            {
                name: tuple(urn for urn in behind.urns if urn in urns)
                for name, behind in message.propertyDependencies.items()
            }
        ),
    )


def _provider(message: Any) -> Provider | None:
    return _provider_of(message.provider.SerializeToString()) if message.HasField("provider") else None


@lru_cache(maxsize=64)
def _provider_of(serialized: bytes) -> Provider:
    """Read a provider once: thousands of resources share it."""
    provider = analyzer_pb2.AnalyzerProviderResource.FromString(serialized)
    return Provider(provider.type, provider.urn, provider.name, _properties(provider.properties))


def _properties(struct: struct_pb2.Struct) -> Mapping[str, Value]:
    return MappingProxyType({name: from_wire(value) for name, value in struct.fields.items()})


def from_wire(value: struct_pb2.Value, *, secret: bool = False, keep_marks: bool = False) -> Value:
    """Return a value of the engine's messages as a fact value.

    A mark on a list or an object moves to each thing inside, so that rules can look into it. What is unknown
    loses its mark, as rules only ask whether it is known; ``keep_marks`` keeps it, for the outputs of a
    stack, of which the mark itself is judged.

    Raises:
        TypeError: the engine sent something that no property can be; the run then fails as a whole.
    """
    match value.WhichOneof("kind"):
        case "string_value":
            text = value.string_value
            if text in _UNKNOWN_TEXTS:
                return Secret(UNKNOWN) if secret and keep_marks else UNKNOWN
            return _marked(text, secret=secret)
        case "struct_value":
            fields = value.struct_value.fields
            if _SIGNATURE_KEY in fields:
                return _special(fields, secret=secret, keep_marks=keep_marks)
            return MappingProxyType(
                {name: from_wire(item, secret=secret, keep_marks=keep_marks) for name, item in fields.items()}
            )
        case "list_value":
            elements = value.list_value.values
            return tuple([from_wire(each, secret=secret, keep_marks=keep_marks) for each in elements])
        case "number_value":
            return _marked(value.number_value, secret=secret)
        case "bool_value":
            return _marked(value.bool_value, secret=secret)
        case _:
            return None


def _marked(value: str | float | bool, *, secret: bool) -> Value:
    return Secret(value) if secret else value


def _special(fields: Mapping[str, struct_pb2.Value], *, secret: bool, keep_marks: bool) -> Value:
    signature = fields[_SIGNATURE_KEY].string_value
    if signature == _SECRET_SIGNATURE:
        return from_wire(fields["value"], secret=True, keep_marks=keep_marks)
    if signature in _ASSET_SIGNATURES:
        return Opaque("file asset")
    message = f"a property holds a value with the signature {signature}, which no rule can read"
    raise TypeError(message)
