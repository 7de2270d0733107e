"""The routers of a stack of several sites: their public names, and where a configuration sends to them."""

from __future__ import annotations

from collections.abc import Iterator

from policies.proxies.haproxy import Configuration, Line, Section
from policies.rule import Context
from policies.rules._destinations import host_of

__all__ = ["site_hosts", "unprotected", "upstream_hosts"]

_TLS_PORT = "443"


def site_hosts(context: Context) -> frozenset[str]:
    """Return the public names of the routers, in lower case; none where a stack has one site only.

    What the catalogue knows as somebody's host is no name of the stack's own.
    """
    if len(context.sites) < 2:
        return frozenset()
    named = (site.host.lower() for site in context.sites if site.host is not None)
    return frozenset(host for host in named if context.catalog.host(host) is None)


def _servers(configuration: Configuration) -> Iterator[tuple[Section, Line, str, str]]:
    """Yield each server with its section, its host in lower case and its port."""
    for section in configuration.sections:
        for line in section.own:
            if line.words[0] != "server" or len(line.words) < 3:
                continue
            host = host_of(line.words[2])
            if host is not None:
                port = line.words[2].rpartition(":")[2] if ":" in line.words[2] else ""
                yield section, line, host.lower().removesuffix("."), port


def upstream_hosts(configuration: Configuration) -> frozenset[str]:
    """Return the hosts of all servers of a configuration."""
    return frozenset(host for _, _, host, _ in _servers(configuration))


def unprotected(configuration: Configuration, hosts: frozenset[str]) -> Iterator[str]:
    """Yield every way to another site on which a prompt would travel in the open, or to whoever answers.

    A request has to be sent by TLS with the certificate checked; what only passes TLS through has to dial the
    port of it.
    """
    for section, line, host, port in _servers(configuration):
        if host not in hosts:
            continue
        where = f"line {line.number} ({section.label}): it sends to another site of this stack"
        if section.mode == "http" and not _is_checked(line, host):
            yield f"{where} without `ssl verify required`, or expects another name in its certificate"
        elif section.mode != "http" and port != _TLS_PORT:
            yield f"{where} on another port than {_TLS_PORT}"


def _is_checked(line: Line, host: str) -> bool:
    options = list(zip(line.words, (*line.words[1:], ""), strict=True))
    verified = [value for option, value in options if option == "verify"]
    names = [value for option, value in options if option == "verifyhost"]
    return (
        "ssl" in line.words
        and "no-ssl" not in line.words
        and bool(verified)
        and set(verified) == {"required"}
        and set(names) <= {host}
    )
