"""Every resource of a cloud stands in the jurisdiction of its stack."""

from __future__ import annotations

from collections.abc import Iterator

from policies.facts import PROVIDER_PREFIX, Resource
from policies.locality import load_locality, resolve, resolve_provider
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, SOURCE, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "residency"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    tables = load_locality()
    if resource.type.startswith(PROVIDER_PREFIX):
        table = tables.cloud_of(resource.type.removeprefix(PROVIDER_PREFIX))
        if table is None:
            return
        resolution = resolve_provider(resource.properties, table, context.catalog, context.jurisdiction)
    else:
        table = tables.cloud_of(resource.package)
        locality = table.types.get(resource.type) if table else None
        if table is None or locality is None:
            return  # residency-unclassified speaks about these
        if locality.refusal is not None:
            yield violation(
                _ID,
                resource,
                found=f"a type that may not be used: {locality.refusal}",
                allowed="a type whose place can be proved",
                fix=locality.instead,
            )
            return
        resolution = resolve(resource, locality, table, context.catalog, context.jurisdiction)
    for problem in resolution.problems:
        yield violation(_ID, resource, found=problem.found, allowed=problem.allowed, fix=problem.fix)


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="Every cloud resource stands in the jurisdiction of its stack",
    why="A foreign place puts data under another law; for an omitted one the cloud chooses without a word.",
    law=LAW,
    source=SOURCE,
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Give the resource a place that the catalogue lists for the jurisdiction, as a plain code.",
    exception=NO_EXCEPTION,
    check=_check,
)
