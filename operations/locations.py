"""Finds the line of the program that declares a resource.

The engine keeps for every resource the frames in which it was declared: in the steps of ``pulumi preview
--json`` and in a state. The first frame inside the project is the line that a reviewer wants to see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import unquote

__all__ = ["Location", "Locations"]

_SCHEME: Final = "project://"
_NOT_OURS: Final = frozenset({"site-packages", ".venv", "node_modules", ".rehearsal"})
_STACK_TYPE: Final = "pulumi:pulumi:Stack"


@dataclass(frozen=True, slots=True)
class Location:
    """A line of a file. ``path`` is relative to the project, with slashes."""

    path: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class Locations:
    """Where the resources of a stack are declared."""

    fallback: Location
    """For what has no line: the stack's own settings."""
    by_urn: Mapping[str, Location] = field(default_factory=dict[str, Location])
    by_rule: Mapping[str, Location] = field(default_factory=dict[str, Location])
    """Rules that are about one file, whatever the resource."""

    def of(self, rule: str, urn: str) -> Location:
        """Return where a finding belongs."""
        return self.by_rule.get(rule) or self.by_urn.get(urn) or self.fallback

    @staticmethod
    def lines(states: Iterable[object], project: Path) -> Mapping[str, Location]:
        """Return the line of each resource, from resource states as the engine writes them to JSON."""
        found: dict[str, Location] = {}
        for state in states:
            if not isinstance(state, dict):
                continue
            row = cast("Mapping[str, Any]", state)
            urn = row.get("urn")
            if isinstance(urn, str) and row.get("type") != _STACK_TYPE:
                trace: Iterable[Mapping[str, Any]] = row.get("stackTrace") or ()
                frames = (row, *trace)
                location = _first_inside((frame.get("sourcePosition") for frame in frames), project)
                if location is not None:
                    found[urn] = location
        return found


def _first_inside(positions: Iterable[object], project: Path) -> Location | None:
    root = project.resolve()
    for position in positions:
        if not isinstance(position, str) or not position.startswith(_SCHEME):
            continue
        written, _, place = position.removeprefix(_SCHEME).partition("#")
        path = (root / unquote(written).lstrip("/")).resolve()
        line = place.partition(",")[0]
        if path.is_relative_to(root) and line.isdecimal():
            inside = path.relative_to(root)
            if not _NOT_OURS & set(inside.parts):
                return Location(inside.as_posix(), max(int(line), 1))
    return None
