"""No provider and no resource of a hyperscaler or another cloud of the United States."""

from __future__ import annotations

from collections.abc import Iterator

from policies.facts import PROVIDER_PREFIX, Resource
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._hyperscalers import LAW, REFERENCES
from policies.rules._residency import violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "hyperscalers"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    name = resource.type.removeprefix(PROVIDER_PREFIX).partition(":")[0]
    package = context.catalog.package(name)
    if package is None:
        return
    what = "a provider" if resource.type.startswith(PROVIDER_PREFIX) else "a resource"
    clouds = ", ".join(sorted(cloud.provider for cloud in context.catalog.clouds.values()))
    yield violation(
        _ID,
        resource,
        found=f"{what} of the package {name}, which steers a service of {package.owner} "
        f"({package.country}, {package.kind})",
        allowed=f"resources of the packages {clouds}, of kubernetes, and of neutral packages",
        fix="build it from resources of a cloud of the catalogue; a bucket is a Storage of ovh, a Bucket of "
        "scaleway or an ObjectStore of civo",
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.HYPERSCALERS,
    title="No provider and no resource of a hyperscaler or another cloud of the United States",
    why="The CLOUD Act reaches what such a company holds, wherever its machines stand.",
    law=LAW,
    source="catalog/data/packages.yaml, each row with its source; the two provisions from memory, 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Use a cloud of the catalogue.",
    exception="none. No US hyperscaler, for anything",
    check=_check,
)
