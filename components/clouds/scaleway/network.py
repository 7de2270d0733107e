"""The private network of a Scaleway stack and the gateway through which its nodes leave it."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumiverse_scaleway as scaleway

from components.clouds.contract import Network, Site

__all__ = ["ScalewayNetwork"]

_SUBNET = "172.16.0.0/22"
"""Nodes, load balancers and the gateway: 1,019 usable addresses."""

_GATEWAY_TYPE = "VPC-GW-S"


class ScalewayNetwork(Network):
    """VPC, private network and public gateway, all in the place of the stack.

    Kapsule nodes without public addresses need the default route that the gateway pushes, so ``network_id``
    is only known once the gateway is attached.
    """

    def __init__(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> None:
        """Build the network under the logical name ``name``."""
        super().__init__("sovereign:scaleway:Network", name, None, opts)
        region, zone = site.region, _gateway_zone(site)
        residency, options = site.residency, site.options(self)
        vpc = scaleway.network.Vpc(
            f"{name}-vpc", region=region, project_id=site.project, tags=residency.tags, opts=options
        )
        private = scaleway.network.PrivateNetwork(
            f"{name}-private",
            region=region,
            project_id=site.project,
            vpc_id=vpc.id,
            ipv4_subnet=scaleway.network.PrivateNetworkIpv4SubnetArgs(subnet=_SUBNET),
            tags=residency.tags,
            opts=options,
        )
        address = scaleway.network.PublicGatewayIp(
            f"{name}-egress", zone=zone, project_id=site.project, tags=residency.tags, opts=options
        )
        gateway = scaleway.network.PublicGateway(
            f"{name}-gateway",
            zone=zone,
            project_id=site.project,
            type=_GATEWAY_TYPE,
            ip_id=address.id,
            bastion_enabled=False,
            tags=residency.tags,
            opts=options,
        )
        attached = scaleway.network.GatewayNetwork(
            f"{name}-route",
            zone=zone,
            gateway_id=gateway.id,
            private_network_id=private.id,
            enable_masquerade=True,
            ipam_configs=[scaleway.network.GatewayNetworkIpamConfigArgs(push_default_route=True)],
            opts=options,
        )
        self.network_id = pulumi.Output.all(private.id, attached.id).apply(_first)
        self.egress_addresses = address.address.apply(_only)
        self.register_outputs({"networkId": self.network_id, "egressAddresses": self.egress_addresses})


def _gateway_zone(site: Site) -> str:
    """The stack's own zone, or the one of the same region that the catalogue names instead."""
    named = site.place.defaults.gateway_zone if site.place.defaults else None
    return named or site.place.code


def _first(ids: Sequence[str]) -> str:
    return ids[0]


def _only(address: str) -> Sequence[str]:
    return [address]
