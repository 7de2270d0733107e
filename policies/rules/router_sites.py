"""Another site that a router passes requests to belongs to this very stack, and stands in the jurisdiction.

``router`` lets the names of the stack's own sites pass, as the configuration gives them. This rule proves
them: the name is a DNS record of this stack, and each of its answers is the address of a resource of this
stack that stands in the jurisdiction. In the guard a record is judged when it is declared; whether there is
one at all is judged by the pack, which sees the whole stack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from catalog.marks import NO_ANSWER
from policies.facts import TEXT_OBJECTS, Resource, StackFacts, Unknown, plain, select
from policies.locality import load_locality, resolve
from policies.proxies.haproxy import HaproxyError, looks_like_haproxy, read
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._destinations import host_of
from policies.rules._elsewhere import claimed_elsewhere, domain_of, elsewhere, is_own
from policies.rules._router import LAW, REFERENCES
from policies.rules._sites import site_hosts, upstream_hosts
from policies.rules.router import ANSWERS, texts_in
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "router-sites"
_NO_EXCEPTION: Final = (
    "none. A name that anybody's machine could answer to may lead anywhere, and prompts are sent there"
)

_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "scaleway:domain/record:Record": ("name", "dnsZone"),
    "scaleway:index/domainRecord:DomainRecord": ("name", "dnsZone"),
    "ovh:Domain/zoneRecord:ZoneRecord": ("subdomain", "zone"),
    "hcloud:index/zoneRecord:ZoneRecord": ("name", "zone"),
    "hcloud:index/zoneRrset:ZoneRrset": ("name", "zone"),
    "civo:index/dnsDomainRecord:DnsDomainRecord": ("name", "domainId"),
}
"""Where a record says its name and its zone; the zone may also be a resource of this stack."""

_ZONES: Final = frozenset({"hcloud:index/zone:Zone", "civo:index/dnsDomainName:DnsDomainName"})
"""Resources whose ``name`` is that of a zone."""

_KIND: Final = ("type", "fieldtype")
"""Properties that name the type of a record."""
_ALIASES: Final = frozenset({"CNAME", "ALIAS", "DNAME", "NS"})
_APEX: Final = frozenset({"", "@"})


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    hosts = site_hosts(context)
    if context.jurisdiction is None:
        return
    if not hosts:
        yield from _only_site(stack, context)
        return
    for resource in stack.asked:
        if resource.type not in _NAMES:
            continue
        name = _name_of(resource, stack)
        if name is None or name in hosts:  # a record of which nobody can tell the name may be a site's
            yield from _answers(resource, stack, context)
    if stack.complete:
        yield from _unnamed(stack, hosts)


def _only_site(stack: StackFacts, context: Context) -> Iterator[Violation]:
    """Judge the name of a stack's only site: it may be an alias of its own, or of a host of the catalogue.

    Its address may come from a Service, of which nobody here knows the place; no router sends anything to it.
    What the catalogue knows is left to ``router`` and ``residency-hosts``.
    """
    domain = domain_of(context)
    host = f"{context.jurisdiction}.{domain}"
    for record in stack.asked if domain else ():
        if record.type not in _NAMES or _name_of(record, stack) != host:
            continue
        properties = _inputs(record, stack).properties
        kind = next((plain(properties[key]) for key in _KIND if key in properties), None)
        for path in ANSWERS[record.type] if kind in _ALIASES else ():
            for found in select(properties, path):
                text = plain(found.value)
                alias = host_of(text.rstrip(".")) if isinstance(text, str) else None
                if alias is None or _is_known(alias, context):
                    continue
                behind = record.property_dependencies.get(path.partition(".")[0], ())
                if _problem_behind(behind, stack, context):
                    yield _violation(record, f"`{found.path}` makes {host} an alias that proves no place")


def _is_known(alias: str, context: Context) -> bool:
    """Return True for a name of this stack, and for one that another rule speaks of or lets pass."""
    return (
        context.catalog.host(alias) is not None
        or is_own(alias, context)
        or (elsewhere(alias, context) or claimed_elsewhere(alias, context)) is not None
    )


def _name_of(record: Resource, stack: StackFacts) -> str | None:
    """Return the whole name of a record in lower case, or None if nobody can tell."""
    label_key, zone_key = _NAMES[record.type]
    properties = _inputs(record, stack).properties
    label = plain(properties.get(label_key))
    zones = [plain(properties.get(zone_key))] if zone_key != "domainId" else []
    for urn in record.property_dependencies.get(zone_key, ()):
        behind = stack.by_urn().get(urn)
        if behind is not None and behind.type in _ZONES:
            zones.append(plain(_inputs(behind, stack).properties.get("name")))
    zone = next((text for text in zones if isinstance(text, str)), None)
    if zone is None or not (label is None or isinstance(label, str)):
        return None
    whole = zone if (label or "") in _APEX else f"{label}.{zone}"
    return whole.lower().removesuffix(".")


def _inputs(resource: Resource, stack: StackFacts) -> Resource:
    return stack.judged(resource) or resource


def _answers(record: Resource, stack: StackFacts, context: Context) -> Iterator[Violation]:
    properties = _inputs(record, stack).properties
    for path in ANSWERS[record.type]:
        for found in select(properties, path):
            text = plain(found.value)
            if text == NO_ANSWER:
                continue
            top = path.partition(".")[0]
            problem = _problem_behind(record.property_dependencies.get(top, ()), stack, context)
            if problem:
                yield _violation(record, f"`{found.path}` answers with {problem}")


def _problem_behind(urns: tuple[str, ...], stack: StackFacts, context: Context) -> str:
    """Return why what an answer is made from does not prove a place, or an empty text."""
    tables, proved = load_locality(), False
    for urn in urns:
        resource = stack.by_urn().get(urn)
        table = tables.cloud_of(resource.package) if resource is not None else None
        locality = table.types.get(resource.type) if table and resource is not None else None
        if resource is None or table is None or locality is None or locality.global_reason is not None:
            continue
        judged = _inputs(resource, stack)
        if resolve(judged, locality, table, context.catalog, context.jurisdiction or "").problems:
            return f"an address of {resource.name!r}, which does not stand in {context.jurisdiction}"
        proved = True
    return "" if proved else "an address that no resource of this stack has, so it proves no place"


def _unnamed(stack: StackFacts, hosts: frozenset[str]) -> Iterator[Violation]:
    records = stack.of_type(*_NAMES)
    named = {name for name in (_name_of(record, stack) for record in records) if name is not None}
    missing = hosts - named
    for resource in stack.of_type(*TEXT_OBJECTS) if missing else ():
        for key, text in texts_in(_inputs(resource, stack)):
            if isinstance(text, Unknown) or not looks_like_haproxy(text):
                continue
            try:
                used = upstream_hosts(read(text)) & missing
            except HaproxyError:
                continue  # the rule `router` speaks of it
            for host in sorted(used):
                yield _violation(resource, f"`{key}` sends to {host}, of which this stack has no DNS record")


def _violation(resource: Resource, found: str) -> Violation:
    return Violation(
        _ID,
        resource.urn,
        resource.type,
        resource.name,
        found,
        allowed="names of sites that are DNS records of this stack, each with the address of a resource of "
        "this stack in the jurisdiction",
        fix="build the site in this stack, and let its record answer with the address that the stack "
        "reserved for its router",
        exception=_NO_EXCEPTION,
    )


RULE = StackRule(
    id=_ID,
    family=Family.ROUTER,
    title="A router passes requests only to sites of its own stack, in its jurisdiction",
    why="A site is known by its name, and a name leads wherever its record says: the record has to be ours.",
    law=LAW,
    source="docs of this project, decision 13: sites of one jurisdiction",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Take the site's address from the resource that reserves it, and declare its record in this stack.",
    exception=_NO_EXCEPTION + ".",
    check=_check,
)
