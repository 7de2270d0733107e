"""Where a cloud puts the place into the ids it gives, the id names the place that was asked for.

Some providers let variables of the environment win over what the program says. Their inputs then prove less
than their ids, which come from the cloud. An id is only known after the update, so this rule speaks at its
end and when a state is judged, not at preview.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from catalog import Catalog
from policies.facts import ABSENT, Resource, StackFacts, plain, select
from policies.locality import Locality, load_locality
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "residency-ids"

_PREFIX: Final = re.compile(r"([a-z]{2}-[a-z]{3}(?:-[0-9]+)?)/.+")
"""``fr-par/uuid`` and ``fr-par-2/uuid``: the form of Scaleway's ids of what stands in a region or a zone."""


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    tables = load_locality()
    for resource in stack.asked:
        table = tables.cloud_of(resource.package)
        locality = table.types.get(resource.type) if table else None
        if table is None or locality is None or not table.environment_overrides_provider:
            continue
        code = _code_of_id(resource)
        if code is None or not (locality.place or locality.parents):
            continue
        stated = _stated(stack.judged(resource) or resource, locality, table.cloud, context.catalog)
        problem = _problem(code, stated, table.cloud, context.catalog, context.jurisdiction)
        if problem:
            yield violation(
                _ID,
                resource,
                found=f"the cloud gave the id {code}/…, {problem}",
                allowed="an id that begins with the region or zone that the program names, in this "
                "jurisdiction",
                fix="unset SCW_DEFAULT_REGION and SCW_DEFAULT_ZONE, look into the profile of the CLI, then "
                "destroy the resource where it stands and make it anew; what lay in it was abroad",
            )


def _code_of_id(resource: Resource) -> str | None:
    identifier = plain(resource.properties.get("id", ABSENT))
    found = _PREFIX.fullmatch(identifier) if isinstance(identifier, str) else None
    return found[1] if found else None


def _stated(resource: Resource, locality: Locality, cloud: str, catalog: Catalog) -> list[str]:
    """The places that the program names for the resource itself; none where its parent or provider does.

    What is no place of the catalogue is left to the rule ``residency``.
    """
    values = (plain(each.value) for path in locality.place for each in select(resource.properties, path))
    return [value for value in values if isinstance(value, str) and catalog.place(cloud, value) is not None]


def _problem(code: str, stated: list[str], cloud: str, catalog: Catalog, jurisdiction: str) -> str:
    place = catalog.place(cloud, code)
    if place is None:
        return "a place that the catalogue does not know"
    if place.jurisdiction != jurisdiction:
        return f"{place.country}, outside {jurisdiction}"
    asked = {_region(each, cloud, catalog) for each in stated}
    if asked and _region(code, cloud, catalog) not in asked:
        return f"but the program asked for {' and '.join(sorted(set(stated)))}"
    return ""


def _region(code: str, cloud: str, catalog: Catalog) -> str:
    place = catalog.place(cloud, code)
    return (place.parent if place else None) or code


RULE = StackRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="An id that names a place names the one that was asked for",
    why="Variables of the environment can override what a program says; the id is the cloud's own word.",
    law=LAW,
    source="terraform-provider-scaleway, meta.go: the environment is merged last, read 2026-11; ids as its "
    "resources give them",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Unset the variables, and make the resource anew in the place that the program names.",
    exception=NO_EXCEPTION,
    check=_check,
)
