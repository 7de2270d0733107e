"""Every stack says to which jurisdiction it belongs."""

from __future__ import annotations

from collections.abc import Iterator

from policies.facts import Resource
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._residency import LAW, REFERENCES, STACK_TYPE
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "residency-jurisdiction"
_NO_EXCEPTION = "none. A stack that belongs nowhere has no right place for anything"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is not None or resource.type != STACK_TYPE:
        return
    codes = ", ".join(sorted(context.catalog.jurisdictions))
    stated = context.stated_jurisdiction
    found = (
        "sovereign:jurisdiction is not set"
        if stated is None
        else "sovereign:jurisdiction names no jurisdiction"
    )
    yield Violation(
        _ID,
        resource.urn,
        resource.type,
        resource.name,
        found=f"{found}, so no rule can tell a right place from a wrong one",
        allowed=f"one of {codes}, spelt exactly",
        fix="run: pulumi config set sovereign:jurisdiction eu (or another allowed code)",
        exception=_NO_EXCEPTION,
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="Every stack says to which jurisdiction it belongs",
    why="Without a jurisdiction there is no wrong place; a stack that does not say may not be deployed.",
    law=LAW,
    source="catalog/data/jurisdictions.yaml, each row with its source",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Set sovereign:jurisdiction in the stack's configuration.",
    exception=_NO_EXCEPTION,
    check=_check,
)
