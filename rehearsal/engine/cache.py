"""The user's cache directory: what is built once and kept, each entry complete or absent."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from rehearsal.errors import EngineError

__all__ = ["cache_directory", "exclusive", "moved_into_place"]


def cache_directory() -> Path:
    """`$XDG_CACHE_HOME/sovereign`, by default `~/.cache/sovereign`; created when missing.

    Raises:
        EngineError: it cannot be created.
    """
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    directory = Path(base) / "sovereign"
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(
            f"cannot create the cache directory {directory}: {error.strerror}. "
            "Make it writable or set XDG_CACHE_HOME to a directory that is."
        ) from error
    return directory


@contextmanager
def exclusive(name: str) -> Generator[None]:
    """Hold the cache's lock `name`, so that two processes never build the same thing at once."""
    with (cache_directory() / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def moved_into_place(destination: Path) -> Generator[Path]:
    """A scratch directory that becomes `destination` when the body succeeds and vanishes when it fails."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{destination.name}-", dir=destination.parent))
    try:
        yield scratch
        if destination.exists():
            shutil.rmtree(destination)
        scratch.chmod(0o755)
        scratch.rename(destination)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
