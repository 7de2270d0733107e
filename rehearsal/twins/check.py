"""Refuses inputs the provider would refuse: unknown, missing, of the wrong type."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from rehearsal.sdk.introspect import input_fields
from rehearsal.sdk.shapes import Fields, ListOf, MapOf, OneOf, Property, Scalar, Shape
from rehearsal.twins.values import Unknown, Value

__all__ = ["Failure", "check_inputs", "deprecations"]


@dataclass(frozen=True)
class Failure:
    """One refused input."""

    path: str
    """The property, for example `pools[0].nodeCount`."""
    reason: str


def check_inputs(
    values: Mapping[str, Value], fields: Mapping[str, Property], *, coerces: bool, within: str = ""
) -> list[Failure]:
    """Every mistake in `values`, checked against the declared fields; empty when there is none.

    With `coerces`, numbers and booleans may be written as strings and the reverse, as the bridged
    Terraform providers allow; Kubernetes does not.
    """
    return list(_object_failures(values, fields, coerces, within))


def deprecations(values: Mapping[str, Value], fields: Mapping[str, Property]) -> list[str]:
    """A warning for every top-level input in use that the SDK marks as deprecated."""
    return [
        f"{name} is deprecated: {fields[name].deprecated}"
        for name, value in values.items()
        if value is not None and name in fields and fields[name].deprecated
    ]


def _object_failures(
    values: Mapping[str, Value], fields: Mapping[str, Property], coerces: bool, within: str
) -> Iterator[Failure]:
    prefix = f"{within}." if within else ""
    for name, value in values.items():
        if name.startswith("__"):
            continue
        declared = fields.get(name)
        if declared is None:
            yield Failure(f"{prefix}{name}", _unknown_reason(name, fields))
        elif value is not None:
            yield from _failures(value, declared.shape, coerces, f"{prefix}{name}")
    for name, declared in fields.items():
        if declared.required and values.get(name) is None:
            yield Failure(
                f"{prefix}{name}", f"missing; {name!r} is required and takes {_article(declared.shape)}"
            )


def _unknown_reason(name: str, fields: Mapping[str, Property]) -> str:
    close = difflib.get_close_matches(name, fields, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"allowed are {', '.join(sorted(fields)) or 'none'}"
    return f"no such input; {hint}"


def _failures(value: Value, shape: Shape, coerces: bool, path: str) -> Iterator[Failure]:
    if isinstance(value, Unknown):
        return
    if isinstance(shape, OneOf):
        objects = [choice for choice in shape.choices if isinstance(choice, (Fields, MapOf))]
        if isinstance(value, dict) and len(objects) == 1:
            yield from _failures(value, objects[0], coerces, path)
        elif all(any(True for _ in _failures(value, choice, coerces, path)) for choice in shape.choices):
            yield _wrong(path, shape, value)
    elif isinstance(shape, Scalar):
        if not _is_scalar(value, shape, coerces):
            yield _wrong(path, shape, value)
    elif isinstance(shape, ListOf):
        if not isinstance(value, list):
            yield _wrong(path, shape, value)
            return
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _failures(item, shape.item, coerces, f"{path}[{index}]")
    elif not isinstance(value, dict):
        yield _wrong(path, shape, value)
    elif isinstance(shape, MapOf):
        for key, item in cast("dict[str, Any]", value).items():
            if item is not None:
                yield from _failures(item, shape.value, coerces, f"{path}[{key!r}]")
    else:
        nested = cast("dict[str, Any]", value)
        yield from _object_failures(nested, _fields_of(shape), coerces, path)


def _fields_of(shape: Fields) -> Mapping[str, Property]:
    return input_fields(shape.type)


def _is_scalar(value: Value, shape: Scalar, coerces: bool) -> bool:
    if shape.name == "any":
        return True
    if isinstance(value, (dict, list)):
        return False
    if shape.literals:
        return value in shape.literals
    if shape.name == "string":
        return isinstance(value, str) or (coerces and isinstance(value, (bool, int, float)))
    if shape.name == "boolean":
        return isinstance(value, bool) or (coerces and value in ("true", "false"))
    return _is_number(value, coerces, whole=shape.name == "integer")


def _is_number(value: Value, coerces: bool, *, whole: bool) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, str) and coerces:
        try:
            value = float(value)
        except ValueError:
            return False
    return isinstance(value, int) or (isinstance(value, float) and (not whole or value.is_integer()))


def _wrong(path: str, shape: Shape, value: Value) -> Failure:
    return Failure(path, f"must be {_article(shape)}, not {_kind(value)}")


def _article(shape: Shape) -> str:
    text = str(shape)
    if text.startswith(("'", "any")):
        return text if text != "any" else "any value"
    return f"an {text}" if text[0] in "aeiou" else f"a {text}"


def _kind(value: Value) -> str:
    """What a value is, without showing it: it may be a secret."""
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "an object"
