"""The private network of a Hetzner stack, and the gateway through which its machines leave it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pulumi
import pulumi_hcloud as hcloud

from components.clouds.contract import Network, Site
from components.clouds.hetzner.addresses import AddressPlan, Slot
from components.clouds.hetzner.machines import gateway_user_data
from components.clouds.hetzner.machines.gateway import gateway_address
from components.clouds.hetzner.servers import Machine, number, server
from components.clouds.narrowing import narrowed

__all__ = ["GATEWAY_TYPE", "HetznerNetwork"]

GATEWAY_TYPE: Final = "cx23"
"""Forwards packets and does nothing else; sold in all three places."""

_EVERYWHERE: Final = "0.0.0.0/0"
_ROLES: Final = (Slot.GATEWAY, Slot.CONTROL_PLANE, Slot.LOAD_BALANCERS, Slot.CPU_POOL)


class HetznerNetwork(Network):
    """Network, one subnet for each role, and the gateway: a small server with the stack's only public
    address for machines.

    Hetzner has no NAT service. The network's route sends everything that leaves it to the gateway, which
    translates addresses. ``network_id`` is known only once gateway and route stand. The gateway is one
    machine: while it is being renewed, nodes cannot pull images and administrators cannot reach the API;
    answers go on, as they go by the router's load balancer.
    """

    plan: AddressPlan
    subnets: dict[Slot, hcloud.NetworkSubnet]
    gateway: hcloud.Server
    way_out: hcloud.NetworkRoute
    """There when machines without a public address can leave: no node starts before it."""
    public_address: pulumi.Output[str]

    def __init__(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> None:
        """Build the network under the logical name ``name``."""
        super().__init__("sovereign:hetzner:Network", name, None, opts)
        self.plan = AddressPlan()
        labels = site.residency.labels
        vswitch = site.settings.vswitch_id
        network = hcloud.Network(
            f"{name}-private",
            ip_range=str(self.plan.network),
            expose_routes_to_vswitch=vswitch is not None,
            labels=labels,
            opts=site.options(self),
        )
        self.subnets = {slot: self._subnet(name, site, network, slot) for slot in _ROLES}
        if vswitch is not None:
            self.subnets[Slot.VSWITCH] = self._subnet(name, site, network, Slot.VSWITCH, vswitch)
        # Lets nothing in. The API's own firewall is attached beside it when there is an API.
        closed = hcloud.Firewall(f"{name}-closed", rules=[], labels=labels, opts=site.options(self))
        address = hcloud.PrimaryIp(
            f"{name}-egress",
            type="ipv4",
            # No assigneeType: what is attached to no server is answered as "unassigned" since 2026-08-01
            # (Hetzner's changelog, 2026-04-27), so it would differ from the answer until the gateway stands.
            location=site.place.code,
            auto_delete=False,
            labels=labels,
            opts=site.options(self),
        )
        own = gateway_address(self.plan)
        machine = Machine(
            server_type=GATEWAY_TYPE,
            subnet=self.subnets[Slot.GATEWAY],
            address=own,
            user_data=gateway_user_data(f"{name}-gateway", self.plan),
            firewall=closed,
            public_address=address,
        )
        self.gateway = server(f"{name}-gateway", site, machine, self, after=[])
        self.way_out = hcloud.NetworkRoute(
            f"{name}-way-out",
            network_id=number(network.id),
            destination=_EVERYWHERE,
            gateway=own,
            opts=site.options(self, depends_on=[self.gateway]),
        )
        self.public_address = address.ip_address
        self.network_id = pulumi.Output.all(network.id, self.way_out.id).apply(_first)
        self.egress_addresses = address.ip_address.apply(_only)
        self.register_outputs({"networkId": self.network_id, "egressAddresses": self.egress_addresses})

    @staticmethod
    def of(network: Network) -> HetznerNetwork:
        """The network as what it is here.

        Raises:
            TypeError: it is another cloud's.
        """
        return narrowed(network, HetznerNetwork)

    def _subnet(
        self, name: str, site: Site, network: hcloud.Network, slot: Slot, vswitch: int | None = None
    ) -> hcloud.NetworkSubnet:
        label = slot.name.lower().replace("_", "-")
        return hcloud.NetworkSubnet(
            f"{name}-{label}",
            network_id=number(network.id),
            type="cloud" if vswitch is None else "vswitch",
            network_zone=site.region,
            ip_range=str(self.plan.subnet(slot)),
            vswitch_id=vswitch,
            opts=site.options(self),
        )


def _first(values: Sequence[str]) -> str:
    return values[0]


def _only(address: str) -> Sequence[str]:
    return [address]
