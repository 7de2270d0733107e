"""Whether a host, or an address, stands in the jurisdiction.

Inside the cluster, on a private network, or where the catalogue says so: anything else proves nothing and is
refused.

A name ``<service>.<namespace>.svc`` resolves inside the cluster only; a shorter one may resolve anywhere. A
public address says nothing about a place.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from catalog import Catalog, Place
from policies.rule import Context

__all__ = ["ALLOWED_HOSTS", "host_of", "is_private_network", "problem_of_host"]

ALLOWED_HOSTS: Final = (
    "a Service of the cluster (<service>.<namespace>.svc or .svc.cluster.local), a loopback or private "
    "address, or an endpoint that the catalogue places in this jurisdiction"
)

_PRIVATE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")))
"""RFC 1918 and RFC 6598. Link-local addresses are not among them: a cloud's metadata service has one."""
_PRIVATE_6: Final = IPv6Network("fc00::/7")
"""RFC 4193."""
_SERVICE: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.){2,}svc(?:\.cluster\.local)?")
_NAME: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?P<authority>[^/?#]*).*", re.DOTALL)


def host_of(text: str) -> str | None:
    """Return the host of a URL, of ``host:port`` or of a bare host, or None if there is no telling.

    User information before the host is refused: it is there to be taken for one.
    """
    url = _URL.fullmatch(text)
    authority = url.group("authority") if url else text
    bracketed = re.fullmatch(r"\[(?P<address>[0-9A-Fa-f:.]+)\](?::[0-9]+)?", authority)
    if bracketed:
        return bracketed.group("address")
    if authority.count(":") > 1:
        return authority if _is_address(authority) else None
    host, colon, port = authority.partition(":")
    if colon and not re.fullmatch(r"[0-9]{1,5}", port):
        return None
    return host if _NAME.fullmatch(host.removesuffix(".")) else None


def problem_of_host(host: str, context: Context) -> str:
    """Return why a host does not stand in the jurisdiction, or an empty text if it does."""
    if _is_address(host):
        return _problem_of_address(host)
    name = host.lower().removesuffix(".")
    if name == "localhost" or _SERVICE.fullmatch(name):
        return ""
    place = _place_of(name, context.catalog)
    if place is None:
        row = context.catalog.host(name)
        return f"is of {row.owner}, {row.country}" if row else "says nothing about where it stands"
    if place.jurisdiction != context.jurisdiction:
        jurisdiction = f"jurisdiction {place.jurisdiction}" if place.jurisdiction else "no jurisdiction"
        return f"stands in {place.city or place.code}, {place.country}, {jurisdiction}"
    return ""


def is_private_network(cidr: str) -> bool:
    """Return True for a network all of whose addresses are private. Anything unreadable is not."""
    try:
        network = ip_network(cidr, strict=False)
    except ValueError:
        return False
    if isinstance(network, IPv4Network):
        return any(network.subnet_of(private) for private in _PRIVATE)
    return network.subnet_of(_PRIVATE_6)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _problem_of_address(text: str) -> str:
    address = ip_address(text)
    if address.is_loopback or is_private_network(text):
        return ""
    if address.is_unspecified:
        return "means any address"
    return "is a public address, which says nothing about where it stands"


def _place_of(name: str, catalog: Catalog) -> Place | None:
    row = catalog.host(name)
    if row is None or row.cloud is None:
        return None
    if row.place is not None:
        return catalog.place(row.cloud, row.place)
    if not row.place_in_name:
        return None
    codes = {place.code.lower(): place for place in catalog.places(row.cloud)}
    named = [codes[label] for label in name.removesuffix(row.suffix).split(".") if label in codes]
    return named[-1] if len({place.jurisdiction for place in named}) == 1 else None
