"""Finding the lock of a stack, and refusing one that is not its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from catalog import Lock, how_to_lock, load_lock
from policies.rehearsal import rehearsal_workspace

__all__ = ["FoundLock", "LockRefusedError", "find_lock", "rehearsal_workspace"]


class LockRefusedError(Exception):
    """There is a lock, but this stack may not run it."""


@dataclass(frozen=True, kw_only=True)
class FoundLock:
    """The lock of a stack, or what to do to get one."""

    lock: Lock | None
    advice: str
    """What to run next; empty if there is a lock."""


def find_lock(
    project: Path,
    stack: str,
    jurisdiction: str,
    registry: str | None,
    rehearsal: Path | None,
    *,
    name: str | None = None,
) -> FoundLock:
    """Look for ``locks/<name>.yaml`` in the project, then, in rehearsal only, in its workspace.

    A made-up lock in the workspace that was made for another registry, before the stack was moved, counts as
    none.

    Args:
        project: directory of ``Pulumi.yaml``.
        stack: name of the Pulumi stack.
        jurisdiction: the stack's own; a lock of another one is refused.
        registry: ``host/path`` of the stack's images; a lock with images elsewhere is refused. None: it has
            no name yet, so every lock is refused.
        rehearsal: the workspace, or None outside a rehearsal: then a made-up lock is refused.
        name: of the lock; None: the stack's, as for its home site.

    Raises:
        LockError: the file is wrong.
        LockRefusedError: the lock is another stack's, or made up outside a rehearsal.
    """
    name = name or stack
    path = project / "locks" / f"{name}.yaml"
    if path.is_file():
        lock = load_lock(path)
        _refuse_foreign(lock, path, name, jurisdiction, in_rehearsal=rehearsal is not None)
        if registry is None:
            message = (
                f"{path}: sovereign:registry is missing, so nobody can say whether the images of this lock "
                "are those of this stack. Allowed: the stack output `registry` (if there is none yet, put "
                "the file away and update once)"
            )
            raise LockRefusedError(message)
        strays = _outside(lock, registry)
        if strays:
            message = (
                f"{path}: this lock was made for another registry. If the stack has moved, put the file "
                "away, update once to build the foundation in the new place, and write a lock for it "
                f"(docs/locks.md):\n{strays}"
            )
            raise LockRefusedError(message)
        return FoundLock(lock=lock, advice="")
    if rehearsal is None:
        return FoundLock(lock=None, advice=_advice(name, stack, rehearsal=False))
    path = rehearsal / "locks" / f"{name}.yaml"
    if path.is_file():
        lock = load_lock(path)
        _refuse_foreign(lock, path, name, jurisdiction, in_rehearsal=True)
        if registry is not None and not _outside(lock, registry):
            return FoundLock(lock=lock, advice="")
    return FoundLock(lock=None, advice=_advice(name, stack, rehearsal=True))


def _advice(name: str, stack: str, *, rehearsal: bool) -> str:
    return (
        f"No lock for the stack {name} in this place yet, so nothing may run: this builds the foundation "
        "only (network, bucket, and the cluster and registry that the cloud itself runs). When it stands: "
        f"{how_to_lock(stack, rehearsal=rehearsal)}, and update again."
    )


def _refuse_foreign(lock: Lock, path: Path, stack: str, jurisdiction: str, *, in_rehearsal: bool) -> None:
    reasons = lock.mismatches(stack, jurisdiction, rehearsal=in_rehearsal)
    if reasons:
        listed = "\n".join(f"  - {reason}" for reason in reasons)
        message = f"{path}: this lock cannot be used here:\n{listed}"
        raise LockRefusedError(message)


def _outside(lock: Lock, registry: str) -> str:
    """The images that do not come from ``registry``, a line each; empty if all do."""
    return "\n".join(
        f"  - images.{name}.repository: found {image.repository!r}, allowed: a path below {registry}/"
        for name, image in sorted(lock.images.items())
        if not image.repository.startswith(f"{registry}/")
    )
