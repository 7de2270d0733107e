"""Made-up images of a rehearsal never reach a real cluster."""

from __future__ import annotations

from collections.abc import Iterator

from policies.facts import Resource, plain, shown
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._images import REFERENCES
from policies.violations import Violation
from policies.workloads.containers import Container, containers_of

__all__ = ["RULE"]

_ID = "images-rehearsal"
_SEGMENT = "rehearsal"
_NO_EXCEPTION = "none. The image does not exist, and its digest was made up"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.rehearsal or resource.package != "kubernetes":
        return
    for part in containers_of(resource):
        image = plain(part.image) if isinstance(part, Container) else None
        if (
            isinstance(part, Container)
            and isinstance(image, str)
            and _SEGMENT in image.partition("@")[0].split("/")
        ):
            yield Violation(
                _ID,
                resource.urn,
                resource.type,
                resource.name,
                found=f"the image of {part.label} is {shown(part.image)}, made up by a rehearsal",
                allowed="images of a real lock file",
                fix="mirror the images, write a real lock (docs/locks.md), and preview again",
                exception=_NO_EXCEPTION,
            )


RULE = ResourceRule(
    id=_ID,
    family=Family.IMAGES,
    title="Made-up images of a rehearsal never reach a real cluster",
    why="A rehearsal invents images; a real cluster would look for them and might find somebody else's.",
    law="No tag and no invented digest ever reaches a cluster",
    source="docs/locks.md: what a lock of a rehearsal holds, 2026-11-24",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Mirror the images of the stack and use the real lock.",
    exception=_NO_EXCEPTION,
    check=_check,
)
