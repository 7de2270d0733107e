"""What `pulumi` on PATH is during a rehearsal: the real engine, kept away from tracked files.

Before the engine starts it makes the stack when it does not exist yet, hands over a copy of the stack's
YAML, and puts right what a killed engine left behind.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from rehearsal.errors import RehearsalError, StackFileError
from rehearsal.recovery import checkpoint_of, recover
from rehearsal.session_variables import ENGINE_VARIABLE, WORKSPACE_VARIABLE
from rehearsal.stackfile import StackFile, project_name, stack_names
from rehearsal.workspace import Workspace, project_directory

__all__ = ["main"]

_NEEDS_STACK = frozenset(
    {
        "cancel",
        "config",
        "console",
        "destroy",
        "down",
        "import",
        "logs",
        "pre",
        "preview",
        "refresh",
        "stack",
        "state",
    }
    | {"up", "update", "watch"}
)
_WRITES_BESIDE_PROJECT = (["stack", "history"], ["state", "move"])
"""Commands that may write a salt and take no --config-file: they run beside the copy of the stack's YAML."""

_CHANGES_CONFIG = frozenset({"cp", "refresh", "rm", "rm-all", "set", "set-all"})
_VALUE_FLAGS = frozenset(
    {"-C", "--cwd", "-s", "--stack", "--color", "--config-file", "--tracing", "--profiling"}
)


@dataclass
class Call:
    """One `pulumi` command line, as far as the shim must understand it."""

    words: list[str] = field(default_factory=list[str])
    """Words before the first unknown flag's value: the command and its subcommands."""
    stack: str | None = None
    directory: Path = field(default_factory=Path.cwd)
    config_file: bool = False
    help: bool = False


def parse(arguments: Sequence[str]) -> Call:
    """Read the flags the shim acts on; everything else is the engine's business."""
    call = Call()
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            break
        flag, equals, value = argument.partition("=")
        if flag in _VALUE_FLAGS:
            taken = value if equals else next(rest, "")
            if flag in ("-s", "--stack"):
                call.stack = taken
            elif flag in ("-C", "--cwd"):
                call.directory = Path(taken).resolve()
            elif flag == "--config-file":
                call.config_file = True
        elif argument in ("-h", "--help"):
            call.help = True
        elif not argument.startswith("-"):
            call.words.append(argument)
    return call


def _selected(workspace: Workspace, project: Path) -> str | None:
    """The stack chosen by `pulumi stack select`, from the engine's own settings."""
    for file in (workspace.home / "workspaces").glob("*-workspace.json"):
        try:
            settings = json.loads(file.read_text())
        except ValueError:
            continue
        stack = settings.get("stack")
        if isinstance(stack, str) and file.name.startswith(f"{project_name(project)}-"):
            return stack.rsplit("/", 1)[-1]
    return None


def _stack_of(call: Call, workspace: Workspace, project: Path) -> str | None:
    """The stack a command is about: named, selected, or the only one there is."""
    if call.words[:2] in (["stack", "init"], ["stack", "select"]) and len(call.words) > 2:
        named = call.words[2]
    else:
        named = call.stack or _selected(workspace, project)
    if named is None:
        names = stack_names(project)
        named = names[0] if len(names) == 1 else None
    return named.rsplit("/", 1)[-1] if named else None


def _refuse_unknown(project: Path, stack: str) -> None:
    names = stack_names(project)
    if names and stack not in names:
        raise StackFileError(
            f"there is no Pulumi.{stack}.yaml in {project}; stacks here are {', '.join(names)}. "
            f"Name one of them, or write Pulumi.{stack}.yaml first."
        )


