"""Decides from a run of the engine what the gate reports. A pure function."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from operations.engine_events import Diagnostic, PolicyReport, Run
from operations.findings import Finding, Level
from policies.pack import PACK_NAME
from policies.rule import ResourceRule, load_rules

__all__ = ["Expected", "findings_of", "said_by_guard"]

_CRASHED: Final = "can't run policy"
_INCOMPLETE: Final = "preview is incomplete"
_FAILED: Final = re.compile(r"(preview|update) failed")
_GUARD: Final = re.compile(
    r"^(?P<message>\S[^\n]*\n  rule:      (?P<rule>\S+)\n  resource:  [^\n]*\n  urn:       (?P<urn>\S+)"
    r"(?:\n  \S[^\n]*)*)",
    re.MULTILINE,
)
_GUARD_ENDS: Final = re.compile(r"violations? of sovereignty rules, each described above")
_LEVELS: Final = {"error": Level.ERROR, "warning": Level.WARNING}
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Expected:
    """Which policies must have come to a verdict."""

    pack: str
    resource_rules: frozenset[str]
    stack_rules: frozenset[str]
    tells_verdicts: bool
    """False for ``pulumi policy analyze``, which says what is broken but not which policies it asked."""

    @classmethod
    def every_rule(cls, *, tells_verdicts: bool) -> Expected:
        """Every rule of this project."""
        rules = load_rules()
        resource_rules = frozenset(rule.id for rule in rules if isinstance(rule, ResourceRule))
        every = frozenset(rule.id for rule in rules)
        return cls(PACK_NAME, resource_rules, every - resource_rules, tells_verdicts)


def findings_of(run: Run, expected: Expected) -> tuple[Finding, ...]:
    """Return what a run shows, errors first, each once."""
    findings = [
        *(_report(each) for each in run.reports),
        *(found for each in run.diagnostics for found in _diagnostic(each)),
    ]
    failed = any(found.level is Level.ERROR for found in findings)
    findings += _doubts_about_pack(run, expected, failed=failed)
    if run.result != "succeeded" and not any(found.level is Level.ERROR for found in findings):
        end = f"the engine's result is {run.result!r}" if run.result else "the engine's events have no end"
        findings.append(_about_run("gate-engine", f"{end}, and no error says why"))
    findings += (
        Finding("gate-read", Level.WARNING, f"{urn} is only read, and no rule has seen it", urn)
        for urn in sorted(run.read)
    )
    unique = {(each.rule, each.urn, _found_line(each.message)): each for each in reversed(findings)}
    return tuple(
        sorted(unique.values(), key=lambda each: (each.level.value, each.rule, each.urn, each.message))
    )


def _report(report: PolicyReport) -> Finding:
    if _CRASHED in report.message and not report.mandatory:
        return Finding("gate-policy-crash", Level.ERROR, f"{report.policy}: {report.message}", report.urn)
    return Finding(
        report.policy, Level.ERROR if report.mandatory else Level.WARNING, report.message, report.urn
    )


def _diagnostic(diagnostic: Diagnostic) -> Iterator[Finding]:
    if _INCOMPLETE in diagnostic.message.lower():
        yield Finding("gate-incomplete", Level.ERROR, diagnostic.message, diagnostic.urn)
    elif diagnostic.severity in _LEVELS and not _FAILED.fullmatch(diagnostic.message):
        level = _LEVELS[diagnostic.severity]
        for each in _GUARD.finditer(diagnostic.message):
            yield Finding(each["rule"], level, each["message"], each["urn"])
        if level is Level.ERROR and not said_by_guard(diagnostic.message):
            yield Finding("gate-engine", level, diagnostic.message, diagnostic.urn)


def said_by_guard(message: str) -> bool:
    """Return True for what the guard inside the program says about rules; it becomes findings."""
    return bool(_GUARD.search(message) or _GUARD_ENDS.search(message))


def _doubts_about_pack(run: Run, expected: Expected, *, failed: bool) -> Iterator[Finding]:
    """Yield why the pack may not have judged everything.

    After an error the engine leaves out what would have come; that is not told again.
    """
    if expected.pack not in run.packs:
        yield _about_run("gate-pack", f"the policy pack {expected.pack} did not run")
        return
    if not expected.tells_verdicts:
        return
    for urn, verdicts in sorted(run.judged.items()):
        if missing := expected.resource_rules - verdicts:
            yield Finding("gate-pack", Level.ERROR, f"not judged by {', '.join(sorted(missing))}", urn)
    if failed:
        return
    if run.stack_judged is None:
        yield _about_run("gate-pack", "the rules about the whole stack did not run")
    elif missing := expected.stack_rules - run.stack_judged:
        yield _about_run("gate-pack", f"the stack was not judged by {', '.join(sorted(missing))}")
    if not run.planned:
        yield _about_run("gate-pack", "the engine planned no resource, so nothing was judged")
    elif unjudged := sorted(run.planned - set(run.judged)):
        more = f" and {len(unjudged) - _SHOWN} more" if len(unjudged) > _SHOWN else ""
        yield _about_run("gate-pack", f"no rule saw {', '.join(unjudged[:_SHOWN])}{more}")


def _about_run(check: str, message: str) -> Finding:
    return Finding(check, Level.ERROR, message)


def _found_line(message: str) -> str:
    """Return what tells two violations of one rule on one resource apart, whoever reports them."""
    return next((line.strip() for line in message.splitlines() if line.startswith("  found:")), message)
