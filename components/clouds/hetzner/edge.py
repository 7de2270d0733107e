"""The router's load balancer on Hetzner, and its DNS record."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_hcloud as hcloud

from components.clouds.contract import DnsName, EdgeAddress, Network, Site
from components.clouds.hetzner.addresses import Slot
from components.clouds.hetzner.network import HetznerNetwork
from components.clouds.hetzner.servers import number
from components.clouds.naming import globally_unique_name

__all__ = ["LOAD_BALANCER_TYPE", "HetznerDnsName", "HetznerEdgeAddress"]

LOAD_BALANCER_TYPE: Final = "lb11"

_TTL_SECONDS: Final = 300
_ANNOTATION: Final = "load-balancer.hetzner.cloud/"
_EDGE_NUMBER: Final = 1
"""Member of the load balancers' subnet; the API has 0."""


class HetznerEdgeAddress(EdgeAddress):
    """The load balancer itself, made here so that its place and address are known before the router is.

    Hetzner's cloud controller finds it by its name and sets targets and services; a load balancer that it
    made by itself would stand where its own settings say. Two load balancers of one name in one project
    would be one to it (terraform-provider-hcloud issue 960), so the name comes from the public host name.
    """

    def __init__(self, name: str, site: Site, network: Network, opts: pulumi.ResourceOptions) -> None:
        """Make the load balancer under the logical name ``name``.

        Raises:
            TypeError: the network is not Hetzner's.
        """
        super().__init__("sovereign:hetzner:EdgeAddress", name, None, opts)
        own = HetznerNetwork.of(network)
        called = globally_unique_name(site.host, "edge")
        balancer = hcloud.LoadBalancer(
            f"{name}-balancer",
            name=called,
            load_balancer_type=LOAD_BALANCER_TYPE,
            location=site.place.code,
            labels=site.residency.labels,
            # The controller adds a label of its own.
            opts=site.options(self, ignore_changes=["labels"]),
        )
        attached = hcloud.LoadBalancerNetwork(
            f"{name}-private",
            load_balancer_id=number(balancer.id),
            subnet_id=own.subnets[Slot.LOAD_BALANCERS].id,
            ip=str(own.plan.member(Slot.LOAD_BALANCERS, _EDGE_NUMBER)),
            enable_public_interface=True,
            opts=site.options(self),
        )
        ready = pulumi.Output.all(balancer.ipv4, attached.id)
        self.address = ready.apply(lambda parts: parts[0])
        self.annotations = {
            # Known only when the load balancer stands in its network: a Service made before that would have
            # the controller make one of its own.
            f"{_ANNOTATION}name": attached.id.apply(lambda _: called),
            f"{_ANNOTATION}location": site.place.code,
            f"{_ANNOTATION}type": LOAD_BALANCER_TYPE,
            f"{_ANNOTATION}use-private-ip": "true",
            f"{_ANNOTATION}disable-private-ingress": "true",
            f"{_ANNOTATION}ipv6-disabled": "true",
        }
        self.register_outputs({"address": self.address})


class HetznerDnsName(DnsName):
    """An A record in a zone of the project. DNS has no location; the record holds no personal data.

    The zone is made by hand, as it is the whole domain's: Hetzner takes no zone below a registered domain
    (docs.hetzner.com, networking/dns/faq/zones; germanbrew/terraform-provider-hetznerdns issue 217,
    2026-11-24).
    """

    def __init__(
        self, name: str, site: Site, address: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> None:
        """Create the record set in ``site.dns_zone``, which the project holds."""
        super().__init__("sovereign:hetzner:DnsName", name, None, opts)
        record = hcloud.ZoneRrset(
            f"{name}-record",
            zone=site.dns_zone,
            name=site.record_name,
            type="A",
            ttl=_TTL_SECONDS,
            records=[hcloud.ZoneRrsetRecordArgs(value=address)],
            labels=site.residency.labels,
            opts=site.options(self),
        )
        self.fqdn = record.id.apply(lambda _: site.host)
        self.register_outputs({"fqdn": self.fqdn})
