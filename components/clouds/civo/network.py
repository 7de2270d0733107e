"""Private network and firewalls on Civo."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_civo as civo

from components.clouds.contract import Network, Site

__all__ = ["CIDR", "CivoNetwork", "cluster_firewall", "edge_firewall"]

CIDR = "10.30.0.0/22"
"""Addresses of the nodes."""

_ANYWHERE = "0.0.0.0/0"
_ALL_PORTS = "1-65535"


class CivoNetwork(Network):
    """A private network. Nodes leave it through public addresses of their own."""

    def __init__(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> None:
        """Build the network under the logical name ``name``."""
        super().__init__("sovereign:civo:Network", name, None, opts)
        network = civo.Network(
            f"{name}-private", label=name, cidr_v4=CIDR, region=site.place.code, opts=site.options(self)
        )
        nowhere: list[str] = []
        self.network_id = network.id
        self.egress_addresses = pulumi.Output.from_input(nowhere)
        self.register_outputs({"networkId": self.network_id})


def cluster_firewall(
    name: str, site: Site, network_id: pulumi.Input[str], api_access: Sequence[str], parent: pulumi.Resource
) -> civo.Firewall:
    """The firewall of the nodes: in, the Kubernetes API for the allowed ranges; out, what a node needs to
    work.

    Civo's own default rules open everything to everybody, so they are off. The firewall knows addresses, not
    names: that nodes pull from one registry only is kept by digests and policies, that pods call nobody by
    NetworkPolicy.
    """
    return civo.Firewall(
        name,
        region=site.place.code,
        network_id=network_id,
        create_default_rules=False,
        ingress_rules=[
            _allow_in("kubernetes-api", "tcp", "6443", list(api_access)),
            *(_allow_in(f"nodes-{protocol}", protocol, _ALL_PORTS, [CIDR]) for protocol in ("tcp", "udp")),
        ],
        egress_rules=[
            *(_allow_out(f"nodes-{protocol}", protocol, _ALL_PORTS, [CIDR]) for protocol in ("tcp", "udp")),
            _allow_out("registry-and-bucket", "tcp", "443", [_ANYWHERE]),
            _allow_out("kubernetes-api", "tcp", "6443", [_ANYWHERE]),
            _allow_out("dns-udp", "udp", "53", [_ANYWHERE]),
            _allow_out("dns-tcp", "tcp", "53", [_ANYWHERE]),
            _allow_out("time", "udp", "123", [_ANYWHERE]),
        ],
        opts=site.options(parent),
    )


def edge_firewall(
    name: str, site: Site, network_id: pulumi.Input[str], parent: pulumi.Resource
) -> civo.Firewall:
    """The firewall of the router's load balancer: HTTPS in from anywhere, out to the nodes only."""
    return civo.Firewall(
        name,
        region=site.place.code,
        network_id=network_id,
        create_default_rules=False,
        ingress_rules=[_allow_in("https", "tcp", "443", [_ANYWHERE])],
        egress_rules=[_allow_out("nodes-tcp", "tcp", _ALL_PORTS, [CIDR])],
        opts=site.options(parent),
    )


def _allow_in(label: str, protocol: str, ports: str, cidrs: list[str]) -> civo.FirewallIngressRuleArgs:
    return civo.FirewallIngressRuleArgs(
        action="allow", label=label, protocol=protocol, port_range=ports, cidrs=cidrs
    )


def _allow_out(label: str, protocol: str, ports: str, cidrs: list[str]) -> civo.FirewallEgressRuleArgs:
    return civo.FirewallEgressRuleArgs(
        action="allow", label=label, protocol=protocol, port_range=ports, cidrs=cidrs
    )
