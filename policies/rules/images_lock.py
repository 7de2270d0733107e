"""What runs stands in the lock of the stack."""

from __future__ import annotations

from collections.abc import Iterator

from policies.facts import Resource, shown
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._images import REFERENCES, images_of, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "images-lock"
_NO_EXCEPTION = "none. Whatever is not in the lock was not mirrored, and nobody looked at it"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    locks = [lock for lock in (context.lock, *context.site_locks) if lock is not None]
    if context.jurisdiction is None or (not locks and not context.lock_problem):
        return
    locked = {image.reference: name for lock in locks for name, image in lock.images.items()}
    for image in images_of(resource):
        if image.text is None or image.text in locked or "@" not in image.text:
            continue  # unknown, or a tag: images-digest speaks of those
        where = f"the image of {image.label} is {shown(image.value)}"
        yield violation(
            _ID,
            resource,
            found=f"{where}, which is not in the lock" if locks else f"{where}, and {context.lock_problem}",
            allowed=f"the images of the lock, by digest: {', '.join(sorted(set(locked.values())))}"
            if locks
            else "images of the stack's own lock",
            fix="take repository and digest from locks/<stack>.yaml; if the image is new, mirror it and add "
            "it to the lock (docs/locks.md)",
            exception=_NO_EXCEPTION,
        )


RULE = ResourceRule(
    id=_ID,
    family=Family.IMAGES,
    title="Every image stands in the stack's lock, where there is one",
    why="A digest proves that an image does not change, not that anybody chose it.",
    law="Images run by digest from the registry of the jurisdiction; a lock file holds the digests",
    source="docs/decisions/0018-everything-that-runs-is-in-a-lock.md",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Mirror the image, so that it stands in the lock, and name it as the lock does.",
    exception=_NO_EXCEPTION,
    check=_check,
)
