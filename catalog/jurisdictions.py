"""The jurisdictions a stack can belong to, and the rule that gives a place its jurisdiction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from catalog._source import Country, Fact, Line, Source

__all__ = ["Jurisdiction", "Law", "jurisdiction_of"]


class Law(Fact):
    """One law that governs the personal data or the AI system, with what it means for a stack."""

    name: Line
    note: Line
    source: Source


class Jurisdiction(Fact):
    """A body of law with its countries, e.g. ``eu`` or ``uk``."""

    code: Line
    """The value of ``sovereign:jurisdiction``."""
    name: Line
    countries: frozenset[Country]
    """The countries whose soil counts, as ISO 3166 alpha-2 codes. Nothing outside this list counts."""
    authority: Line
    """Who supervises, and by which rule the competent authority is found."""
    laws: tuple[Law, ...]
    note: str = ""
    source: Source


def jurisdiction_of(countries: Iterable[str], jurisdictions: Sequence[Jurisdiction]) -> str | None:
    """Return the code of the jurisdiction that holds *all* of ``countries``, or None.

    The country alone decides. A place code says nothing: OVH's ``eu-west-eri`` stands in the United Kingdom.
    A network zone that spans two countries belongs to a jurisdiction only if both countries do.
    """
    wanted = frozenset(countries)
    if not wanted:
        return None
    for jurisdiction in jurisdictions:
        if wanted <= jurisdiction.countries:
            return jurisdiction.code
    return None
