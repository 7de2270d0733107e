"""Collecting mistakes, and wording them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from infra.written import full_key

__all__ = ["Mistakes", "close_to", "listed"]


@dataclass
class Mistakes:
    """Every mistake found so far, each a line that begins with its full key."""

    lines: list[str] = field(default_factory=list[str])

    def add(self, key: str, what: str) -> None:
        """Note a mistake under the full key ``key``."""
        self.lines.append(f"{key}: {what}")

    def at(self, name: str, what: str) -> None:
        """Note a mistake in the field ``name``."""
        self.add(full_key(name), what)


def listed(values: Iterable[str]) -> str:
    """The values in alphabetical order, or the word none."""
    return ", ".join(sorted(values)) or "none"


def close_to(value: str, among: Iterable[str]) -> str:
    """A question in brackets if ``value`` looks like a slip for one of ``among``, else nothing."""
    by_lower_case = {name.lower(): name for name in among}
    close = difflib.get_close_matches(value.lower(), by_lower_case, n=1, cutoff=0.7)
    return f" (did you mean {by_lower_case[close[0]]}?)" if close else ""
