"""No host in a stack belongs to a place outside its jurisdiction."""

from __future__ import annotations

from collections.abc import Iterator

from catalog import Host
from policies.facts import Resource
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._hosts import hosts_of, is_read, places_of, shown_path
from policies.rules._residency import LAW, NO_EXCEPTION, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "residency-hosts"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or not is_read(resource):
        return
    seen: set[tuple[str, str]] = set()
    for path, name in hosts_of(resource):
        host = context.catalog.host(name)
        found = _mistake(name, host, context) if host is not None else None
        if found is not None and (path, found) not in seen:
            seen.add((path, found))
            yield violation(
                _ID,
                resource,
                found=f"`{shown_path(path)}` has {found}",
                allowed=f"endpoints in jurisdiction {context.jurisdiction}, and names of the stack's own",
                fix=f"use the endpoint of the same service in {context.jurisdiction}; "
                "catalog/data/hosts.yaml has those that are known",
            )


def _mistake(name: str, host: Host, context: Context) -> str | None:
    if host.cloud is None:
        return None  # hyperscalers-hosts speaks about these
    places = places_of(name, host, context.catalog)
    if not places:
        if not host.place_in_name:
            return None
        return f"a host under {host.suffix} of {host.cloud} that names no place of the catalogue"
    abroad = [place for place in places if place.jurisdiction != context.jurisdiction]
    if not abroad:
        return None
    first = abroad[0]
    where = f"jurisdiction {first.jurisdiction}" if first.jurisdiction else "no jurisdiction of the catalogue"
    return (
        f"a host of {host.cloud} in {first.code} ({first.country}, {where}); "
        f"this stack belongs to jurisdiction {context.jurisdiction}"
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="No host in a stack belongs to a place outside its jurisdiction",
    why="A bucket URL in a variable moves data across a border though every resource stands at home.",
    law=LAW,
    source="catalog/data/hosts.yaml and catalog/data/places, each row with its source",
    references=("EU Cloud Sovereignty Framework SOV-3",),
    severity=Severity.CRITICAL,
    fix="Use the endpoint of the same service in the stack's jurisdiction.",
    exception=NO_EXCEPTION,
    check=_check,
)
