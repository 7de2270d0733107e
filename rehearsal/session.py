"""One rehearsal: the twins and the language runtime up, a command run under them, everything down again."""

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from rehearsal.cloud import CloudStore
from rehearsal.engine import Engine, find_engine
from rehearsal.errors import RehearsalError
from rehearsal.language import LanguageServer
from rehearsal.progress import announce
from rehearsal.session_variables import ENGINE_VARIABLE, WORKSPACE_VARIABLE
from rehearsal.twins.selection import twins_for
from rehearsal.twins.server import TwinServer
from rehearsal.workspace import Workspace

__all__ = ["run"]

_DROPPED = ("PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_STACK")


def environment(
    workspace: Workspace, engine: Engine, twins: TwinServer, language: LanguageServer
) -> dict[str, str]:
    """The environment of the command."""
    inherited = {key: value for key, value in os.environ.items() if key not in _DROPPED}
    return {
        **inherited,
        WORKSPACE_VARIABLE: str(workspace.root),
        ENGINE_VARIABLE: str(engine.path),
        "PATH": os.pathsep.join([str(workspace.bin), inherited.get("PATH", os.defpath)]),
        # Without side files: they are written in place, and one that a killed engine left empty makes the
        # state unreadable.
        "PULUMI_BACKEND_URL": f"file://{workspace.state}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": workspace.passphrase.read_text().strip(),
        "PULUMI_DEBUG_LANGUAGES": f"python:{language.port}",
        "PULUMI_DEBUG_PROVIDERS": twins.addresses,
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_HOME": str(workspace.home),
        "PULUMI_OPTION_PRESERVE_CONFIG": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


@contextmanager
def _signals_left_to(process: subprocess.Popen[bytes]) -> Generator[None]:
    """Let ctrl-C reach the command (it is in our process group) and pass a polite end on to it."""

    def pass_on(number: int, frame: FrameType | None) -> None:
        process.send_signal(number)

    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        signal.SIGTERM: signal.signal(signal.SIGTERM, pass_on),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(
    command: Sequence[str], workspace: Workspace, echoed: Sequence[str] = (), *, quiet: bool = False
) -> int:
    """Run a command under a rehearsal and return its exit status.

    Args:
        command: what to run, usually `pulumi …`.
        workspace: where state is kept.
        echoed: provider packages without an installed SDK, answered by a plain echo.
        quiet: leave out the first line.

    Raises:
        RehearsalError: the rehearsal cannot be set up, or the command cannot be started.
    """
    # What the twins learn of the SDKs stays; see language/program.py.
    gc.set_threshold(100_000, 20, 100)
    engine = find_engine()
    workspace.prepare()
    store = CloudStore(workspace.cloud)
    twins = TwinServer(twins_for(store, echoed))
    language = LanguageServer()
    try:
        if not quiet:
            announce(
                f"no cloud account is touched: engine {engine.version}, twins of {', '.join(twins.ports)}; "
                f"state in {workspace.root}"
            )
        return _run(command, environment(workspace, engine, twins, language))
    finally:
        language.stop()
        twins.stop()
        store.close()


def _run(command: Sequence[str], variables: Mapping[str, str]) -> int:
    sys.stdout.flush()
    try:
        process = subprocess.Popen([*_resolved(command, variables)], env=dict(variables))
    except FileNotFoundError as error:
        raise RehearsalError(
            f"no command {command[0]!r} on PATH; usually it is `rehearse pulumi …`"
        ) from error
    except PermissionError as error:
        raise RehearsalError(f"{command[0]} is not executable") from error
    with _signals_left_to(process):
        status = process.wait()
    return status if status >= 0 else 128 - status


def _resolved(command: Sequence[str], variables: Mapping[str, str]) -> list[str]:
    """The command with its first word looked up on the PATH it will have, not on ours."""
    found = shutil.which(command[0], path=variables["PATH"])
    return [found or command[0], *command[1:]]
