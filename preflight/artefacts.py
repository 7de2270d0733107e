"""The registry and the lock: what a cluster may pull and serve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from catalog import LockError
from components.clouds.inspection import Answer, Verdict
from infra.locks import FoundLock, LockRefusedError
from infra.settings import Settings
from infra.wanted import registry_of

__all__ = ["lock", "registry"]


def registry(settings: Settings, found: FoundLock | LockError | LockRefusedError) -> Iterator[Answer]:
    """Where the images come from, and whether the lock's are of that registry, by name.

    Nobody asks the registry itself: it wants a login that a preflight does not have.
    """
    about, path = "registry", registry_of(settings)
    if path is None:
        yield Answer(
            about=about,
            verdict=Verdict.LOOK,
            found="the cloud's own, whose host it tells once the foundation stands",
            remedy="after the first update, copy the stack output registry into sovereign:registry",
        )
        return
    lock = found.lock if isinstance(found, FoundLock) else None
    if lock is None:
        yield _unasked(settings, path)
        return
    strays = sorted(
        f"{name} ({image.repository})"
        for name, image in lock.images.items()
        if not image.repository.startswith(f"{path}/")
    )
    if strays:
        yield Answer(
            about=about,
            verdict=Verdict.FAIL,
            found=f"{path}, but the lock has images elsewhere: {', '.join(strays)}",
            remedy="mirror them into this registry and make the lock again, or mend sovereign:registry",
        )
        return
    yield Answer(
        about=about,
        verdict=Verdict.GOOD,
        found=f"{path}: all {len(lock.images)} images of the lock are named below it; it was not asked",
    )


def _unasked(settings: Settings, path: str) -> Answer:
    if settings.registry is None:
        return Answer(
            about="registry", verdict=Verdict.GOOD, found=f"the cloud's own, made with the foundation: {path}"
        )
    return Answer(
        about="registry",
        verdict=Verdict.UNTOLD,
        found=f"{path}: not asked, for want of a login",
        remedy=f"log in to {path.partition('/')[0]} and push one image: it must answer by HTTPS on port 443, "
        "from the network of the nodes as well",
    )


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
