"""Which servers face the world, and what stands in front of them.

Dedicated machines and machines that are ordered are not judged: their clouds filter, if at all, outside these
resources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import ABSENT, Resource, StackFacts, Value, is_blank, plain

__all__ = ["HCLOUD_SERVER", "hcloud_faces_the_world", "hcloud_is_filtered", "unfiltered"]

HCLOUD_SERVER: Final = "hcloud:index/server:Server"
_HCLOUD_FIREWALL: Final = "hcloud:index/firewall:Firewall"
_HCLOUD_ATTACHMENT: Final = "hcloud:index/firewallAttachment:FirewallAttachment"
_HCLOUD_ADDRESSES: Final = {
    "hcloud:index/primaryIp:PrimaryIp": "assigneeId",
    "hcloud:index/floatingIp:FloatingIp": "serverId",
    "hcloud:index/floatingIpAssignment:FloatingIpAssignment": "serverId",
}
"""Types that give a server a public address of its own, and the property that names the server."""

_SCALEWAY: Final = "scaleway:instance/server:Server"
_CIVO: Final = "civo:index/instance:Instance"
_OVH: Final = "ovh:CloudProject/instance:Instance"
_OVH_CLOUD: Final = "ovh:index/cloudInstance:CloudInstance"
_TERM: Final = re.compile(r"\s*(?P<key>[\w./-]+)\s*(?:==?\s*(?P<value>[\w.-]*)\s*)?")


def unfiltered(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a server that faces the world as it is, and how to mend it.

    This is about clouds whose servers name their own firewall. Those of Hetzner may be named by one.
    """
    given = resource.properties.get
    if resource.type == _SCALEWAY and _scaleway_faces_the_world(resource.properties):
        if is_blank(given("securityGroupId", ABSENT)):
            yield (
                "`securityGroupId` is not given, so the default group of the project filters a server with a "
                "public address, and nobody has said what it lets in",
                "name a SecurityGroup of this stack whose inboundDefaultPolicy is drop, or give no public IP",
            )
    elif resource.type == _CIVO and is_blank(given("firewallId", ABSENT)):
        if plain(given("publicIpRequired")) != "none" or not is_blank(given("reservedIpv4", ABSENT)):
            yield (
                "`firewallId` is not given, so the default firewall of Civo, open to all, is in front",
                "name a Firewall of this stack without default rules, or set publicIpRequired to none",
            )
    elif resource.type == _OVH and (path := _ovh_public(given("network"))):
        yield (
            f"`{path}` puts the instance on the public network, and no resource filters what comes in there",
            "use the private network alone (network.public false), or a CloudInstance with securityGroupIds",
        )
    elif (
        resource.type == _OVH_CLOUD
        and is_blank(given("securityGroupIds", ABSENT))
        and _ovh_cloud_faces_the_world(given("networks"))
    ):
        yield (
            "`securityGroupIds` is not given, and `networks` gives the instance a public address",
            "name a CloudSecurityGroup of this stack, or give the instance private networks only",
        )


def _scaleway_faces_the_world(properties: Mapping[str, Value]) -> bool:
    if any(not is_blank(properties.get(name, ABSENT)) for name in ("ipId", "ipIds")):
        return True
    return any(plain(properties.get(name)) not in {None, False} for name in ("enableDynamicIp", "enableIpv6"))


def _ovh_public(value: Value) -> str:
    """Return the property that gives an instance of OVHcloud a public address, or an empty text."""
    network = plain(value)
    if not isinstance(network, Mapping) or plain(network.get("public")) not in {None, False}:
        return "network.public" if isinstance(network, Mapping) else "network"
    private = plain(network.get("private"))
    if not isinstance(private, Mapping):
        return "network.private"
    floating = (
        name for name in ("floatingIp", "floatingIpCreate") if not is_blank(private.get(name, ABSENT))
    )
    name = next(floating, "")
    return f"network.private.{name}" if name else ""


def _ovh_cloud_faces_the_world(value: Value) -> bool:
    networks = plain(value)
    if not isinstance(networks, tuple) or not networks:
        return True
    for element in networks:
        network = plain(element)
        if not isinstance(network, Mapping) or is_blank(network.get("networkId", ABSENT)):
            return True
    return False


def hcloud_faces_the_world(server: Resource, stack: StackFacts) -> bool:
    """Return True unless a server of Hetzner says that it has no public address. By default it has two."""
    if any(
        server.urn in each.property_dependencies.get(name, ())
        for token, name in _HCLOUD_ADDRESSES.items()
        for each in stack.of_type(token)
    ):
        return True
    nets = plain(server.properties.get("publicNets"))
    if not isinstance(nets, tuple) or not nets:
        return True
    return not all(_is_private(each) for each in nets)


def _is_private(value: Value) -> bool:
    net = plain(value)
    return isinstance(net, Mapping) and all(
        plain(net.get(name)) is False for name in ("ipv4Enabled", "ipv6Enabled")
    )


def hcloud_is_filtered(server: Resource, stack: StackFacts) -> bool:
    """Return True if a firewall is in front of a server: named by it, or naming it or one of its labels."""
    named = plain(server.properties.get("firewallIds"))
    if isinstance(named, tuple) and named:
        return True
    firewalls = {each.urn for each in stack.of_type(_HCLOUD_FIREWALL)}
    if firewalls & set(server.property_dependencies.get("firewallIds", ())):
        return True
    labels = plain(server.properties.get("labels"))
    known = {key: plain(value) for key, value in labels.items()} if isinstance(labels, Mapping) else {}
    for token, names, path in (
        (_HCLOUD_ATTACHMENT, ("serverIds",), "labelSelectors"),
        (_HCLOUD_FIREWALL, ("applyTos",), "applyTos"),
    ):
        for each in stack.of_type(token):
            if any(server.urn in each.property_dependencies.get(name, ()) for name in names):
                return True
            if any(_selects(selector, known) for selector in _selectors(each.properties.get(path))):
                return True
    return False


def _selectors(value: Value) -> Iterator[str]:
    elements = plain(value)
    for element in elements if isinstance(elements, tuple) else ():
        bare = plain(element)
        text = plain(bare.get("labelSelector")) if isinstance(bare, Mapping) else bare
        if isinstance(text, str) and text.strip():
            yield text


def _selects(selector: str, labels: Mapping[str, object]) -> bool:
    """Return True if a label selector surely fits: keys and values joined by commas. Others prove nothing."""
    for term in selector.split(","):
        match = _TERM.fullmatch(term)
        if match is None or match["key"] not in labels:
            return False
        if match["value"] is not None and labels[match["key"]] != match["value"]:
            return False
    return True
