"""What the residency rules share: the texts about exceptions, and the scope of a rule."""

from __future__ import annotations

from typing import Final

from policies.facts import STACK_TYPE, Resource
from policies.violations import Violation
from policies.violations import violation as refusal

__all__ = ["LAW", "NO_EXCEPTION", "REFERENCES", "SOURCE", "STACK_TYPE", "violation"]

LAW: Final = (
    "GDPR Art 44-50 and UK GDPR on transfers: each jurisdiction keeps its own data, keys, logs, state"
)

SOURCE: Final = (
    "catalog/data/places, each row with its source; policies/locality/tables: the installed SDKs, 2026-11-24"
)
REFERENCES: Final = (
    "EU Cloud Sovereignty Framework SOV-2",
    "EU Cloud Sovereignty Framework SOV-3",
    "GDPR Art 44",
    "UK GDPR Chapter V",
)
"""The whole chapter of the UK GDPR: an act of 2025 put other articles in the place of its Article 44."""

NO_EXCEPTION: Final = "none. Residency cannot be accepted: no signature moves data back across a border"


def violation(rule: str, resource: Resource, *, found: str, allowed: str, fix: str) -> Violation:
    """Return a violation that cannot be accepted."""
    return refusal(rule, resource, found=found, allowed=allowed, fix=fix, exception=NO_EXCEPTION)
