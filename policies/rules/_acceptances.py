"""How an acceptance reads in a report, for the rules and the guard, and what these rules rest on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from policies.acceptances import WARNING_DAYS, Acceptance
from policies.rule import Context

__all__ = ["LAW", "REFERENCES", "SOURCE", "described", "ending", "in_force"]

LAW: Final = "A risk that somebody accepts needs an owner, a reason and an end; GDPR Art 5(2) wants it shown"
SOURCE: Final = "policies/acceptances.py, which says how long one may last; GDPR from memory, 2026-11-24"
REFERENCES: Final = ("EU Cloud Sovereignty Framework SOV-7", "GDPR Art 5(2)", "UK GDPR Art 5(2)")


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
