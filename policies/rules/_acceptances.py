"""How an acceptance reads in a report, for the rules and the guard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from policies.acceptances import WARNING_DAYS, Acceptance
from policies.rule import Context

__all__ = ["described", "ending", "in_force"]


def in_force(context: Context) -> Iterator[Acceptance]:
    """Yield the acceptances that hold today in the stack's jurisdiction, the one that ends first first."""
    holding = (
        each
        for each in context.acceptances
        if each.jurisdiction == context.jurisdiction and each.problem_on(context.today) is None
    )
    yield from sorted(holding, key=lambda each: (each.expires, each.rule, str(each.subject)))


def described(acceptance: Acceptance) -> str:
    """Return one line: what is accepted, who answers for it, why, where to read it, until when."""
    return (
        f"{acceptance.rule} is accepted for {acceptance.subject} in {acceptance.jurisdiction} by "
        f"{acceptance.owner} until {acceptance.expires.isoformat()} "
        f"({acceptance.ticket}: {acceptance.reason})"
    )


def ending(acceptance: Acceptance, today: date) -> str:
    """Return how soon it ends, if that is within ``WARNING_DAYS``; else an empty text."""
    left = acceptance.days_left(today)
    if left > WARNING_DAYS:
        return ""
    if left == 0:
        return "ends today"
    return f"ends in {left} day{'s' if left > 1 else ''}"
