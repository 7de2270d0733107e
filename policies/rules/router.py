"""The edge never leads out of the jurisdiction, looks before it sends, and ends in a refusal.

What is read is HAProxy, from any config map or secret and from a script that writes one; ``router-upstreams``
and ``router-health`` read other proxies. A configuration inside an image cannot be seen here; one that is
only known during the update is judged then, before it is created.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.decoding import from_base64
from policies.facts import TEXT_OBJECTS, Resource, Unknown, Value, plain, select
from policies.proxies.haproxy import HaproxyError, looks_like_haproxy, read, written_by
from policies.proxies.scripts import here_documents, scripts_in
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._destinations import ALLOWED_HOSTS, host_of, problem_of_host
from policies.rules._elsewhere import claimed_elsewhere, elsewhere
from policies.rules._haproxy_checks import mistakes
from policies.rules._router import LAW, REFERENCES
from policies.rules._sites import site_hosts, unprotected
from policies.rules._zone_files import published_names, zone_answers
from policies.violations import Violation

__all__ = ["ANSWERS", "RULE", "configurations_in", "texts_in"]

_ID = "router"
_NO_EXCEPTION = (
    "none. Traffic that fails over across the border has crossed it; no answer is better than that one"
)

_TEXTS: Final = ("data", "stringData")
_ENCODED: Final = ("binaryData", "data")

ANSWERS: Final[Mapping[str, tuple[str, ...]]] = {
    "scaleway:domain/record:Record": (
        "data",
        "geoIp.matches.data",
        "views.data",
        "weighteds.ip",
        "httpService.ips",
        "httpService.url",
    ),
    "scaleway:index/domainRecord:DomainRecord": ("data", "geoIps.matches.data", "views.data"),
    "ovh:Domain/zoneRecord:ZoneRecord": ("target",),
    "ovh:Domain/zoneRedirection:ZoneRedirection": ("target",),
    "hcloud:index/zoneRecord:ZoneRecord": ("value",),
    "hcloud:index/zoneRrset:ZoneRrset": ("records.value",),
    "civo:index/dnsDomainRecord:DnsDomainRecord": ("value",),
}
"""Where a DNS answer stands, by type of record."""
_OF_OTHERS: Final = frozenset({"CAA", "MX", "TXT"})
"""Records that send no client of the stack anywhere: their names are of mail servers and the like."""


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    if resource.type.removesuffix("Patch").startswith(TEXT_OBJECTS):
        for key, text in texts_in(resource):
            if looks_like_haproxy(text):
                yield from _configuration(resource, key, text, context)
    for path, script in scripts_in(resource):
        for text in written_by(script):
            yield from _configuration(resource, path, text, context)
    for path in _answers(resource):
        for found in select(resource.properties, path):
            yield from _answer(resource, found.path, found.value, context)
    for path, answer in zone_answers(resource):
        if answer.kind not in _OF_OTHERS:
            yield from _answer(resource, path, answer.text, context)
    for found in published_names(resource):
        yield from _answer(resource, found.path, found.value, context)


def _answers(resource: Resource) -> tuple[str, ...]:
    kind = plain(resource.properties.get("type") or resource.properties.get("fieldtype"))
    return () if kind in _OF_OTHERS else ANSWERS.get(resource.type, ())


def texts_in(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield every text of a config map or a secret, decoded where it is encoded."""
    is_secret = ":Secret" in resource.type
    for name in dict.fromkeys((*_TEXTS, *_ENCODED)):
        entries = plain(resource.properties.get(name))
        for key, value in entries.items() if isinstance(entries, Mapping) else ():
            text = plain(value)
            if not isinstance(text, str):
                continue
            encoded = name == "binaryData" or (is_secret and name == "data")
            yield f"{name}.{key}", (from_base64(text) if encoded else None) or text


def configurations_in(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield every text that may configure a proxy: of a config map or secret, or written by a script."""
    if resource.type.removesuffix("Patch").startswith(TEXT_OBJECTS):
        yield from texts_in(resource)
    for path, script in scripts_in(resource):
        documents, rest = here_documents(script)
        yield from ((path, text) for text in (rest.replace("\\n", "\n"), *documents))


def _configuration(resource: Resource, key: str, text: str, context: Context) -> Iterator[Violation]:
    try:
        configuration = read(text)
    except HaproxyError as error:
        yield _refusal(resource, f"`{key}` cannot be read as an HAProxy configuration: {error}")
        return
    hosts = site_hosts(context)

    def problem(host: str) -> str:
        return "" if host.lower().removesuffix(".") in hosts else problem_of_host(host, context)

    for mistake in (*mistakes(configuration, problem), *unprotected(configuration, hosts)):
        yield _refusal(resource, f"`{key}`, {mistake}")


def _answer(resource: Resource, path: str, value: Value, context: Context) -> Iterator[Violation]:
    """Yield a violation for an answer that the catalogue knows to lead elsewhere.

    An address says nothing about its place, and most names are one's own: what the catalogue does not know
    passes, and so does what is only known after the update.
    """
    text = plain(value)
    if isinstance(text, Unknown) or not isinstance(text, str):
        return
    for word in text.replace('"', " ").replace(",", " ").split():
        host = host_of(word.rstrip(".,;"))
        led = _led_elsewhere(host, context) if host is not None else ""
        if led:
            yield Violation(
                _ID,
                resource.urn,
                resource.type,
                resource.name,
                found=f"`{path}` answers with a host {led}",
                allowed=f"addresses and names of this stack, in {context.jurisdiction}",
                fix="let the record answer with the address of this stack's own router; the other "
                "jurisdiction has a "
                "name of its own",
                exception=_NO_EXCEPTION,
            )
            return


def _led_elsewhere(host: str, context: Context) -> str:
    """Return how a message goes on about a host elsewhere, or an empty text.

    Names under the domain of this stack are left to ``residency-hosts``, which finds them anywhere.
    """
    row = context.catalog.host(host)
    if row is None:
        code = None if elsewhere(host, context) else claimed_elsewhere(host, context)
        return f"that belongs to jurisdiction {code} by its name" if code else ""
    problem = problem_of_host(host, context)
    if problem and (row.is_foreign or row.place is not None or row.place_in_name):
        return f"under {row.suffix} that {problem}"
    return ""


def _refusal(resource: Resource, found: str) -> Violation:
    return Violation(
        _ID,
        resource.urn,
        resource.type,
        resource.name,
        found,
        allowed=f"upstreams that are {ALLOWED_HOSTS}, or by TLS another site of this stack; `option httpchk` "
        "and `check` where there is a choice of servers; "
        "frontends that end in a default_backend or a refusal",
        fix="send to Services of this cluster by their full names, check them, and answer 503 when none is "
        "left",
        exception=_NO_EXCEPTION,
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.ROUTER,
    title="The edge sends only inside the jurisdiction, checks before it sends, and refuses what is left "
    "over",
    why="Fail-over is where residency leaks: a backup elsewhere works so well that nobody notices it, until "
    "the day "
    "when all requests went there.",
    law=LAW,
    source="HAProxy 2.6 configuration manual; fail-over of the gateways looked at, 2026-11-23",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Name upstreams of this cluster only, check their health, and end every frontend in a refusal.",
    exception=_NO_EXCEPTION,
    check=_check,
)
