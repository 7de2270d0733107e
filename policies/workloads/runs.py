"""What a command starts: its commands, the files among them, and what of it nobody can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from policies.workloads.command_line import Token

__all__ = ["MAYBE", "FileRun", "Runs"]

MAYBE: Final = "maybe"
"""In place of an interpreter: the entry point of the image gets the file and may run it."""


@dataclass(frozen=True, slots=True)
class FileRun:
    """A file that a command runs, given by its path."""

    path: str
    interpreter: str
    """``sh``, ``python``, ``other``; ``MAYBE`` if the image's entry point gets the file and may run it; an
    empty text if the file is run itself.
    """
    arguments: tuple[Token, ...] = ()
    prefix: tuple[Token, ...] = ()
    """Wrappers and assignments before it."""
    from_script: str | None = None
    """The text of the script that runs it, or None if the container does."""


@dataclass(slots=True)
class Runs:
    """What a command starts."""

    problems: list[str] = field(default_factory=list[str])
    files: list[FileRun] = field(default_factory=list[FileRun])
    commands: list[tuple[Token, ...]] = field(default_factory=list[tuple[Token, ...]])
    """Every command found, launchers and all."""
