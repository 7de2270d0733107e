"""One rehearsal: the twins and the language runtime up, a command run under them, everything down again."""

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from rehearsal.cloud import CloudStore
from rehearsal.engine import Engine, find_engine
from rehearsal.errors import RehearsalError
from rehearsal.language import LanguageServer
from rehearsal.progress import announce
from rehearsal.session_variables import ENGINE_VARIABLE, WORKSPACE_VARIABLE
from rehearsal.twins.selection import twins_for
from rehearsal.twins.server import TwinServer
from rehearsal.workspace import Workspace

__all__ = ["Rehearsal", "rehearsing", "run"]

_DROPPED = ("PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_STACK")


@dataclass(frozen=True)
class Rehearsal:
    """Twins and language runtime that are up, and the environment in which a command meets them."""

    environment: Mapping[str, str]

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """Start a command; `options` are those of `subprocess.Popen`.

        Raises:
            RehearsalError: there is no such command, or it cannot be started.
        """
        variables = dict(self.environment)
        # Looked up on the PATH it will have, not on ours.
        program = shutil.which(command[0], path=variables["PATH"]) or command[0]
        try:
            return subprocess.Popen([program, *command[1:]], env=variables, **options)
        except FileNotFoundError as error:
            raise RehearsalError(
                f"no command {command[0]!r} on PATH; usually it is `rehearse pulumi …`"
            ) from error
        except PermissionError as error:
            raise RehearsalError(f"{command[0]} is not executable") from error


@contextmanager
def rehearsing(
    workspace: Workspace, echoed: Sequence[str] = (), *, quiet: bool = False
) -> Generator[Rehearsal]:
    """Bring a rehearsal up, and down again at the end.

    Args:
        workspace: where state is kept.
        echoed: provider packages without an installed SDK, answered by a plain echo.
        quiet: leave out the first line.

    Raises:
        RehearsalError: it cannot be set up.
    """
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
        yield Rehearsal(_environment(workspace, engine, twins, language))
    finally:
        language.stop()
        twins.stop()
        store.close()


def _environment(
    workspace: Workspace, engine: Engine, twins: TwinServer, language: LanguageServer
) -> dict[str, str]:
    """What the engine and everything under it must find in the environment."""
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
def _signals_left_to(process: subprocess.Popen[Any]) -> Generator[None]:
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
    """Run a command, usually `pulumi …`, under a rehearsal of its own and return its exit status.

    Raises:
        RehearsalError: the rehearsal cannot be set up, or the command cannot be started.
    """
    # What the twins learn of the SDKs stays; see language/program.py.
    gc.set_threshold(100_000, 20, 100)
    with rehearsing(workspace, echoed, quiet=quiet) as rehearsal:
        sys.stdout.flush()
        process = rehearsal.start(command)
        with _signals_left_to(process):
            status = process.wait()
    return status if status >= 0 else 128 - status
