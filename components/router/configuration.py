"""The router's HAProxy configuration, made from plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.haproxy import HARD_STOP_SECONDS, HEALTH_PORT, TemplateValueError, checked_host, render

__all__ = ["CERTIFICATE_FILE", "EDGE_PORT", "RouterConfiguration", "Upstream", "render_router"]

EDGE_PORT = 8443
CERTIFICATE_DIRECTORY = "/etc/haproxy/tls"
CERTIFICATE_FILE = "edge.pem"

_WORD = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """One engine inside the jurisdiction."""

    name: str
    """Lower-case letters, digits and ``-``; also the name of its workload in the inference namespace."""
    host: str
    """Name of its Service inside the cluster."""
    port: int
    slots: int
    """Requests that one router gives it at once; the next one goes to the next engine."""
    degraded: bool = False
    """True if its answers bear the header ``x-sovereign-degraded``."""


@dataclass(frozen=True, kw_only=True)
class RouterConfiguration:
    """What one edge decides by."""

    jurisdiction: str
    """The code this edge serves."""
    base_urls: Mapping[str, str]
    """Each jurisdiction's code to its ``https://host``. Others than ours are only named in refusals."""
    upstreams: Sequence[Upstream]
    """In the order in which they are filled."""


def render_router(configuration: RouterConfiguration) -> str:
    """The content of ``haproxy.cfg``.

    Raises:
        TemplateValueError: a value would not stay one word in the configuration, or no engine is given.
    """
    hosts = {code: _host(url) for code, url in configuration.base_urls.items()}
    jurisdiction = configuration.jurisdiction
    if jurisdiction not in hosts:
        message = f"no base URL for {jurisdiction!r}; given: {', '.join(sorted(hosts)) or 'none'}"
        raise TemplateValueError(message)
    if not configuration.upstreams:
        message = "a router without an engine would refuse everything: give at least one upstream"
        raise TemplateValueError(message)
    for word in (*hosts, *(upstream.name for upstream in configuration.upstreams)):
        _checked_word(word)
    for upstream in configuration.upstreams:
        checked_host(upstream.host)
    urls = {code: f"https://{host}" for code, host in sorted(hosts.items())}
    return render(
        "router/haproxy.cfg.j2",
        jurisdiction=jurisdiction,
        host=hosts[jurisdiction],
        base_url=urls[jurisdiction],
        elsewhere=[(code, url) for code, url in urls.items() if code != jurisdiction],
        codes=list(urls),
        upstreams=configuration.upstreams,
        port=EDGE_PORT,
        health_port=HEALTH_PORT,
        hard_stop_seconds=HARD_STOP_SECONDS,
        certificate=f"{CERTIFICATE_DIRECTORY}/{CERTIFICATE_FILE}",
    )


def _host(url: str) -> str:
    if not url.startswith("https://"):
        message = f"{url!r} is not https://host"
        raise TemplateValueError(message)
    return checked_host(url.removeprefix("https://"))


def _checked_word(word: str) -> str:
    if not _WORD.fullmatch(word):
        message = f"{word!r} is not a name: allowed are lower-case letters, digits and '-'"
        raise TemplateValueError(message)
    return word
