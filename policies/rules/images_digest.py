"""Every container image is pinned by its digest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.facts import Resource, Unknown, plain, shown
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._images import REFERENCES, images_of
from policies.violations import Violation
from policies.workloads.containers import Container, containers_of

__all__ = ["RULE"]

_ID = "images-digest"
_NO_EXCEPTION = "none. A tag can be moved to another image after it was checked"
_PINNED = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")


def _check(resource: Resource, _context: Context) -> Iterator[Violation]:
    for found in _mistakes(resource):
        yield Violation(
            _ID,
            resource.urn,
            resource.type,
            resource.name,
            found,
            allowed="<registry>/<repository>@sha256:<64 hexadecimal digits>",
            fix="take the image from the stack's lock file (locks/<stack>.yaml), which has the digest",
            exception=_NO_EXCEPTION,
        )


def _mistakes(resource: Resource) -> Iterator[str]:
    """Yield what is wrong with containers, image volumes, operators and a cloud's own containers."""
    if resource.package == "kubernetes":
        for part in containers_of(resource):
            found = _mistake(resource, part) if isinstance(part, Container) else None
            if found is not None:
                yield found
    for image in images_of(resource, containers=False):
        if image.value is None:
            yield f"{image.label} names no image, so that others choose which one is pulled"
        elif not (image.text and _PINNED.fullmatch(image.text)):
            yield f"the image of {image.label} is {shown(image.value)}, which has no digest"


def _mistake(resource: Resource, container: Container) -> str | None:
    image = plain(container.image)
    if image is None:
        is_patch = resource.type.endswith("Patch")
        return None if is_patch else f"{container.label} names no image"
    if isinstance(image, Unknown):
        return f"the image of {container.label} is only known after the update"
    if isinstance(image, str) and _PINNED.fullmatch(image):
        return None
    return f"the image of {container.label} is {shown(container.image)}, which has no digest"


RULE = ResourceRule(
    id=_ID,
    family=Family.IMAGES,
    title="Every container image is pinned by its digest",
    why="What a tag points to can change after every check, on somebody else's machine.",
    law="Images run by digest from the registry of the jurisdiction; a lock file holds the digests",
    source="OCI distribution specification, tags and digests: from memory, 2026-11-24; docs/locks.md",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Name images by digest.",
    exception=_NO_EXCEPTION,
    check=_check,
)
