"""Reads fields of objects whose parts may be missing, of another type, or not known yet."""

from collections.abc import Mapping
from typing import cast

from rehearsal.twins.values import Value

__all__ = ["items_at", "mapping_at", "objects_at", "value_at"]


def value_at(values: Value, *path: str) -> Value:
    """The value at a path of keys, or None where there is none."""
    for part in path:
        values = cast("dict[str, Value]", values).get(part) if isinstance(values, dict) else None
    return values


def mapping_at(values: Value, *path: str) -> Mapping[str, Value]:
    """The object at a path of keys; empty where there is none, or none that is known."""
    found = value_at(values, *path)
    return cast("dict[str, Value]", found) if isinstance(found, dict) else {}


def items_at(values: Value, *path: str) -> list[Value]:
    """The list at a path of keys; empty where there is none, or none that is known."""
    found = value_at(values, *path)
    return cast("list[Value]", found) if isinstance(found, list) else []


def objects_at(values: Value, *path: str) -> list[dict[str, Value]]:
    """The objects in the list at a path of keys."""
    return [cast("dict[str, Value]", item) for item in items_at(values, *path) if isinstance(item, dict)]
