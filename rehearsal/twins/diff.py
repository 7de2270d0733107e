"""Compares inputs: what changed, and whether the change replaces the resource."""

import re
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


_Difference = tuple[str, ChangeKind, Value]
"""Path, kind, and the value that was added or removed as a whole."""

_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Change:
    """One difference."""

    path: str
    """For example `pools.nodeCount`, `rules[2].port` or `metadata.labels["app.kubernetes.io/name"]`."""
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

    Args:
        before: the inputs of the object as it is.
        after: the inputs wanted.
        replacing: properties whose change replaces; a nested one is written `spec.selector`, without the
            indexes of lists on the way.
        ignored: properties, nested or not, whose changes do not count.
    """
    found: list[Change] = []
    for name in sorted({*before, *after}):
        if name.startswith("__"):
            continue
        for path, kind, whole in _differences(name, before.get(name), after.get(name)):
            if not any(_is_within(path, outer) for outer in ignored):
                found.append(Change(path, kind, _replaces(path, whole, replacing)))
    return found


def _is_within(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def _replaces(path: str, whole: Value, replacing: Collection[str]) -> bool:
    """Whether a replacing property changed: one the path is in, or one in what was added or removed whole."""
    plain = _INDEX.sub("", path)
    if any(_is_within(plain, name) for name in replacing):
        return True
    inner = [name.removeprefix(f"{plain}.") for name in replacing if name.startswith(f"{plain}.")]
    return any(_holds(whole, name.split(".")) for name in inner)


def _holds(value: Value, path: list[str]) -> bool:
    if isinstance(value, list):
        return any(_holds(item, path) for item in cast("list[Value]", value))
    if not path:
        return value is not None
    return isinstance(value, dict) and _holds(cast("dict[str, Any]", value).get(path[0]), path[1:])


def _joined(path: str, key: str) -> str:
    """A key below a path, quoted when it holds what separates keys."""
    if not re.search(r'[."\[\]]', key):
        return f"{path}.{key}"
    quoted = key.replace('"', '\\"')
    return f'{path}["{quoted}"]'


def _differences(path: str, before: Value, after: Value) -> list[_Difference]:
    if isinstance(after, Unknown):
        return [(path, ChangeKind.ADD if before is None else ChangeKind.UPDATE, None)]
    if before is None and after is None:
        return []
    if before is None:
        return [(path, ChangeKind.ADD, after)]
    if after is None:
        return [(path, ChangeKind.DELETE, before)]
    if isinstance(before, dict) and isinstance(after, dict):
        old, new = cast("dict[str, Any]", before), cast("dict[str, Any]", after)
        nested = (
            _differences(_joined(path, key), old.get(key), new.get(key)) for key in sorted({*old, *new})
        )
        return [item for found in nested for item in found]
    if isinstance(before, list) and isinstance(after, list):
        return _list_differences(path, cast("list[Any]", before), cast("list[Any]", after))
    same = before == after and isinstance(before, bool) == isinstance(after, bool)
    return [] if same and not contains_unknown(after) else [(path, ChangeKind.UPDATE, None)]


def _list_differences(path: str, before: list[Value], after: list[Value]) -> list[_Difference]:
    found: list[_Difference] = []
    for index in range(max(len(before), len(after))):
        old = before[index] if index < len(before) else None
        new = after[index] if index < len(after) else None
        found.extend(_differences(f"{path}[{index}]", old, new))
    return found
