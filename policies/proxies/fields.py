"""Where proxies send requests that are configured by objects: YAML, JSON, TOML, and objects of Kubernetes.

They are known by their shape, whatever they stand in. A further make is one more row: the field, what stands
right above it, and what stands somewhere above that. Letter case and underscores in names do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policies.documents import documents_in
from policies.facts import Value, plain
from policies.proxies.targets import Target, redirection, upstream

__all__ = ["targets_in_documents", "targets_in_fields"]


@dataclass(frozen=True, slots=True)
class _Shape:
    """One form of a field that names where requests go."""

    what: str
    fields: frozenset[str]
    below: frozenset[str]
    """What stands right above it, lists not counted; empty if that may be anything."""
    within: frozenset[str]
    """One of them stands somewhere above it; empty if that may be anything."""
    is_redirection: bool = False


def _shape(what: str, fields: str, below: str = "", within: str = "", *, leads: bool = True) -> _Shape:
    return _Shape(
        what, frozenset(fields.split()), frozenset(below.split()), frozenset(within.split()), not leads
    )


_SHAPES: Final = (
    _shape(
        "an endpoint", "address", "socketaddress", "clusters loadassignment endpoints lbendpoints endpoint"
    ),  # Envoy: a listener has an address as well
    _shape("a redirection", "hostredirect", leads=False),
    _shape("a server", "url address", "servers", "loadbalancer"),  # Traefik
    _shape("forwardAuth", "address", "forwardauth"),
    _shape("a redirection", "replacement", "redirectregex", leads=False),
    _shape("dial", "dial", "upstreams"),  # Caddy
    _shape("a dynamic upstream", "name", "dynamicupstreams"),
    _shape("api_base", "apibase baseurl", "litellmparams"),
    _shape("a node", "host", "nodes", "upstream upstreams"),  # APISIX
    _shape("proxy-mirror", "host", "proxy-mirror"),
    _shape("forward-auth", "uri", "forward-auth"),
    _shape("an endpoint", "endpoint", "override", "ai-proxy ai-proxy-multi"),
    _shape("upstream_url", "upstreamurl", "", "plugins options model"),  # Kong
    _shape("a node", "addr", "nodes", "forwarder hops"),  # gost
    _shape("an upstream", "uri", "upstreams", "upstreamconfig"),  # OAuth2 Proxy
    _shape("a route", "uri", "routes", "gateway"),  # Spring Cloud Gateway
    _shape("a backend", "host", "backend", "endpoints"),  # KrakenD
    _shape("a target", "targeturl", "proxy"),  # Tyk
    _shape("a destination", "address", "", "reverseproxy"),  # YARP
)
_BY_FIELD: Final[Mapping[str, tuple[_Shape, ...]]] = {
    name: tuple(shape for shape in _SHAPES if name in shape.fields)
    for name in sorted({name for shape in _SHAPES for name in shape.fields})
}
_MARKS: Final = (
    ("socket_address",),
    ("socketaddress",),
    ("host_redirect",),
    ("hostredirect",),
    ("loadbalancer", "servers"),
    ("forwardauth",),
    ("redirectregex",),
    ("upstreams", "dial"),
    ("dynamic_upstreams",),
    ("litellm_params",),
    ("upstream", "nodes"),
    ("proxy-mirror",),
    ("forward-auth",),
    ("ai-proxy", "override"),
    ("_format_version",),
    ("upstream_url",),
    ("nodes", "addr", "forwarder"),
    ("nodes", "addr", "hops"),
    ("upstreamconfig",),
    ("cloud", "gateway", "routes", "uri"),
    ("backend", "url_pattern"),
    ("target_url", "listen_path"),
    ("reverseproxy", "destinations"),
    ("mode", "reverse:"),
)
"""Words in lower case, some of which all stand in each text that is worth reading."""
_NODE: Final = re.compile(r"[\w.-]+(?::\d{1,5})?|\[[0-9A-Fa-f:]+\](?::\d{1,5})?")
_FIELD: Final = re.compile(
    r"(?im)^[\s\[{-]*[\"']?(url|address|api_base|base_url|target|dial)[\"']?[ \t]*[:=][ \t]*[\"']?"
    r"((?:\{\{[^}]*\}\}|[^\s\"',}{])+)"
)
_ANY_ADDRESS: Final = re.compile(r"(?:0\.0\.0\.0|\[?::\]?)(?::\d+)?$")
"""Where something listens."""
_MODE: Final = re.compile(r"(?:reverse|upstream):(\w+://.*|[\w.-]+:\d+)")


def targets_in_documents(text: str, lowered: str) -> Iterator[Target]:
    """Yield every place that a file of YAML, JSON or TOML leads to.

    Raises:
        TooMuchError: nobody can walk it to its end.
    """
    if any(all(mark in lowered for mark in marks) for marks in _MARKS):
        documents = documents_in(text)
        for document in documents:
            yield from targets_in_fields(document)
            yield from _kong(document)
        if not documents and "{{" in text:
            yield from _templated(text)


def targets_in_fields(value: Value, steps: tuple[str, ...] = ()) -> Iterator[Target]:
    """Yield every place that an object leads to: by the shape, whatever it is in."""
    bare = plain(value)
    if isinstance(bare, tuple):
        for element in bare:
            yield from targets_in_fields(element, steps)
    elif isinstance(bare, str) and steps:
        yield from _field(steps[-1], bare, steps[:-1])
    elif isinstance(bare, Mapping):
        last = steps[-1] if steps else ""
        for key, item in bare.items():
            if last == "nodes" and {"upstream", "upstreams"} & {*steps[-3:-1]}:
                yield from _node(key, item)
            yield from targets_in_fields(item, (*steps, key.replace("_", "").lower()))
        if last in {"upstream", "upstreams"} and plain(bare.get("discovery_type")) == "dns":
            yield from _led("service_name", plain(bare.get("service_name")))


def _templated(text: str) -> Iterator[Target]:
    """Yield what the fields of a template may lead to, which is a document only once it is filled in."""
    for match in _FIELD.finditer(text):
        if not _ANY_ADDRESS.match(match[2]):
            yield from _led(match[1], match[2])


def _node(key: str, weight: Value) -> Iterator[Target]:
    """Yield a node of APISIX that is the name of a field, with its weight for a value."""
    bare = plain(weight)
    is_weight = isinstance(bare, int | float) or (isinstance(bare, str) and bare.isdecimal())
    if is_weight and _NODE.fullmatch(key) and key not in {"port", "priority", "weight"}:
        yield from _led("a node", key)


def _field(key: str, text: str, steps: tuple[str, ...]) -> Iterator[Target]:
    for shape in _BY_FIELD.get(key, ()):
        if (not shape.below or (steps and steps[-1] in shape.below)) and (
            not shape.within or shape.within & {*steps}
        ):
            yield from _led(shape.what, text, is_redirection=shape.is_redirection)
    if key == "mode" and not steps:
        mode = _MODE.match(text)
        yield from _led("mode", mode[1] if mode else None)


def _led(what: str, text: object, *, is_redirection: bool = False) -> Iterator[Target]:
    found = (redirection if is_redirection else upstream)(what, text) if isinstance(text, str) else None
    if found:
        yield found


def _kong(document: Value) -> Iterator[Target]:
    """Yield the services and targets of a declarative file of Kong: a host may be the name of an upstream."""
    fields = plain(document)
    if not isinstance(fields, Mapping) or "_format_version" not in fields:
        return
    groups = [*_objects(fields.get("upstreams"))]
    names = [plain(group.get("name")) for group in groups]
    for group in groups:
        for target in _objects(group.get("targets")):
            yield from _led("a target", plain(target.get("target")))
    for service in _objects(fields.get("services")):
        yield from _led("the url of a service", plain(service.get("url")))
        host = plain(service.get("host"))
        if host not in names:
            yield from _led("the host of a service", host)


def _objects(value: Value) -> Iterator[Mapping[str, Value]]:
    bare = plain(value)
    for element in bare if isinstance(bare, tuple) else ():
        fields = plain(element)
        if isinstance(fields, Mapping):
            yield fields
