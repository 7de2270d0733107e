"""Compares inputs: what changed, and whether the change replaces the resource."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from rehearsal.twins.values import Unknown, Value, contains_unknown

__all__ = ["Change", "ChangeKind", "changes"]


class ChangeKind(StrEnum):
    """How one property differs."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Change:
    """One difference."""

    path: str
    """For example `pools.nodeCount` or `rules[2].port`."""
    kind: ChangeKind
    replaces: bool

    @property
    def root(self) -> str:
        """The top-level input the path is in."""
        return self.path.split(".")[0].split("[")[0]


def changes(
    before: Mapping[str, Value],
    after: Mapping[str, Value],
    replacing: Collection[str],
    ignored: Collection[str] = (),
) -> list[Change]:
    """Every difference between two sets of inputs, outermost property by outermost property.

    An unknown new value counts as a change: it may well be one, and a preview must not hide it. It replaces
    only where its property does.
    """
    found: list[Change] = []
    for name in sorted({*before, *after}):
        if name.startswith("__") or name in ignored:
            continue
        for path, kind in _differences(name, before.get(name), after.get(name)):
            found.append(Change(path, kind, name in replacing))
    return found


def _differences(path: str, before: Value, after: Value) -> list[tuple[str, ChangeKind]]:
    if isinstance(after, Unknown):
        return [(path, ChangeKind.ADD if before is None else ChangeKind.UPDATE)]
    if before is None and after is None:
        return []
    if before is None:
        return [(path, ChangeKind.ADD)]
    if after is None:
        return [(path, ChangeKind.DELETE)]
    if isinstance(before, dict) and isinstance(after, dict):
        old, new = cast("dict[str, Any]", before), cast("dict[str, Any]", after)
        nested = (_differences(f"{path}.{key}", old.get(key), new.get(key)) for key in sorted({*old, *new}))
        return [item for found in nested for item in found]
    if isinstance(before, list) and isinstance(after, list):
        return _list_differences(path, cast("list[Any]", before), cast("list[Any]", after))
    same = before == after and isinstance(before, bool) == isinstance(after, bool)
    return [] if same and not contains_unknown(after) else [(path, ChangeKind.UPDATE)]


def _list_differences(path: str, before: list[Value], after: list[Value]) -> list[tuple[str, ChangeKind]]:
    found: list[tuple[str, ChangeKind]] = []
    for index in range(max(len(before), len(after))):
        old = before[index] if index < len(before) else None
        new = after[index] if index < len(after) else None
        found.extend(_differences(f"{path}[{index}]", old, new))
    return found
