"""Finding the lock that the pack holds a stack to.

A program of our own hands its lock to the guard. The pack runs in a process of its own, so it looks: beside
itself, in ``locks/``, and in a rehearsal also in its workspace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catalog import Lock, LockError, how_to_lock, load_lock

__all__ = ["StackLock", "is_own", "lock_of", "missing"]

_OWN_PROJECT: Final = "sovereign"
"""Name of our own Pulumi project. Its stacks run nothing without a lock; other projects need none."""

_OWN_SETTING: Final = "cloud"
"""A setting that our program cannot do without. It stays what it is when somebody renames the project."""

_BESIDE_THE_PACK: Final = Path(__file__).parent.parent / "locks"


@dataclass(frozen=True, slots=True)
class StackLock:
    """What a stack may run."""

    lock: Lock | None = None
    problem: str = ""
    """Why a lock that should be there is not, or cannot be used; one line, or empty."""


def missing(stack: str, *, rehearsal: bool) -> str:
    """Return the problem of a stack that has no lock and needs one."""
    return f"there is no lock of the stack {stack} yet. {how_to_lock(stack, rehearsal=rehearsal)}"


def is_own(project: str, setting: Callable[[str], str | None]) -> bool:
    """Return True for a stack of our own program, under whichever name.

    ``setting`` returns what a key of the namespace ``sovereign`` says, or None.
    """
    return project == _OWN_PROJECT or setting(_OWN_SETTING) is not None


def lock_of(
    stack: str,
    jurisdiction: str | None,
    workspace: Path | None,
    directory: Path = _BESIDE_THE_PACK,
) -> StackLock:
    """Return the lock of a stack of ours, as far as the pack can see one.

    Args:
        stack: name of the stack.
        jurisdiction: the stack's own; a lock of another one cannot be used.
        workspace: of the rehearsal, or None outside one: then a made-up lock cannot be used.
        directory: where real locks lie.
    """
    folders = [directory, *([workspace / "locks"] if workspace else [])]
    path = next((each for folder in folders if (each := folder / f"{stack}.yaml").is_file()), None)
    if path is None:
        return StackLock(problem=missing(stack, rehearsal=workspace is not None))
    try:
        lock = load_lock(path)
    except LockError as error:
        return StackLock(problem="its lock cannot be read: " + " ".join(str(error).split()))
    reasons = lock.mismatches(stack, jurisdiction, rehearsal=workspace is not None)
    if reasons:
        return StackLock(problem="its lock cannot be used here: " + "; ".join(reasons))
    return StackLock(lock)
