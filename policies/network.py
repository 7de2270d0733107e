"""What the exposure rules read of addresses and firewalls: which ranges are everybody, what is open."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from policies.facts import ABSENT, Resource, Unknown, Value, is_blank, plain, shown

__all__ = ["API_PORT", "Opening", "is_public", "openings", "reach"]

API_PORT: Final = 6443
"""Where the Kubernetes API of Civo and of a cluster built from the operating system listens."""

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_PRIVATE: Final = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "fc00::/7")
)
_NOWHERE: Final = tuple(
    ipaddress.ip_network(text) for text in ("0.0.0.0/8", "169.254.0.0/16", "192.0.0.8/32", "224.0.0.0/3")
)
"""This host itself, its own link, the dummy address of RFC 7600, groups, and what no network carries."""
_UNICAST_6: Final = (ipaddress.IPv6Network("2000::/3"), ipaddress.IPv6Network("64:ff9b::/96"))
_MOST: Final = {4: 2**24, 6: 2**96}
"""More public addresses than this in one list are everybody, however they are split up."""

_NO_PORTS: Final = frozenset({"icmp", "icmpv6", "ipv6-icmp"})


def reach(ranges: Value) -> str | None:
    """Return why a list of address ranges lets everybody in, or None if it does not.

    A range that is unknown, or that nobody can read, counts as everybody. A list that is not given is left to
    the caller, as it means something else on every cloud.
    """
    bare = plain(ranges)
    if isinstance(bare, Unknown):
        return "ranges that are only known after the update"
    addresses = {4: 0, 6: 0}
    for element in bare if isinstance(bare, tuple) else (ranges,):
        text = plain(element)
        if isinstance(text, Unknown):
            return "a range that is only known after the update"
        network = _network(text)
        if network is None:
            return f"a range that cannot be read, {shown(element)}"
        if network.prefixlen == 0:
            return f"every address, {network}"
        if not _is_private(network):
            addresses[network.version] += network.num_addresses
    if any(addresses[version] > most for version, most in _MOST.items()):
        return "so many addresses that they are everybody"
    return None


def _network(text: object) -> _Network | None:
    try:
        return ipaddress.ip_network(text.strip(), strict=False) if isinstance(text, str) else None
    except ValueError:
        return None


def _is_private(network: _Network) -> bool:
    first, last = network.network_address, network.broadcast_address
    return any(
        first in private and last in private for private in _PRIVATE if private.version == network.version
    )


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Return True for an address that the internet routes, ranges of documentation among them."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return any(address in network for network in _UNICAST_6)
        address = address.ipv4_mapped
    kept = (*_PRIVATE, *_NOWHERE)
    return not any(network.version == 4 and address in network for network in kept)


@dataclass(frozen=True, slots=True)
class Opening:
    """A rule of a firewall that lets everybody in."""

    path: str
    ports: tuple[int, int] | None
    """First and last port; None for all, for a protocol without ports, and where nobody can tell."""
    who: str
    """Why this is everybody, for a message."""

    @property
    def shown_ports(self) -> str:
        """The ports, for a message."""
        if self.ports is None:
            return "every port"
        first, last = self.ports
        return f"port {first}" if first == last else f"ports {first} to {last}"


@dataclass(frozen=True, slots=True)
class _Shape:
    """How one resource type writes its rules for what comes in."""

    rules: str
    concerns: Callable[[Mapping[str, Value]], bool]
    sources: tuple[str, ...]
    ports: Callable[[Mapping[str, Value]], tuple[int, int] | None]
    group: str = ""
    """Property that names a group of machines instead of addresses."""


def _word(rule: Mapping[str, Value], name: str) -> str | None:
    """A word in lower case; empty if it is not given, None if it is unknown."""
    value = plain(rule.get(name))
    if isinstance(value, Unknown):
        return None
    return value.strip().lower() if isinstance(value, str) else ""


def _is_not(name: str, *words: str) -> Callable[[Mapping[str, Value]], bool]:
    return lambda rule: _word(rule, name) not in words


def _written(*names: str) -> Callable[[Mapping[str, Value]], tuple[int, int] | None]:
    """Ports written as ``80``, ``80-85`` or ``80:85`` in one of these properties."""

    def ports(rule: Mapping[str, Value]) -> tuple[int, int] | None:
        for name in names:
            value = plain(rule.get(name))
            if isinstance(value, int | float) and not isinstance(value, bool):
                return int(value), int(value)
            if isinstance(value, str) and value.strip():
                first, _, last = value.replace(":", "-").partition("-")
                numbers = (first.strip(), (last or first).strip())
                return (int(numbers[0]), int(numbers[1])) if all(map(str.isdecimal, numbers)) else None
        return None

    return ports


def _between(low: str, high: str) -> Callable[[Mapping[str, Value]], tuple[int, int] | None]:
    def ports(rule: Mapping[str, Value]) -> tuple[int, int] | None:
        ends = (plain(rule.get(low)), plain(rule.get(high)))
        if all(isinstance(end, int | float) for end in ends):
            return int(str(ends[0]).split(".")[0]), int(str(ends[1]).split(".")[0])
        return None

    return ports


_SCALEWAY: Final = _Shape(
    "inboundRules", _is_not("action", "drop"), ("ip", "ipRange"), _written("port", "portRange")
)
_SHAPES: Final[Mapping[str, _Shape]] = {
    "civo:index/firewall:Firewall": _Shape(
        "ingressRules", _is_not("action", "deny"), ("cidrs",), _written("portRange")
    ),
    "hcloud:index/firewall:Firewall": _Shape(
        "rules", _is_not("direction", "out"), ("sourceIps",), _written("port")
    ),
    "scaleway:instance/securityGroup:SecurityGroup": _SCALEWAY,
    "scaleway:instance/securityGroupRules:SecurityGroupRules": _SCALEWAY,
    "ovh:index/cloudSecurityGroup:CloudSecurityGroup": _Shape(
        "rules",
        _is_not("direction", "egress"),
        ("remoteIpPrefix",),
        _between("portRangeMin", "portRangeMax"),
        group="remoteGroupId",
    ),
}


def openings(resource: Resource) -> Iterator[Opening]:
    """Yield every rule of a firewall or security group that lets everybody in. Ping is let through."""
    shape = _SHAPES.get(resource.type)
    if shape is None:
        return
    rules = plain(resource.properties.get(shape.rules))
    if isinstance(rules, Unknown):
        yield Opening(shape.rules, None, "rules that are only known after the update")
    for index, element in enumerate(rules if isinstance(rules, tuple) else ()):
        path = f"{shape.rules}[{index}]"
        rule = plain(element)
        if not isinstance(rule, Mapping):
            yield Opening(path, None, "a rule that is only known after the update")
        elif shape.concerns(rule) and _word(rule, "protocol") not in _NO_PORTS:
            who = _who(rule, shape)
            if who is not None:
                yield Opening(path, shape.ports(rule), who)


def _who(rule: Mapping[str, Value], shape: _Shape) -> str | None:
    if shape.group and not is_blank(rule.get(shape.group, ABSENT)):
        return None
    given = [rule[name] for name in shape.sources if not is_blank(rule.get(name, ABSENT))]
    if not given:
        return "every address, as no source is given"
    return next((found for found in map(reach, given) if found is not None), None)
