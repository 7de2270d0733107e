"""The policy pack: every rule as a mandatory CrossGuard policy, whose name is the rule's id.

``policies/__main__.py`` starts it. Building a ``PolicyPack`` never returns, so everything else lives here,
where tests can import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NoReturn

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

from policies.context import CONFIG_NAMESPACE, build_context, in_rehearsal, lock_of_stack, locks_of_sites
from policies.default_providers import open_defaults
from policies.locks import StackLock, is_own
from policies.rule import Context, ResourceRule, Rule, StackRule, load_rules
from policies.sites import declared_sites

__all__ = [
    "CONFIG_KEY",
    "PACK_NAME",
    "ResourceRulePolicy",
    "StackRulePolicy",
    "build_policies",
    "run_context",
]

PACK_NAME: Final = "sovereign"
CONFIG_KEY: Final = "jurisdiction"
REGISTRY_KEY: Final = "registry"
ENGINE_NAMESPACE: Final = "pulumi"
DISABLED_DEFAULTS: Final = "disable-default-providers"

_WRONG_SERVER: Final = "policies.analyzer.install() must run before the pack is built"

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
        return ResourceRulePolicy(rule, **shared)
    return StackRulePolicy(rule, **shared)


class ResourceRulePolicy(ResourceValidationPolicy):
    """The policy of a rule about one resource; ``policies.evaluation`` asks the rule itself."""

    def __init__(self, rule: ResourceRule, **shared: Any) -> None:
        base: Any = super()
        base.__init__(**shared)
        self.rule = rule

    def validate(self, args: ResourceValidationArgs, report_violation: ReportViolation) -> NoReturn:
        """Refuse to be asked by the SDK's own server, which hides what is unknown and shows what is secret.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(_WRONG_SERVER)


class StackRulePolicy(StackValidationPolicy):
    """The policy of a rule about the stack; ``policies.evaluation`` asks the rule itself."""

    def __init__(self, rule: StackRule, **shared: Any) -> None:
        base: Any = super()
        base.__init__(**shared)
        self.rule = rule

    def validate(self, args: StackValidationArgs, report_violation: ReportViolation) -> NoReturn:
        """Refuse to be asked by the SDK's own server, which hides what is unknown and shows what is secret.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(_WRONG_SERVER)


def run_context() -> Context:
    """Return the context of a run, from the configuration that the engine has handed over."""
    config = pulumi.Config(CONFIG_NAMESPACE)
    stated = config.get(CONFIG_KEY)
    own = is_own(pulumi.get_project(), config.get)
    stack, sites = pulumi.get_stack(), declared_sites(config.get)
    return build_context(
        stated,
        rehearsal=in_rehearsal(),
        registry=config.get(REGISTRY_KEY),
        lock=lock_of_stack(stack, stated) if own else StackLock(),
        sites=sites,
        site_locks=locks_of_sites(stack, stated, sites) if own else (),
        open_defaults=open_defaults(pulumi.Config(ENGINE_NAMESPACE).get(DISABLED_DEFAULTS)),
    )
