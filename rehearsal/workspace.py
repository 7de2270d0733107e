"""The `.rehearsal/` directory beside a project's Pulumi.yaml: everything a rehearsal writes is in there."""

import os
import secrets
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from rehearsal.engine.locate import SHIM_MARK
from rehearsal.errors import WorkspaceError

__all__ = ["Workspace", "project_directory"]

_FREE_BYTES = 64 * 1024 * 1024
"""Less free space than this and the engine would fail halfway through, retrying for minutes."""

_PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")


def project_directory(start: Path) -> Path | None:
    """The nearest directory from `start` upwards that holds a Pulumi.yaml."""
    for directory in (start, *start.parents):
        if any((directory / name).is_file() for name in _PROJECT_FILES):
            return directory
    return None


@dataclass(frozen=True)
class Workspace:
    """Paths of one rehearsal."""

    root: Path

    @property
    def bin(self) -> Path:
        """First on PATH: the `pulumi` shim."""
        return self.root / "bin"

    @property
    def home(self) -> Path:
        """The engine's PULUMI_HOME, so that the user's own log-ins and selections stay untouched."""
        return self.root / "home"

    @property
    def policy_runtime(self) -> Path:
        """What the engine starts to run a policy pack in Python, found among its installed plugins."""
        return self.home / "plugins" / "analyzer-policy-python-v1.0.0" / "pulumi-analyzer-policy-python"

    @property
    def state(self) -> Path:
        """The local file backend."""
        return self.root / "state"

    @property
    def cloud(self) -> Path:
        """The twin clouds' SQLite file."""
        return self.root / "cloud.sqlite"

    @property
    def stack_files(self) -> Path:
        """Copies of the stacks' YAML with the encryption salt, so that none lands in a tracked file."""
        return self.root / "config"

    @property
    def locks(self) -> Path:
        """Made-up lock files."""
        return self.root / "locks"

    @property
    def passphrase(self) -> Path:
        """The passphrase that encrypts secrets in the rehearsal's state."""
        return self.root / "passphrase"

    def prepare(self) -> None:
        """Create what is missing.

        Raises:
            WorkspaceError: the directory cannot be written.
        """
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for directory in (self.bin, self.home, self.state, self.stack_files, self.locks):
                directory.mkdir(exist_ok=True)
            free = shutil.disk_usage(self.root).free
            if free < _FREE_BYTES:
                raise WorkspaceError(
                    f"only {free // 1024**2} MiB are free for {self.root}, and a rehearsal needs "
                    f"{_FREE_BYTES // 1024**2}: free some disk space, or choose another one with --workspace."
                )
            _write(self.root / ".gitignore", "*\n")
            if not self.passphrase.exists():
                _write(self.passphrase, secrets.token_hex(16), mode=0o600)
            self.policy_runtime.parent.mkdir(parents=True, exist_ok=True)
            _write(self.bin / "pulumi", _starter("rehearsal.shim"), mode=0o755)
            _write(self.policy_runtime, _starter("rehearsal.language.policy"), mode=0o755)
        except OSError as error:
            raise WorkspaceError(
                f"cannot write {error.filename or self.root}: {error.strerror}. A rehearsal keeps its state "
                "there: make it writable, free some disk space, or choose another place with --workspace."
            ) from error


def _starter(module: str) -> str:
    return f'#!/bin/sh\n{SHIM_MARK}\nexec "{sys.executable}" -P -m {module} "$@"\n'


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a small file whole, and only when it differs: several rehearsals may start at once."""
    if path.exists() and path.read_text() == text:
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text)
    unfinished.chmod(mode)
    unfinished.replace(path)
