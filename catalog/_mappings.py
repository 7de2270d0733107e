"""A mapping field that stays as loaded.

Pydantic's ``frozen`` protects the attribute, not the dict behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, TypeVar

from pydantic import AfterValidator, PlainSerializer

__all__ = ["FrozenMapping", "frozen"]

K = TypeVar("K")
V = TypeVar("V")


def frozen(mapping: Mapping[K, V]) -> Mapping[K, V]:
    """Return a read-only copy of ``mapping``."""
    return MappingProxyType(dict(mapping))


def _plain(mapping: Mapping[K, V]) -> dict[K, V]:
    return dict(mapping)


FrozenMapping = Annotated[Mapping[K, V], AfterValidator(frozen), PlainSerializer(_plain)]
