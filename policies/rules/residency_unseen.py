"""No resource of a stack is hidden from the rules, and what was found in the cloud counts as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import Resource, StackFacts, Unknown, Value, plain, select, shown
from policies.locality import Locality, load_locality
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "residency-unseen"


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or stack.inputs is None:
        return
    for resource in stack.resources:
        inputs = stack.inputs.get(resource.urn)
        if inputs is None or (_always_has_some(resource) and not inputs and not resource.properties):
            yield violation(
                _ID,
                resource,
                found="this run leaves the resource out (--target, --exclude or PULUMI_OPTION_TARGET), so no "
                "rule saw what the program says of it",
                allowed="a run over the whole stack",
                fix="run without --target and --exclude, and without the variables PULUMI_OPTION_TARGET and "
                "PULUMI_OPTION_EXCLUDE",
            )
        else:
            yield from _found_elsewhere(resource, inputs, context, context.jurisdiction)


def _found_elsewhere(
    resource: Resource, inputs: Mapping[str, Value], context: Context, jurisdiction: str
) -> Iterator[Violation]:
    """A resource that the program reads, or that drifted, has a place which no input gives."""
    table = load_locality().cloud_of(resource.package)
    locality = table.types.get(resource.type) if table else None
    if table is None or locality is None or locality.refusal is not None:
        return
    for path in _paths(locality):
        if any(True for _ in select(inputs, path)):
            continue  # residency judges what an input says
        for found in select(resource.properties, path):
            code = plain(found.value)
            place = context.catalog.place(table.cloud, code) if isinstance(code, str) else None
            if isinstance(code, Unknown) or (place is not None and place.jurisdiction == jurisdiction):
                continue
            where = (
                f"{place.country}, jurisdiction {place.jurisdiction}"
                if place
                else "no place of the catalogue"
            )
            yield violation(
                _ID,
                resource,
                found=f"the cloud says `{found.path}` = {shown(found.value)}, {where}; this stack belongs to "
                f"jurisdiction {jurisdiction}",
                allowed=f"resources of {jurisdiction} only, also those that are read or that others changed",
                fix="take it out of this stack, or move it into the jurisdiction and refresh",
            )


def _always_has_some(resource: Resource) -> bool:
    """True for what is never without properties; the engine shows none of a new resource that it omits."""
    table = load_locality().cloud_of(resource.package)
    locality = table.types.get(resource.type) if table else None
    has_a_place = locality is not None and bool(locality.place)
    return resource.provider is not None and (has_a_place or resource.package == "kubernetes")


def _paths(locality: Locality) -> tuple[str, ...]:
    return (*locality.place, *locality.also)


RULE = StackRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="No resource of a stack is hidden from the rules",
    why="A run on a part of a stack shows old values, or none; what a program only reads has no inputs.",
    law=LAW,
    source="Pulumi documentation (--target, .get, pulumi policy analyze): from memory, 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Preview the whole stack, and judge its state afterwards with `pulumi policy analyze`.",
    exception=NO_EXCEPTION,
    check=_check,
)
