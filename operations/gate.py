"""`python -m operations.gate --stack eu`: may this stack be updated?

Runs a preview with the policy pack, or judges a state, and ends with 0 (it may), 1 (it breaks a rule) or 2
(there is no verdict: the pack did not run, the engine failed, an argument would leave something out).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer

from operations.engine_events import Run
from operations.findings import GATE_CHECKS, Finding, Level, descriptions
from operations.junit import render_junit
from operations.locations import Location, Locations
from operations.pulumi import PACK_DIRECTORY, EngineError, Outcome, analyze, preview, stack_of_state
from operations.refusals import refused
from operations.sarif import render_sarif
from operations.verdict import Expected, findings_of, said_by_guard
from policies.rule import Family, load_rules

__all__ = ["main"]

PASSED: Final = 0
BROKEN: Final = 1
NO_VERDICT: Final = 2


# Without typer's own tracebacks: they print local variables, secrets among them.
_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@_app.command()
def run(
    extra: Annotated[
        list[str] | None, typer.Argument(help="Arguments for pulumi preview, after --.", show_default=False)
    ] = None,
    stack: Annotated[str | None, typer.Option(help="Which stack.", show_default=False)] = None,
    state: Annotated[
        Path | None, typer.Option(help="Judge this state file, from pulumi stack export.", show_default=False)
    ] = None,
    analyze_state: Annotated[
        bool, typer.Option("--analyze", help="Judge what the backend holds of the stack; preview nothing.")
    ] = False,
    report_dir: Annotated[
        Path | None,
        typer.Option(help="Write policies-<stack>.sarif and policies-<stack>.xml here.", show_default=False),
    ] = None,
) -> None:
    """Judge a stack before it is updated, or a state afterwards."""
    project = Path.cwd()
    arguments = extra or []
    try:
        name = _name_of(stack, state)
        findings, outcome = _judge(
            name, project, state, arguments, of_state=analyze_state or state is not None
        )
    except EngineError as error:
        print(f"gate: {error}", file=sys.stderr)
        sys.exit(NO_VERDICT)
    if report_dir is not None:
        _write_reports(report_dir, name, findings, _locations(name, project, outcome))
    _tell(name, findings, outcome)
    sys.exit(_status(findings))


def _name_of(stack: str | None, state: Path | None) -> str:
    """Return the stack to judge. A state file belongs to one, and no other may lend it a jurisdiction."""
    if state is None:
        if stack is None:
            message = "say which: --stack <stack>, or --state <file>"
            raise EngineError(message)
        return stack
    owner = stack_of_state(state)
    if stack not in {None, owner}:
        message = f"{state} is of the stack {owner}, not of {stack}"
        raise EngineError(message)
    return owner


def _judge(
    stack: str, project: Path, state: Path | None, arguments: Sequence[str], *, of_state: bool
) -> tuple[tuple[Finding, ...], Outcome]:
    nothing = Outcome(Run(), ())
    refusals = tuple(refused(arguments, os.environ))
    if refusals:
        return refusals, nothing
    if of_state:
        if arguments:
            message = "a state is judged as it is: take the arguments after -- away"
            raise EngineError(message)
        outcome = analyze(stack, project, state)
    else:
        outcome = preview(stack, project, arguments)
    return findings_of(outcome.run, Expected.every_rule(tells_verdicts=not of_state)), outcome


def _status(findings: Sequence[Finding]) -> int:
    errors = {each.rule for each in findings if each.level is Level.ERROR}
    if not errors:
        return PASSED
    return BROKEN if errors - set(GATE_CHECKS) else NO_VERDICT


def _locations(stack: str, project: Path, outcome: Outcome) -> Locations:
    about_file: dict[str, Location] = {}
    acceptances = PACK_DIRECTORY / "acceptances.yaml"
    if acceptances.is_relative_to(project):
        place = Location(acceptances.relative_to(project).as_posix())
        about_file = {rule.id: place for rule in load_rules() if rule.family is Family.ACCEPTANCES}
    return Locations(Location(f"Pulumi.{stack}.yaml"), Locations.lines(outcome.states, project), about_file)


def _write_reports(directory: Path, stack: str, findings: Sequence[Finding], locations: Locations) -> None:
    rules = descriptions()
    directory.mkdir(parents=True, exist_ok=True)
    sarif = render_sarif(findings, rules, locations, version("sovereign"))
    (directory / f"policies-{stack}.sarif").write_text(sarif, encoding="utf-8")
    junit = render_junit(findings, rules, locations, f"policies of stack {stack}")
    (directory / f"policies-{stack}.xml").write_text(junit, encoding="utf-8")


def _tell(stack: str, findings: Sequence[Finding], outcome: Outcome) -> None:
    """Print what a person must know; the engine's own display is switched off."""
    for diagnostic in outcome.run.diagnostics:
        if diagnostic.severity == "warning" and not said_by_guard(diagnostic.message):
            print(f"warning: {diagnostic.message}")
    for finding in findings:
        mark = "refused" if finding.level is Level.ERROR else "note"
        print(f"{mark}: {finding.rule}\n  " + finding.message.replace("\n", "\n  "))
    errors = sum(each.level is Level.ERROR for each in findings)
    notes = len(findings) - errors
    seen = f"{len(outcome.run.judged)} resources, " if outcome.run.judged else ""
    verdict = {PASSED: "may be updated", BROKEN: "refused", NO_VERDICT: "no verdict, so refused"}
    print(f"gate: stack {stack}: {verdict[_status(findings)]} ({seen}{errors} errors, {notes} notes)")


def main() -> None:
    """Entry point."""
    _app()


if __name__ == "__main__":
    main()
