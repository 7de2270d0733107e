"""Nothing is installed into a cluster by its cloud, past every rule about images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.facts import ABSENT, Resource, is_blank, plain
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._images import REFERENCES, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "images-marketplace"
_CLUSTER: Final = "civo:index/kubernetesCluster:KubernetesCluster"
_NO_EXCEPTION: Final = "none. What the cloud installs is declared nowhere, so nobody can say what runs"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or resource.type != _CLUSTER:
        return
    value = resource.properties.get("applications", ABSENT)
    if is_blank(value):
        return
    text = plain(value)
    added = [each.strip() for each in text.split(",")] if isinstance(text, str) else ["?"]
    if any(each and not each.startswith("-") for each in added):
        yield violation(
            _ID,
            resource,
            found="`applications` lets the cloud install applications of its marketplace, with images and "
            "models that no rule sees",
            allowed="`applications` that takes away what is there by default, each name with a hyphen before "
            "it, such as -Traefik-v2-nodeport",
            fix="declare what the application consists of in this program, with images of the lock",
            exception=_NO_EXCEPTION,
        )


RULE = ResourceRule(
    id=_ID,
    family=Family.IMAGES,
    title="Nothing is installed into a cluster from the marketplace of its cloud",
    why="An application of a marketplace pulls what images it likes from where it likes; one of them is a "
    "server of models.",
    law="No tag and no invented digest ever reaches a cluster; GDPR and UK GDPR Art 32",
    source="pulumi-civo 2.4.8, KubernetesCluster.applications, 2026-11-24",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Declare workloads in the program.",
    exception=_NO_EXCEPTION,
    check=_check,
)
