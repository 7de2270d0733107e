"""Whatever is accepted is said aloud on every run, with its owner and its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from policies.acceptances import MAX_DAYS, WARNING_DAYS, Acceptance
from policies.facts import Resource, StackFacts
from policies.rule import Context, Family, ResourceRule, Severity, StackRule, load_rules
from policies.rules._acceptances import LAW, REFERENCES, SOURCE, described, ending, in_force
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "acceptances"
_EXCEPTION = "none is needed: this is the list of the exceptions"


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    root = stack.root
    if context.jurisdiction is None or root is None:
        return
    judged = tuple(_judged(stack))
    for acceptance in in_force(context):
        unused = not _may_be_used(acceptance, stack, judged, context)
        end = ending(acceptance, context.today)
        notes = [*([end] if end else []), *(["nothing in this stack needs it"] if unused else [])]
        yield Violation(
            _ID,
            root.urn,
            root.type,
            root.name,
            found="; ".join([described(acceptance), *notes]),
            allowed=f"an acceptance that something needs, for {MAX_DAYS} days at most",
            fix=_fix(bool(end), unused),
            exception=_EXCEPTION,
        )


def _fix(ends_soon: bool, unused: bool) -> str:
    if unused:
        return "delete the entry from policies/acceptances.yaml"
    if ends_soon:
        return (
            "do without it before that day, or let its owner decide anew: a later `expires` and a new ticket "
            "in policies/acceptances.yaml"
        )
    return "nothing today; delete the entry from policies/acceptances.yaml once nothing needs it"


def _judged(stack: StackFacts) -> Iterator[Resource | None]:
    """Yield each resource as the rules about one resource saw it; None where nobody can tell.

    That is by its inputs. Where these are not kept its outputs have to do, and of a resource whose provider
    is not configured yet the engine has none.
    """
    for each in stack.resources:
        is_blank = stack.inputs is None and each.provider is not None and not each.properties
        yield None if is_blank else stack.judged(each)


def _may_be_used(
    acceptance: Acceptance, stack: StackFacts, judged: Sequence[Resource | None], context: Context
) -> bool:
    """Return False if the rule would say the same without this acceptance."""
    rule = next((rule for rule in load_rules() if rule.id == acceptance.rule), None)
    if rule is None:
        return False
    key = (acceptance.rule, acceptance.subject, acceptance.jurisdiction)
    others = tuple(
        each for each in context.acceptances if (each.rule, each.subject, each.jurisdiction) != key
    )
    without = replace(context, acceptances=others)
    if not isinstance(rule, ResourceRule):
        return set(rule.check(stack, context)) != set(rule.check(stack, without))
    return any(
        each is None or set(rule.check(each, context)) != set(rule.check(each, without)) for each in judged
    )


RULE = StackRule(
    id=_ID,
    family=Family.ACCEPTANCES,
    title="What is accepted is named on every run, with its owner and its end",
    why="An exception that nobody sees stays when its reason is gone.",
    law=LAW,
    source=SOURCE,
    references=REFERENCES,
    severity=Severity.LOW,
    fix=f"Delete what nothing needs; decide anew about what ends within {WARNING_DAYS} days.",
    exception=_EXCEPTION.capitalize() + ".",
    advisory=True,
    check=_check,
)
