"""The registry and the lock: what a cluster may pull and serve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from catalog import LockError
from components.clouds.inspection import Answer, Verdict
from infra.locks import FoundLock, LockRefusedError

__all__ = ["lock", "registry"]


def registry(path: str | None) -> Iterator[Answer]:
    """Where the images come from."""
    if path is None:
        yield Answer(
            about="registry", verdict=Verdict.GOOD, found="the cloud's own, made with the foundation"
        )
    else:
        yield Answer(about="registry", verdict=Verdict.GOOD, found=path)


def lock(stack: str, found: FoundLock | LockError | LockRefusedError, project: Path) -> Iterator[Answer]:
    """Whether there is a lock for this stack, in this place."""
    if not isinstance(found, FoundLock):
        yield Answer(
            about="lock",
            verdict=Verdict.FAIL,
            found=" ".join(str(found).split()),
            remedy=f"mend or remove {project.name}/locks/{stack}.yaml",
        )
    elif found.lock is None:
        yield Answer(
            about="lock",
            verdict=Verdict.LOOK,
            found="none yet: the first update builds the foundation only",
            remedy=found.advice,
        )
    else:
        count = sum(1 + len(model.files) for model in found.lock.models.values())
        kind = "made up, for rehearsal only" if found.lock.rehearsal else "real"
        yield Answer(
            about="lock",
            verdict=Verdict.GOOD,
            found=f"{len(found.lock.images)} images and {count} files of weights, {kind}",
        )
