"""Where reverse proxies other than HAProxy send requests: NGINX, Envoy, Traefik, Caddy, Istio, Gateway API.

Configurations are read from config maps, secrets, command lines and annotations, as far as it takes to see
their upstreams and redirections; nothing here says whether a host is right. What an NGINX variable can be is
read from ``set``, ``map`` and ``split_clients``; any other is known to the request alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policies.documents import documents_in
from policies.facts import Value, plain

__all__ = ["Target", "looks_like_nginx", "targets_in_fields", "targets_in_text"]


@dataclass(frozen=True, slots=True)
class Target:
    """One place that a proxy leads to."""

    what: str
    """The directive, for a message."""
    host: str
    """A host, an address, or ``host:port``; empty if only a request can tell."""
    is_redirection: bool = False
    """True if a client is told to go there itself."""


_COMMENT: Final = re.compile(r"(?m)(?<!\S)#.*$")
_PASS: Final = re.compile(
    r"(?<![\w-])((?:proxy|grpc|fastcgi|uwsgi|scgi)_pass)\s+((?:\$\{\w+\}|[^\s;{}])+)\s*;"
)
_SERVER: Final = re.compile(r"(?<![\w.-])server\s+([^\s;{}]+)[^;{}]*;")
_UPSTREAM: Final = re.compile(r"(?<![\w-])upstream\s+([^\s{};]+)\s*\{")
_SET: Final = re.compile(r"(?<![\w-])set\s+\$(\w+)\s+([^;]+);")
_MAP: Final = re.compile(r"(?<![\w-])(?:map|split_clients)\s+\S+\s+\$(\w+)\s*\{([^}]*)\}")
_REDIRECT: Final = re.compile(r"(?<![\w-])(?:return\s+30[1-8]|rewrite\s+\S+)\s+[\"']?(https?://[^\s;\"']+)")
_NGINX_VARIABLE: Final = re.compile(r"\$\{?(\w+)\}?")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PATH: Final = re.compile(r"\$\{?(?:request_uri|uri|document_uri)\b\}?")
"""Variables of NGINX that begin with a slash."""
_CADDY: Final = re.compile(r"(?m)^[ \t]*reverse_proxy[ \t]+([^\n{]+)")
_ROUNDS: Final = 3
_ENVOY: Final = frozenset({"clusters", "load_assignment", "endpoints", "lb_endpoints", "endpoint"})
"""Above an address one of these makes it an upstream; a listener has an address as well."""
_MARKS: Final = ("socket_address", "socketAddress", "loadBalancer", "host_redirect")


def looks_like_nginx(text: str) -> bool:
    """Return True for a text that tells NGINX where to send requests."""
    return ("_pass" in text and _PASS.search(text) is not None) or (
        "upstream" in text and _UPSTREAM.search(text) is not None
    )


def targets_in_text(text: str) -> Iterator[Target]:
    """Yield every place that a configuration inside a text leads to.

    Raises:
        TooMuchError: it is a file of Envoy or Traefik that nobody can walk to its end.
    """
    if looks_like_nginx(text):
        yield from _nginx(_COMMENT.sub("", text))
    elif "return" in text or "rewrite" in text:
        yield from _redirections(_COMMENT.sub("", text))
    if "reverse_proxy" in text:
        yield from _caddy(_COMMENT.sub("", text))
    if any(mark in text for mark in _MARKS):
        for document in documents_in(text):
            yield from targets_in_fields(document)


def _nginx(text: str) -> Iterator[Target]:
    groups = {match[1] for match in _UPSTREAM.finditer(text)}
    variables = _variables(text)
    if groups:
        yield from (Target("server", _host(match[1])) for match in _SERVER.finditer(text))
    for match in _PASS.finditer(text):
        for target in _meant(match[2].strip("\"'"), variables):
            host = _host(target)
            if host.partition(":")[0] not in groups:
                yield Target(match[1], host)
    yield from _redirections(text)


def _redirections(text: str) -> Iterator[Target]:
    for match in _REDIRECT.finditer(text):
        host = _authority(match[1]).partition("$")[0]
        if host:
            yield Target("a redirection", host, is_redirection=True)


def _variables(text: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for match in _SET.finditer(text):
        found[match[1]] = (*found.get(match[1], ()), match[2].strip().strip("\"'"))
    for match in _MAP.finditer(text):
        values = [words[1] for line in match[2].split(";") if len(words := line.split()) > 1]
        found[match[1]] = (*found.get(match[1], ()), *(value.strip("\"'") for value in values))
    return found


def _meant(target: str, variables: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return what a target can be; a variable that nobody sets stays in it."""
    meant = {target}
    for _ in range(_ROUNDS):
        below: set[str] = set()
        for each in meant:
            match = _NGINX_VARIABLE.search(_authority(each))
            values = variables.get(match[1]) if match else None
            below |= {each.replace(match[0], value) for value in values} if match and values else {each}
        if below == meant:
            break
        meant = below
    return meant


def _authority(target: str) -> str:
    """Return what stands before the path: NGINX knows a request's path, and that leads nowhere else."""
    bare = _PATH.sub("/", _SCHEME.sub("", target, count=1))
    return bare.partition("/")[0] if not bare.startswith("unix:") else bare


def _host(target: str) -> str:
    """Return the host of a target with its port; ``localhost`` for a socket; empty if nobody can tell."""
    authority = _authority(target)
    if authority.startswith("unix:"):
        return "localhost"
    return "" if "$" in authority else authority


def _caddy(text: str) -> Iterator[Target]:
    for match in _CADDY.finditer(text):
        for word in match[1].split():
            if not word.startswith(("/", "@", "*", "unix/")):
                yield Target("reverse_proxy", "" if "{" in word else _authority(word))


def targets_in_fields(value: Value, steps: tuple[str, ...] = ()) -> Iterator[Target]:
    """Yield every upstream of Envoy and Traefik in a file or an object: by the shape, whatever it is in."""
    bare = plain(value)
    if isinstance(bare, tuple):
        for element in bare:
            yield from targets_in_fields(element, steps)
    elif isinstance(bare, Mapping):
        for key, item in bare.items():
            text = plain(item)
            if isinstance(text, str):
                yield from _field(key, text, steps)
            else:
                yield from targets_in_fields(item, (*steps, key))


def _field(key: str, text: str, steps: tuple[str, ...]) -> Iterator[Target]:
    last = steps[-1] if steps else ""
    if key == "address" and last in {"socket_address", "socketAddress"} and _ENVOY & set(steps):
        yield Target("an endpoint", text)
    elif key == "url" and last == "servers" and "loadBalancer" in steps:
        yield Target("a server", _authority(text))
    elif key in {"host_redirect", "hostRedirect"}:
        yield Target("a redirection", text, is_redirection=True)
