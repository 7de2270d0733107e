"""No host in a stack belongs to a place outside its jurisdiction."""

from __future__ import annotations

from collections.abc import Iterator

from catalog import Host
from policies.facts import TEXT_OBJECTS, Resource
from policies.proxies.haproxy import looks_like_haproxy
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._elsewhere import elsewhere
from policies.rules._hosts import hosts_of, is_read, places_of, shown_path
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.rules.router import texts_in
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "residency-hosts"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or not is_read(resource):
        return
    seen: set[tuple[str, str]] = set()
    for path, name, host in hosts_of(resource, context.catalog):
        found = _mistake(name, host, context) if host is not None else _sister(path, name, resource, context)
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


def _sister(path: str, name: str, resource: Resource, context: Context) -> str | None:
    """Return what is wrong with a name under the domain of this stack: it may be another jurisdiction's.

    A configuration of HAProxy is left to ``router``, which knows a refusal that names the right address from
    a server that requests are sent to.
    """
    code = elsewhere(name, context)
    if code is None or path in resource.once(_haproxy_texts):
        return None
    return (
        f"a host of jurisdiction {code} under the domain of this stack, which belongs to jurisdiction "
        f"{context.jurisdiction}"
    )


def _haproxy_texts(resource: Resource) -> frozenset[str]:
    if not resource.type.startswith(TEXT_OBJECTS):
        return frozenset()
    return frozenset(path for path, text in texts_in(resource) if looks_like_haproxy(text))


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="No host in a stack belongs to a place outside its jurisdiction",
    why="A bucket URL in a variable moves data across a border though every resource stands at home.",
    law=LAW,
    source="catalog/data/hosts.yaml and catalog/data/places, each row with its source",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Use the endpoint of the same service in the stack's jurisdiction.",
    exception=NO_EXCEPTION,
    check=_check,
)
