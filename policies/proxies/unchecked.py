"""Groups of upstreams among which a proxy chooses without looking whether they answer.

Told apart are proxies that look by default, and need a word to stop (NGINX, Apache), from those that need one
to begin (Envoy, Traefik, Caddy, Kong). One upstream alone is no choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from policies.documents import documents_in
from policies.facts import Absent, Value, plain
from policies.proxies.caddy import directives_of, unmatched

__all__ = ["unchecked_groups"]

_MARKS: Final = ("load_assignment", "loadassignment", "loadbalancer", "upstreams", "_format_version")
_ENVOY_LOOKS: Final = frozenset({"healthchecks", "outlierdetection"})
_CADDY_LOOKS: Final = ("health_", "fail_duration")
_NGINX: Final = re.compile(r"(?<![\w-])upstream\s+([^\s{};]+)\s*\{([^}]*)\}")
_NGINX_SERVER: Final = re.compile(r"(?<![\w.-])server\s+[^;]+;")
_NEVER_FAILS: Final = re.compile(r"\smax_fails=0(?!\d)")


def unchecked_groups(text: str) -> Iterator[str]:
    """Yield how a message names each group in a configuration that is chosen from without a look.

    Raises:
        TooMuchError: a file of YAML, JSON or TOML that nobody can walk to its end.
    """
    lowered = text.lower()
    if "max_fails" in lowered:
        yield from _nginx(text)
    if "reverse_proxy" in lowered and "{" in text:
        yield from _caddyfile(text)
    if any(mark in lowered for mark in _MARKS):
        for document in documents_in(text):
            yield from _walk(document, is_kong="_format_version" in lowered)


def _nginx(text: str) -> Iterator[str]:
    for name, body in _NGINX.findall(text):
        servers = _NGINX_SERVER.findall(body)
        if len(servers) > 1 and any(map(_NEVER_FAILS.search, servers)):
            yield f"upstream {name} of NGINX sets max_fails=0"


def _caddyfile(text: str) -> Iterator[str]:
    servers: dict[int, int] = {}
    looking: set[int] = set()
    for number, each in enumerate(directives_of(text), start=1):
        if each.name == "reverse_proxy":
            servers[number] = len(unmatched(each.arguments))
        elif each.within == "reverse_proxy" and each.name == "to":
            servers[each.block] += len(each.arguments)
        elif each.within == "reverse_proxy" and each.name.startswith(_CADDY_LOOKS):
            looking.add(each.block)
    for number, count in servers.items():
        if count > 1 and number not in looking:
            yield f"a reverse_proxy of Caddy has {count} upstreams and no health_uri"


def _walk(value: Value, *, is_kong: bool) -> Iterator[str]:
    bare = plain(value)
    if isinstance(bare, tuple):
        for element in bare:
            yield from _walk(element, is_kong=is_kong)
    elif isinstance(bare, Mapping):
        fields = {name.replace("_", "").lower(): plain(item) for name, item in bare.items()}
        yield from _group(fields, is_kong=is_kong)
        for item in bare.values():
            yield from _walk(item, is_kong=is_kong)


def _group(fields: Mapping[str, Value | Absent], *, is_kong: bool) -> Iterator[str]:
    name = fields.get("name")
    label = f" {name}" if isinstance(name, str) and name else ""
    if _addresses(fields.get("loadassignment")) > 1 and not _ENVOY_LOOKS & fields.keys():
        yield f"cluster{label} of Envoy has several endpoints and no health_checks"
    balancer = fields.get("loadbalancer")
    if isinstance(balancer, Mapping):
        inner = {key.lower(): plain(item) for key, item in balancer.items()}
        if _count(inner.get("servers")) > 1 and "healthcheck" not in inner:
            yield "a loadBalancer of Traefik has several servers and no healthCheck"
    if "healthchecks" in fields:
        return
    if fields.get("handler") == "reverse_proxy" and _count(fields.get("upstreams")) > 1:
        yield "a reverse_proxy of Caddy has several upstreams and no health_checks"
    if is_kong and _count(fields.get("targets")) > 1:
        yield f"upstream{label} of Kong has several targets and no healthchecks"


def _count(value: Value | Absent | None) -> int:
    return len(value) if isinstance(value, tuple) else 0


def _addresses(value: Value | Absent | None) -> int:
    bare = plain(value)
    if isinstance(bare, tuple):
        return sum(map(_addresses, bare))
    if not isinstance(bare, Mapping):
        return 0
    own = sum(1 for name in bare if name.replace("_", "").lower() == "socketaddress")
    return own + sum(map(_addresses, bare.values()))
