"""Nothing is deployed whose place nobody has classified."""

from __future__ import annotations

from collections.abc import Iterator

from policies.facts import Resource
from policies.locality import LocalityTable, load_locality
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, SOURCE, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "residency-unclassified"
_PROVIDERS = "pulumi:providers:"
_DYNAMIC = "pulumi-python:dynamic"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    tables = load_locality()
    if resource.type.startswith(_PROVIDERS):
        yield from _provider(resource, tables, context)
        return
    table = tables.cloud_of(resource.package)
    if table is not None:
        if resource.type not in table.types:
            yield violation(
                _ID,
                resource,
                found=f"a type that the locality table of {resource.package} does not list",
                allowed=f"a type listed in policies/locality/tables/{resource.package}.yaml",
                fix="classify the type there: which property names its place, or which parent it follows",
            )
        return
    if resource.provider is None:
        return  # without a provider it is a component: it stands nowhere, and its children are judged
    neutral = tables.placeless.get(resource.package)
    if neutral is not None:
        if not neutral.covers(resource.type):
            yield violation(
                _ID,
                resource,
                found=f"a {resource.type}: {neutral.otherwise}",
                allowed=f"of the package {resource.package} only types that begin with {neutral.only}",
                fix=neutral.instead,
            )
        return
    if context.catalog.package(resource.package) is not None:
        return  # hyperscalers speaks about these
    if resource.type.startswith(_DYNAMIC):
        found = "a dynamic resource: its code can create anything, anywhere, and no rule can see what"
        fix = "use a resource type of a cloud, or do the work in the program itself"
    else:
        found = (
            f"a resource of the package {resource.package}, and nobody has said where such resources stand"
        )
        fix = "use a cloud of the catalogue, or classify the package in policies/locality/tables"
    packages = ", ".join(sorted({*tables.clouds, *tables.placeless}))
    yield violation(_ID, resource, found=found, allowed=f"resources of the packages {packages}", fix=fix)


def _provider(resource: Resource, tables: LocalityTable, context: Context) -> Iterator[Violation]:
    """Judge a provider by its package: it may act, and read, before any resource names it."""
    package = resource.type.removeprefix(_PROVIDERS)
    if (
        package in tables.clouds
        or package in tables.placeless
        or context.catalog.package(package) is not None
    ):
        return
    yield violation(
        _ID,
        resource,
        found=f"a provider of the package {package}, and nobody has said where its resources would stand",
        allowed=f"providers of the packages {', '.join(sorted({*tables.clouds, *tables.placeless}))}",
        fix="take the provider out, or classify the package in policies/locality/tables",
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="Nothing is deployed whose place nobody has classified",
    why="A type or a package that nobody has looked at may stand anywhere.",
    law=LAW,
    source=SOURCE,
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Classify the type in policies/locality/tables, or use one that is classified.",
    exception=NO_EXCEPTION,
    check=_check,
)
