"""The router's HAProxy configuration, made from plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.haproxy import (
    CONFIG_DIRECTORY,
    HARD_STOP_SECONDS,
    HEALTH_PORT,
    TemplateValueError,
    checked_host,
    checked_word,
    render,
)

__all__ = ["CERTIFICATE_FILE", "EDGE_PORT", "RouterConfiguration", "Sibling", "Upstream", "render_router"]

EDGE_PORT = 8443
CERTIFICATE_DIRECTORY = "/etc/haproxy/tls"
CERTIFICATE_FILE = "edge.pem"


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
class Sibling:
    """The edge of another site of the same jurisdiction."""

    name: str
    """Of the site: lower-case letters, digits and ``-``."""
    host: str
    """Its public host name, which its certificate must bear."""
    door: str
    """Name of the Service inside the cluster that passes TLS through to it."""
    port: int
    """Of the door."""

    @property
    def trusted_file(self) -> str:
        """Name of the file with its certificate, beside the configuration: no other one is believed."""
        return f"{self.name}.pem"


@dataclass(frozen=True, kw_only=True)
class RouterConfiguration:
    """What one edge decides by."""

    jurisdiction: str
    """The code this edge serves."""
    base_urls: Mapping[str, str]
    """Each jurisdiction's code to its ``https://host``. Others than ours are only named in refusals."""
    upstreams: Sequence[Upstream]
    """In the order in which they are filled."""
    site: str | None = None
    """Name of the site that this edge belongs to; needed with siblings."""
    siblings: Sequence[Sibling] = ()
    """Asked in this order when no engine here is up or has room."""


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
    siblings = configuration.siblings
    if siblings and configuration.site is None:
        message = "a router with siblings must know the name of its own site: none is given"
        raise TemplateValueError(message)
    named = (*configuration.upstreams, *siblings)
    for word in (*hosts, *(each.name for each in named), *([configuration.site] if siblings else [])):
        checked_word(word or "")
    for sibling in siblings:
        checked_host(sibling.host)
        checked_host(sibling.door)
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
        site=configuration.site,
        siblings=siblings,
        trusted=CONFIG_DIRECTORY,
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
