"""The way to the Kubernetes API: a load balancer inside, and the gateway's firewall in front of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pulumi
import pulumi_hcloud as hcloud

from components.clouds.contract import Site
from components.clouds.hetzner.addresses import Slot
from components.clouds.hetzner.edge import LOAD_BALANCER_TYPE
from components.clouds.hetzner.machines.gateway import API_PORT, api_address
from components.clouds.hetzner.network import HetznerNetwork
from components.clouds.hetzner.servers import number

__all__ = ["HetznerApi"]

_INTERVAL_SECONDS: Final = 10
_TIMEOUT_SECONDS: Final = 5
_RETRIES: Final = 3


class HetznerApi(pulumi.ComponentResource):
    """Load balancer without a public interface, the servers behind it, and the access list on the gateway."""

    def __init__(
        self,
        name: str,
        site: Site,
        network: HetznerNetwork,
        servers: Sequence[hcloud.Server],
        api_access: Sequence[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Build it under the logical name ``name``."""
        super().__init__("sovereign:hetzner:Api", name, None, opts)
        labels = site.residency.labels
        balancer = hcloud.LoadBalancer(
            f"{name}-balancer",
            load_balancer_type=LOAD_BALANCER_TYPE,
            location=site.place.code,
            labels=labels,
            opts=site.options(self),
        )
        attached = hcloud.LoadBalancerNetwork(
            f"{name}-private",
            load_balancer_id=number(balancer.id),
            subnet_id=network.subnets[Slot.LOAD_BALANCERS].id,
            ip=api_address(network.plan),
            enable_public_interface=False,
            opts=site.options(self),
        )
        hcloud.LoadBalancerService(
            f"{name}-service",
            load_balancer_id=balancer.id,
            protocol="tcp",
            listen_port=API_PORT,
            destination_port=API_PORT,
            health_check=hcloud.LoadBalancerServiceHealthCheckArgs(
                protocol="tcp",
                port=API_PORT,
                interval=_INTERVAL_SECONDS,
                timeout=_TIMEOUT_SECONDS,
                retries=_RETRIES,
            ),
            opts=site.options(self),
        )
        for index, machine in enumerate(servers):
            hcloud.LoadBalancerTarget(
                f"{name}-target-{index + 1}",
                type="server",
                load_balancer_id=number(balancer.id),
                server_id=number(machine.id),
                use_private_ip=True,
                # Without a network of its own a load balancer has no private address to reach a server by.
                opts=site.options(self, depends_on=[attached]),
            )
        firewall = hcloud.Firewall(
            f"{name}-access",
            rules=[
                hcloud.FirewallRuleArgs(
                    direction="in",
                    protocol="tcp",
                    port=str(API_PORT),
                    source_ips=list(api_access),
                    description="sovereign:apiAccess",
                )
            ],
            labels=labels,
            opts=site.options(self),
        )
        hcloud.FirewallAttachment(
            f"{name}-access",
            firewall_id=number(firewall.id),
            server_ids=[number(network.gateway.id)],
            opts=site.options(self),
        )
        self.register_outputs({})
