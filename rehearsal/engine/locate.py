"""Which `pulumi` a rehearsal drives."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rehearsal.engine.build import built
from rehearsal.engine.tools import PULUMI

__all__ = ["MINIMUM_VERSION", "Engine", "find_engine"]

MINIMUM_VERSION = (3, 249, 0)
"""Oldest engine with everything a rehearsal leans on, `pulumi policy analyze` among it."""

SHIM_MARK = "# sovereign rehearsal shim"
"""Second line of our own `pulumi` script, so that a nested rehearsal never takes it for the engine."""


@dataclass(frozen=True)
class Engine:
    """A usable engine binary."""

    path: Path
    version: str
    """Without a leading `v`, for example `3.253.0`."""
    origin: str
    """`PATH` or `built`."""


def _version(binary: str) -> tuple[str, tuple[int, int, int]] | None:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        said = subprocess.run(
            [binary, "version"], capture_output=True, text=True, check=False, timeout=60, env=environment
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"v?((\d+)\.(\d+)\.(\d+)\S*)", said)
    return (found[1], (int(found[2]), int(found[3]), int(found[4]))) if found else None


def _is_shim(candidate: Path) -> bool:
    with candidate.open("rb") as handle:
        return SHIM_MARK.encode() in handle.read(200)


def _on_path() -> Engine | None:
    for directory in os.environ.get("PATH", "").split(os.pathsep):
        candidate = Path(directory or ".") / "pulumi"
        if not (candidate.is_file() and os.access(candidate, os.X_OK)) or _is_shim(candidate):
            continue
        reported = _version(str(candidate))
        if reported and reported[1] >= MINIMUM_VERSION:
            return Engine(candidate.resolve(), reported[0], "PATH")
    return None


def find_engine() -> Engine:
    """The engine on PATH when it is 3.249 or later, else the pinned one, built on first use.

    Raises:
        EngineError: it has to be built and that fails.
    """
    return _on_path() or Engine(_with_language_mark(built(PULUMI)), PULUMI.version.removeprefix("v"), "built")


def _with_language_mark(engine: Path) -> Path:
    """Put a `pulumi-language-python` beside a built engine, as an installed one has it.

    The engine looks for the file to decide that policy packs run through the language runtime, and then
    attaches to ours without ever starting it.
    """
    mark = engine.with_name("pulumi-language-python")
    if not mark.exists():
        unfinished = mark.with_name(f".{mark.name}.{os.getpid()}")
        unfinished.write_text("#!/bin/sh\necho 'start Python programs through rehearse' >&2\nexit 1\n")
        unfinished.chmod(0o755)
        unfinished.replace(mark)
    return engine
