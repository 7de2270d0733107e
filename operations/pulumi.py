"""Runs the engine for the gate: whatever ``pulumi`` is on PATH, so that a rehearsal can stand in."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from catalog.strict_yaml import YamlError, read
from operations.engine_events import EventLogError, Run, read_events
from policies.context import CONFIG_NAMESPACE
from policies.pack import CONFIG_KEY, PACK_NAME

__all__ = ["PACK_DIRECTORY", "EngineError", "Outcome", "analyze", "preview", "stack_of_state"]

PACK_DIRECTORY: Final = Path(__file__).parent.parent / "policies"
"""The pack that belongs to this gate; no other is run."""

_CONFIG_KEY: Final = f"{CONFIG_NAMESPACE}:{CONFIG_KEY}"


class EngineError(Exception):
    """The engine cannot be run, or what it says cannot be understood."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run and the states of the resources in it, for their source lines."""

    run: Run
    states: Sequence[object]


def preview(stack: str, project: Path, arguments: Sequence[str]) -> Outcome:
    """Preview a stack with the pack.

    Raises:
        EngineError: there is no engine, or it wrote no events.
    """
    with tempfile.TemporaryDirectory(prefix="gate-") as scratch:
        events = Path(scratch) / "events.json"
        command = ["preview", "--stack", stack, "--policy-pack", str(PACK_DIRECTORY), *arguments]
        shown = ["--json", "--show-sames", "--show-reads", "--non-interactive"]
        # The flag for events exists only where the engine is told to show its commands for developers.
        extra = {"PULUMI_DEBUG_COMMANDS": "true"}
        digest, status = _pulumi([*command, *shown, "--event-log", str(events)], project, extra)
        if not events.exists():
            message = (
                f"pulumi preview ended with status {status} before it wrote an event; its message is above"
            )
            raise EngineError(message)
        with events.open(encoding="utf-8") as lines:
            run = _read(lines)
    return Outcome(_with_status(run, status), _new_states(digest))


def analyze(stack: str, project: Path, state: Path | None) -> Outcome:
    """Judge a state: a file as ``pulumi stack export`` writes it, or what the backend holds of a stack.

    The engine hands no configuration to the pack here, so the stack's own file is read for it.

    Raises:
        EngineError: there is no engine, no state, nothing in it, or no jurisdiction for it.
    """
    config = _configuration(stack, project)
    exported = _text_of(state) if state is not None else _export(stack, project)
    document, states = _readable(exported)
    if not states:
        message = f"the state of {stack} has no resources, so there is nothing to judge; run pulumi up first"
        raise EngineError(message)
    extra = {
        "PULUMI_CONFIG": json.dumps(config),
        "PULUMI_STACK": stack,
        "PULUMI_PROJECT": next((urn.split("::")[1] for urn in _urns(states)), ""),
    }
    with tempfile.TemporaryDirectory(prefix="gate-") as scratch:
        file = Path(scratch) / "state.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        command = ["policy", "analyze", "--json", "--policy-pack", str(PACK_DIRECTORY), "--file", str(file)]
        output, status = _pulumi(command, project, extra)
    run = _read(line for line in output.splitlines() if line.startswith("{"))
    return Outcome(_with_status(run, status), states)


def _export(stack: str, project: Path) -> str:
    exported, status = _pulumi(["stack", "export", "--stack", stack], project, {})
    if status != 0:
        message = f"pulumi stack export of {stack} ended with status {status}; its message is above"
        raise EngineError(message)
    return exported


def stack_of_state(state: Path) -> str:
    """Return the stack to which every resource of a state file belongs.

    Raises:
        EngineError: the file is no state, or holds several stacks.
    """
    _, resources = _readable(_text_of(state))
    stacks = {urn.split("::")[0].rpartition(":")[2] for urn in _urns(resources)}
    if len(stacks) != 1:
        found = ", ".join(sorted(stacks)) or "none"
        message = f"{state} must hold the resources of one stack; found: {found}"
        raise EngineError(message)
    return stacks.pop()


