"""The policy pack: every rule as a mandatory CrossGuard policy, whose name is the rule's id.

``policies/__main__.py`` starts it. Building a ``PolicyPack`` never returns, so everything else lives here,
where tests can import it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import pulumi
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.context import build_context, in_rehearsal
from policies.crossguard import resource_facts, stack_facts
from policies.rule import Context, ResourceRule, Rule, StackRule, load_rules
from policies.violations import Violation, render

__all__ = ["CONFIG_KEY", "PACK_NAME", "build_policies"]

PACK_NAME: Final = "sovereign"
CONFIG_NAMESPACE: Final = "sovereign"
CONFIG_KEY: Final = "jurisdiction"

_SEVERITIES: Final = {
    "low": Severity.LOW,
    "medium": Severity.MEDIUM,
    "high": Severity.HIGH,
    "critical": Severity.CRITICAL,
}


def build_policies(rules: Sequence[Rule] | None = None) -> list[Policy]:
    """Return one policy for each rule, mandatory unless the rule only informs; by default for every rule."""
    chosen = load_rules() if rules is None else rules
    return [_policy(rule) for rule in chosen]


def _policy(rule: Rule) -> Policy:
    shared: dict[str, Any] = {
        "name": rule.id,
        "description": rule.title,
        "enforcement_level": EnforcementLevel.ADVISORY if rule.advisory else EnforcementLevel.MANDATORY,
        "severity": _SEVERITIES[rule.severity.value],
        "tags": [rule.family.value],
        "remediation_steps": rule.fix,
    }
    if isinstance(rule, ResourceRule):
        return ResourceValidationPolicy(validate=_resource_check(rule), **shared)
    return StackValidationPolicy(validate=_stack_check(rule), **shared)


def _resource_check(rule: ResourceRule) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        _report(rule.check(resource_facts(args), _context()), report)

    return validate


def _stack_check(rule: StackRule) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        _report(rule.check(stack_facts(args), _context()), report)

    return validate


def _report(violations: Iterable[Violation], report: ReportViolation) -> None:
    for violation in violations:
        report(render(violation), violation.urn)


def _context() -> Context:
    """Return the context of this call; the engine hands the stack's configuration over with each one."""
    stated = pulumi.Config(CONFIG_NAMESPACE).get(CONFIG_KEY)
    return build_context(stated, rehearsal=in_rehearsal())
