"""What the gate finds: broken rules, and reasons why a run says nothing about the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from policies.rule import load_rules

__all__ = ["GATE_CHECKS", "Description", "Finding", "Level", "descriptions"]


class Level(StrEnum):
    """Whether a finding fails the gate. The words are those of SARIF."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the gate reports."""

    rule: str
    """Id of a rule, or of one of the gate's own checks."""
    level: Level
    message: str
    """Several lines, as the policies render them. Holds no secret value."""
    urn: str = ""
    """The resource; empty if the finding is about the run."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a report says about a rule itself."""

    id: str
    family: str
    title: str
    why: str
    fix: str
    severity: str
    """low, medium, high or critical."""
    advisory: bool = False


_GATE: Final = "gate"

GATE_CHECKS: Final[Mapping[str, Description]] = MappingProxyType(
    {
        check.id: check
        for check in (
            Description(
                "gate-arguments",
                _GATE,
                "The gate judges the whole stack, with every rule",
                "Targets leave resources out, and every engine flag can be set by a PULUMI_OPTION_ variable.",
                "Take the argument or the variable away.",
                "critical",
            ),
            Description(
                "gate-pack",
                _GATE,
                "The policy pack ran, with every rule, on every resource",
                "A pack that did not run, or ran without a rule, finds nothing wrong.",
                "Run the gate from the project's own checkout; the message says what is missing.",
                "critical",
            ),
            Description(
                "gate-policy-crash",
                _GATE,
                "Every rule came to a verdict",
                "The engine turns a rule that trips over an unknown value into a warning and goes on.",
                "Report it: the rule must say that the value is unknown.",
                "critical",
            ),
            Description(
                "gate-incomplete",
                _GATE,
                "The preview is complete",
                "A chart with unknown values registers no resource, so no rule sees what it would create.",
                "Give the chart known values, or declare its resources one by one.",
                "critical",
            ),
            Description(
                "gate-engine",
                _GATE,
                "The engine came to the end without an error",
                "After an error the rest of the program is not shown to any rule.",
                "Mend the error that the engine names and run the gate again.",
                "high",
            ),
            Description(
                "gate-read",
                _GATE,
                "No resource is only read",
                "The engine shows no rule what a program reads with get() or a stack reference.",
                "After the update judge the state: python -m operations.gate --stack <stack> --analyze",
                "medium",
                advisory=True,
            ),
        )
    }
)
"""The gate's own checks by id: reasons to trust a verdict, each with the hole it closes."""


def descriptions() -> tuple[Description, ...]:
    """Return every rule and every check of the gate, sorted by id."""
    rules = (
        Description(
            rule.id,
            rule.family.value,
            rule.title,
            rule.why,
            rule.fix,
            rule.severity.value,
            rule.advisory,
        )
        for rule in load_rules()
    )
    return tuple(sorted((*rules, *GATE_CHECKS.values()), key=lambda each: each.id))
