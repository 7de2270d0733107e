"""A resource that stands where its parent stands has a parent in this stack."""

from __future__ import annotations

from collections.abc import Iterator

from policies.facts import StackFacts
from policies.locality import load_locality, unresolved_parents
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, SOURCE, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "residency-parent"


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    tables = load_locality()
    by_urn = stack.by_urn()
    for resource in stack.asked:
        table = tables.cloud_of(resource.package)
        locality = table.types.get(resource.type) if table else None
        if locality is None or not locality.parents:
            continue
        for name, parent_types in unresolved_parents(resource, locality, by_urn):
            own = " or ".join(f"`{path}`" for path in locality.place)
            yield violation(
                _ID,
                resource,
                found=f"`{name}` names a parent that this stack does not declare, so it proves no place",
                allowed=f"`{name}` taken from a {' or '.join(parent_types)} of this stack",
                fix="declare or import the parent in this stack and pass its id"
                + (f", or set {own} on the resource" if own else ""),
            )


RULE = StackRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="A resource that stands where its parent stands has its parent in this stack",
    why="An id written out by hand may be of a cluster in any country; an id says nothing about a place.",
    law=LAW,
    source=SOURCE,
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Declare or import the parent in this stack and pass its id.",
    exception=NO_EXCEPTION,
    check=_check,
)
