"""Property values as they cross the wire, and as plain Python.

The engine marks what a plain JSON value cannot say (unknown, secret, asset) by reserved strings; the
constants are the protocol's own.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from google.protobuf import struct_pb2

__all__ = [
    "UNKNOWN",
    "Unknown",
    "Value",
    "contains_unknown",
    "from_struct",
    "from_value",
    "resource_reference",
    "secret",
    "to_struct",
    "to_value",
    "with_secrets_of",
]

_SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE_SIGNATURE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
_UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS: Final = frozenset(
    {
        _UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)

Value = Any
"""None, bool, int, float, str, `UNKNOWN`, or a list or dict of these."""


class Unknown:
    """The type of `UNKNOWN`: a value that is not known until the resource exists."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Final = Unknown()


def from_value(value: struct_pb2.Value) -> Value:
    """The plain Python form of one wire value; secrets are opened, whole numbers become int."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [from_value(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _from_marked(value.struct_value)
    return None


def _from_marked(struct: struct_pb2.Struct) -> Value:
    signature = struct.fields[_SIGNATURE_KEY].string_value if _SIGNATURE_KEY in struct.fields else ""
    if signature == _SECRET_SIGNATURE:
        return from_value(struct.fields["value"])
    if signature == _OUTPUT_SIGNATURE:
        return from_value(struct.fields["value"]) if "value" in struct.fields else UNKNOWN
    return from_struct(struct)


def from_struct(struct: struct_pb2.Struct) -> dict[str, Value]:
    """The plain Python form of a wire object."""
    return {key: from_value(value) for key, value in struct.fields.items()}


def to_value(value: Value) -> struct_pb2.Value:
    """One plain value in its wire form."""
    if isinstance(value, Unknown):
        return struct_pb2.Value(string_value=_UNKNOWN_STRING)
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, (int, float)):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, Mapping):
        return struct_pb2.Value(struct_value=to_struct(cast("Mapping[str, Value]", value)))
    if isinstance(value, Sequence):
        items = (to_value(item) for item in cast("Sequence[Value]", value))
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
    raise TypeError(f"a {type(value).__name__} cannot be a property value")


def to_struct(values: Mapping[str, Value]) -> struct_pb2.Struct:
    """A plain object in its wire form."""
    return struct_pb2.Struct(fields={key: to_value(value) for key, value in values.items()})


def secret(value: Value) -> dict[str, Value]:
    """The value marked as a secret, so that the engine encrypts and hides it."""
    return {_SIGNATURE_KEY: _SECRET_SIGNATURE, "value": value}


def with_secrets_of(values: Mapping[str, Value], *originals: struct_pb2.Struct) -> dict[str, Value]:
    """The values with a mark on each that is a secret in one of the wire objects it comes from."""
    found = dict(values)
    for original in originals:
        for name, like in original.fields.items():
            if name in found:
                found[name] = _marked(found[name], like)
    return found


def _marked(value: Value, like: struct_pb2.Value) -> Value:
    kind = like.WhichOneof("kind")
    if kind == "list_value" and isinstance(value, list):
        items, others = cast("list[Value]", value), like.list_value.values
        return [_marked(item, others[n]) if n < len(others) else item for n, item in enumerate(items)]
    if kind != "struct_value" or (isinstance(value, dict) and _SIGNATURE_KEY in value):
        return cast(Value, value)
    fields = like.struct_value.fields
    signature = fields[_SIGNATURE_KEY].string_value if _SIGNATURE_KEY in fields else ""
    if signature == _SECRET_SIGNATURE or (signature == _OUTPUT_SIGNATURE and fields["secret"].bool_value):
        return secret(value)
    if signature == _OUTPUT_SIGNATURE and "value" in fields:
        return _marked(value, fields["value"])
    if isinstance(value, dict):
        return with_secrets_of(cast("dict[str, Value]", value), like.struct_value)
    return value


def resource_reference(urn: str, id_: str, version: str) -> dict[str, Value]:
    """A resource as a property value.

    Args:
        urn: its URN.
        id_: its id; empty while it is not known.
        version: the version of its package.
    """
    return {_SIGNATURE_KEY: _RESOURCE_SIGNATURE, "urn": urn, "id": id_ or UNKNOWN, "packageVersion": version}


def contains_unknown(value: Value) -> bool:
    """Whether the value, or anything inside it, is unknown."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in cast("Iterable[Value]", value.values()))
    if isinstance(value, list):
        return any(contains_unknown(item) for item in cast("list[Value]", value))
    return False
