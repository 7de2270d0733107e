"""Builds the context of a run: clock, environment and files are read for the rules here, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Final

from catalog import load_catalog
from policies.acceptances import Acceptances, load_acceptances
from policies.rule import Context

__all__ = ["REHEARSAL_VARIABLE", "build_context", "in_rehearsal"]

REHEARSAL_VARIABLE: Final = "SOVEREIGN_REHEARSAL"
"""Set to the workspace path while local stand-ins play the clouds."""


def in_rehearsal(environment: Mapping[str, str] = os.environ) -> bool:
    """Return True if this process runs in a rehearsal."""
    return bool(environment.get(REHEARSAL_VARIABLE))


@cache
def _acceptances_on(day: date) -> Acceptances:
    """Read the file once a day: a pack asks for every rule and every resource."""
    return load_acceptances(day)


def build_context(stated_jurisdiction: str | None, *, rehearsal: bool, today: date | None = None) -> Context:
    """Return the context for a stack whose configuration states a jurisdiction, or states none.

    ``today`` is the day on which acceptances are judged; by default the present day in UTC.

    Raises:
        catalog.CatalogError: the catalogue itself is wrong.
    """
    catalog = load_catalog()
    day = today or datetime.now(UTC).date()
    acceptances = _acceptances_on(day)
    return Context(
        jurisdiction=stated_jurisdiction if stated_jurisdiction in catalog.jurisdictions else None,
        catalog=catalog,
        today=day,
        rehearsal=rehearsal,
        acceptances=acceptances.live,
        acceptance_problems=acceptances.problems,
        stated_jurisdiction=stated_jurisdiction,
    )
