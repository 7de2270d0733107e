"""Every image comes from a registry inside the jurisdiction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.facts import Resource, Secret, shown
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._destinations import host_of, problem_of_host
from policies.rules._elsewhere import claimed_elsewhere, elsewhere
from policies.rules._images import REFERENCES, images_of, violation
from policies.violations import Violation

__all__ = ["RULE", "registry_of_image"]

_ID = "images-registry"
_NO_EXCEPTION = (
    "none. Mirror the image: that costs less than an exception, and the copy stays when its maker goes"
)
_DEFAULT: Final = "docker.io"
_ADDRESS: Final = re.compile(r"[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")
_REFERENCE: Final = re.compile(
    r"(?P<host>[^/]+)/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@[A-Za-z0-9:]*)?"
)
"""``host/path``, then a tag or a digest: nothing else is an image to every program that reads one."""


def registry_of_image(image: str) -> str | None:
    """Return the host that an image is pulled from, with its port; None if the name is no image.

    A first step without dot and colon is no host: such names, and those without a slash, are pulled from
    Docker Hub.
    """
    first, slash, _ = image.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost" or first != first.lower()):
        return _DEFAULT
    return first if _REFERENCE.fullmatch(image) else None


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    for image in images_of(resource):
        if image.text is None or image.text == "":
            continue
        found = _mistake(image.text, context, secret=isinstance(image.value, Secret))
        if found:
            allowed = sorted(_allowed(context))
            yield violation(
                _ID,
                resource,
                found=f"the image of {image.label} is {shown(image.value)}: {found}",
                allowed=f"images of {', '.join(allowed)}"
                if allowed
                else "images of the registry that sovereign:registry names; it names none",
                fix=f"copy the image into a registry in {context.jurisdiction} and name it there, letter by "
                "letter: "
                "<host>/<path>@sha256:<digest>; a registry of your own goes into sovereign:registry",
                exception=_NO_EXCEPTION,
            )


def _mistake(image: str, context: Context, *, secret: bool) -> str:
    host = registry_of_image(image)
    if host is None:
        return "this is no image name that all programs read alike"
    if host in _allowed(context):
        return ""
    if host == _DEFAULT:
        return "pulled from Docker Hub, in the United States"
    return (
        f"the registry {shown(Secret(host) if secret else host)} is none of this jurisdiction, compared "
        "letter by letter"
    )


def _allowed(context: Context) -> frozenset[str]:
    hosts = {
        place.defaults.registry_host
        for cloud in context.catalog.clouds
        for place in context.catalog.places(cloud, context.jurisdiction)
        if place.defaults is not None and place.defaults.registry_host is not None
    }
    named = (context.registry, *(site.registry for site in context.sites))
    own = {(registry or "").partition("/")[0] for registry in named} - {""}
    return frozenset(hosts | {host for host in own if _may_be_configured(host, context)})


def _may_be_configured(own: str, context: Context) -> bool:
    """A registry of one's own may stand anywhere that nobody knows to be elsewhere: not by the catalogue, not
    by a name that is another jurisdiction's, and not at a bare public address, which tells no place.
    """
    host = host_of(own)
    if host is None or elsewhere(host, context) or claimed_elsewhere(host, context):
        return False
    is_listed = context.catalog.host(host) is not None
    return not problem_of_host(host, context) if is_listed or _ADDRESS.fullmatch(host) else True


RULE = ResourceRule(
    id=_ID,
    family=Family.IMAGES,
    title="Every image comes from a registry inside the jurisdiction",
    why="A registry elsewhere learns what runs here and when, and can stop or change it; a name that only "
    "looks like ours is somebody else's machine.",
    law="Images run by digest from the registry of the jurisdiction",
    source="Hosts of the clouds' registries: catalog/data/places; how image names are read: "
    "distribution/reference",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Mirror the image into the jurisdiction and name it by that registry's exact host.",
    exception=_NO_EXCEPTION,
    check=_check,
)