def _create(engine: str, file: StackFile) -> None:
    """Let the engine make the stack beside the copy of its YAML, where the salt may be written."""
    file.write_project()
    file.copy.unlink(missing_ok=True)
    argv = [engine, "stack", "init", file.stack, "--non-interactive", "--no-select"]
    result = subprocess.run(
        [*argv, "--cwd", str(file.copy.parent)], capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip()
        raise RehearsalError(f"the engine could not make the stack {file.stack}: {said}")
    file.keep_salt()


def _prepare(engine: str, call: Call, workspace: Workspace, project: Path) -> StackFile | None:
    """Everything that must be in place before the engine runs; the stack file when the call has one."""
    stack = _stack_of(call, workspace, project)
    if stack is None or call.help or not call.words or call.words[0] not in _NEEDS_STACK:
        return None
    file = StackFile(project, stack, workspace)
    making = call.words[:2] == ["stack", "init"]
    name = project_name(project)
    if not making and checkpoint_of(workspace, name, stack) is None:
        _refuse_unknown(project, stack)
        if call.words[:2] not in (["stack", "ls"], ["stack", "rm"]):
            _create(engine, file)
    for key in file.write_copy():
        print(f"rehearse: {key} is encrypted for the real backend; a stand-in is used", file=sys.stderr)
    recover(workspace, name, stack)
    return file


def _refuse_renaming(call: Call) -> None:
    if call.words[:2] in (["stack", "rename"], ["stack", "change-secrets-provider"]):
        raise RehearsalError(
            f"`pulumi {' '.join(call.words[:2])}` would change project files; run it outside a rehearsal"
        )


def _init(engine: str, file: StackFile, project: Path) -> int:
    """`pulumi stack init`, with the salt kept away from the project."""
    if checkpoint_of(file.workspace, project_name(project), file.stack) is not None:
        raise RehearsalError(f"the stack {file.stack} already exists in this rehearsal; select it instead")
    _create(engine, file)
    status = subprocess.call([engine, "stack", "select", file.stack, "-C", str(project)])
    if status == 0:
        print(f"Created stack '{file.stack}'")
    return status


def _main(arguments: list[str]) -> int:
    """The call's exit status; most calls never return, since the engine takes this process's place."""
    engine = os.environ[ENGINE_VARIABLE]
    workspace = Workspace(Path(os.environ[WORKSPACE_VARIABLE]))
    call = parse(arguments)
    project = project_directory(call.directory)
    if project is not None and call.words:
        _refuse_renaming(call)
        file = _prepare(engine, call, workspace, project)
        if file is not None and call.words[:2] == ["stack", "init"]:
            return _init(engine, file, project)
        if file is not None and call.words[:2] in _WRITES_BESIDE_PROJECT:
            file.write_project()
            return _become(engine, [*arguments, "--cwd", str(file.copy.parent)])
        if file is not None and not call.config_file:
            os.environ["PULUMI_OPTION_CONFIG_FILE"] = str(file.copy)
            if call.words[0] == "config" and len(call.words) > 1 and call.words[1] in _CHANGES_CONFIG:
                status = subprocess.call([engine, *arguments])
                if status == 0:
                    file.take_back()
                return status
    if project is not None and call.words[:2] == ["policy", "analyze"]:
        _configure_analysis(call, workspace, project)
    return _become(engine, arguments)


def _configure_analysis(call: Call, workspace: Workspace, project: Path) -> None:
    """Hand the stack's configuration to packs that judge a finished state.

    `pulumi policy analyze` starts packs without any; the SDK reads this variable, which the engine sets in a
    preview.
    """
    stack = _stack_of(call, workspace, project)
    if stack is not None:
        file = StackFile(project, stack, workspace)
        file.write_copy()
        os.environ["PULUMI_CONFIG"] = json.dumps(file.plain_values())


def _become(engine: str, arguments: Sequence[str]) -> NoReturn:
    os.execv(engine, ["pulumi", *arguments])


def main() -> None:
    """Stand in for `pulumi`; on a mistake print one message and exit with status 1."""
    try:
        status = _main(sys.argv[1:])
    except RehearsalError as error:
        print(f"rehearse: {error}", file=sys.stderr)
        status = 1
    except OSError as error:
        print(f"rehearse: {error.filename or ''}: {error.strerror}", file=sys.stderr)
        status = 1
    sys.exit(status)


if __name__ == "__main__":
    main()
