"""Reads the events of an engine run: ``pulumi preview --event-log`` and ``pulumi policy analyze --json``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

__all__ = ["Diagnostic", "EventLogError", "PolicyReport", "Run", "read_events"]

_JUDGED_OPS: Final = frozenset(
    {"create", "same", "update", "replace", "create-replacement", "import", "import-replacement"}
)
_READ_OPS: Final = frozenset({"read", "read-replacement"})


class EventLogError(Exception):
    """What should be the engine's events cannot be read."""


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """What one policy says."""

    policy: str
    pack: str
    urn: str
    message: str
    mandatory: bool


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What the engine, a provider or the program says."""

    severity: str
    """``info``, ``info#err``, ``warning`` or ``error``; debug lines are left out."""
    urn: str
    message: str


@dataclass(slots=True)
class Run:
    """One run of the engine, as its events tell it."""

    reports: list[PolicyReport] = field(default_factory=list[PolicyReport])
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    packs: set[str] = field(default_factory=set[str])
    """Names of the packs that the engine says it ran."""
    judged: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """For each URN the policies of the pack in question that came to a verdict on it."""
    stack_judged: set[str] | None = None
    """The stack policies that came to a verdict; None if they did not run."""
    planned: set[str] = field(default_factory=set[str])
    """URNs of what the engine would create, change or keep."""
    read: set[str] = field(default_factory=set[str])
    """URNs of what the program only reads."""
    result: str = ""
    """``succeeded``, ``failed`` or ``canceled``; empty if the run has no end."""


def read_events(lines: Iterable[str], pack: str) -> Run:
    """Return a run from its events, a JSON object a line.

    ``pack`` names the policy pack whose verdicts count.

    Raises:
        EventLogError: a line is not an event.
    """
    run = Run()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event: object = json.loads(line)
        except ValueError as error:
            message = f"line {number} of the engine's events is not JSON"
            raise EventLogError(message) from error
        if not isinstance(event, dict):
            message = f"line {number} of the engine's events is not an object"
            raise EventLogError(message)
        _take(run, cast("Mapping[str, Any]", event), pack)
    return run


def _take(run: Run, event: Mapping[str, Any], pack: str) -> None:
    if body := event.get("policyEvent"):
        run.reports.append(
            PolicyReport(
                body["policyName"],
                body["policyPackName"],
                body.get("resourceUrn", ""),
                body["message"].rstrip(),
                body["enforcementLevel"] == "mandatory",
            )
        )
    elif body := event.get("diagnosticEvent"):
        if body["severity"] != "debug" and not body.get("ephemeral"):
            run.diagnostics.append(
                Diagnostic(body["severity"], body.get("urn", ""), body["message"].rstrip())
            )
    elif body := event.get("policyAnalyzeSummaryEvent"):
        if body["policyPackName"] == pack:
            run.judged.setdefault(body["resourceUrn"], set()).update(_verdicts(body))
    elif body := event.get("policyAnalyzeStackSummaryEvent"):
        if body["policyPackName"] == pack:
            run.stack_judged = (run.stack_judged or set()) | _verdicts(body)
    elif body := event.get("resourcePreEvent"):
        operation, urn = body["metadata"]["op"], body["metadata"]["urn"]
        if operation in _JUDGED_OPS:
            run.planned.add(urn)
        elif operation in _READ_OPS:
            run.read.add(urn)
    elif body := event.get("summaryEvent"):
        run.result = body.get("result", "")
        packs: Mapping[str, str] = body.get("PolicyPacks") or {}
        run.packs.update(name.partition("|")[0] for name in packs)


def _verdicts(body: Mapping[str, Any]) -> set[str]:
    return {*(body.get("passed") or ()), *(body.get("failed") or ())}
