"""No acceptance is expired, malformed, or longer than anybody may accept something."""

from __future__ import annotations

from collections.abc import Iterator

from policies.acceptances import ACCEPTABLE_RULES, MAX_DAYS
from policies.facts import Resource
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._acceptances import LAW, REFERENCES, SOURCE
from policies.rules._residency import STACK_TYPE
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "acceptances-expired"
_EXCEPTION = "none. Somebody must decide anew, or nobody accepts it any more"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or resource.type != STACK_TYPE:
        return
    for problem in context.acceptance_problems:
        yield Violation(
            _ID,
            resource.urn,
            resource.type,
            resource.name,
            found=problem,
            allowed=f"entries with every field, for a rule that can be accepted "
            f"({', '.join(sorted(ACCEPTABLE_RULES))}), ending today or later and within {MAX_DAYS} days",
            fix="in policies/acceptances.yaml, delete the entry if nothing needs it; else mend it, or let "
            "its owner decide anew and give it a later `expires` and a new ticket",
            exception=_EXCEPTION,
        )


RULE = ResourceRule(
    id=_ID,
    family=Family.ACCEPTANCES,
    title="No acceptance is expired, malformed or endless",
    why="An entry that has ended and stays in the file looks like a permission to the next reader.",
    law=LAW,
    source=SOURCE,
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Delete the entry, or let its owner decide anew.",
    exception=_EXCEPTION + ".",
    check=_check,
)