def _pulumi(arguments: Sequence[str], project: Path, extra: Mapping[str, str]) -> tuple[str, int]:
    """Run the engine; return what it wrote to standard output, and its status. Its errors are let through."""
    variables = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true", **extra}
    try:
        done = subprocess.run(
            ["pulumi", *arguments], cwd=project, env=variables, stdout=subprocess.PIPE, text=True, check=False
        )
    except FileNotFoundError as error:
        message = "there is no pulumi on PATH; in rehearsal run it as `rehearse python -m operations.gate …`"
        raise EngineError(message) from error
    return done.stdout, done.returncode


def _read(lines: Any) -> Run:
    try:
        return read_events(lines, PACK_NAME)
    except (EventLogError, KeyError, TypeError) as error:
        message = (
            f"the engine's events cannot be understood ({error}); this gate knows those of version 3.253"
        )
        raise EngineError(message) from error


def _with_status(run: Run, status: int) -> Run:
    """Let the exit status overrule events that claim success."""
    if status != 0 and run.result == "succeeded":
        run.result = f"status {status}"
    return run


def _new_states(digest: str) -> Sequence[object]:
    """Return the planned states of ``pulumi preview --json``; none if the engine came to no digest."""
    start = digest.find("{")
    try:
        document: object = json.loads(digest[start:]) if start >= 0 else None
    except ValueError:
        return ()
    steps = cast("Mapping[str, Any]", document).get("steps") if isinstance(document, dict) else None
    return [step.get("newState") for step in cast("list[Mapping[str, Any]]", steps or ())]


def _text_of(state: Path) -> str:
    try:
        return state.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"the state {state} cannot be read: {error}"
        raise EngineError(message) from error


def _readable(text: str) -> tuple[Mapping[str, Any], Sequence[dict[str, Any]]]:
    """Return a state and the resources in it, with the inputs of what is only read filled in.

    The engine keeps no inputs of a read resource, and rules about one resource judge inputs: what the cloud
    answered stands in for them.
    """
    try:
        document: object = json.loads(text)
    except ValueError as error:
        message = f"the state is not JSON, as pulumi stack export writes it: {error}"
        raise EngineError(message) from error
    state = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    deployment = state.get("deployment")
    if not isinstance(deployment, dict):
        message = "the state holds no deployment; write it with pulumi stack export"
        raise EngineError(message)
    rows: object = cast("dict[str, Any]", deployment).get("resources") or []
    resources = [cast("dict[str, Any]", row) for row in cast("list[object]", rows) if isinstance(row, dict)]
    for resource in resources:
        if resource.get("external"):
            resource["inputs"] = {**(resource.get("outputs") or {}), **(resource.get("inputs") or {})}
    return state, resources


def _urns(resources: Sequence[Mapping[str, Any]]) -> list[str]:
    urns = (resource.get("urn") for resource in resources)
    return [urn for urn in urns if isinstance(urn, str) and urn.startswith("urn:pulumi:")]


def _configuration(stack: str, project: Path) -> Mapping[str, str]:
    """Return the plain configuration of a stack, as the engine would hand it to a program."""
    path = project / f"Pulumi.{stack}.yaml"
    try:
        document = read(path)
    except (OSError, YamlError, UnicodeDecodeError) as error:
        message = (
            f"{path.name} says to which jurisdiction the stack {stack} belongs, and cannot be read: {error}"
        )
        raise EngineError(message) from error
    rows = cast("Mapping[str, object]", document).get("config") if isinstance(document, dict) else None
    config = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in cast("Mapping[str, object]", rows if isinstance(rows, dict) else {}).items()
        if not (isinstance(value, dict) and "secure" in value)
    }
    if _CONFIG_KEY not in config:
        message = f"{path.name} must set {_CONFIG_KEY}: the state is judged by the stack's own jurisdiction"
        raise EngineError(message)
    return config
