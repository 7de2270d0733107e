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
    return _on_path() or Engine(built(PULUMI), PULUMI.version.removeprefix("v"), "built")
