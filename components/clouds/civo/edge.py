"""The router's public address on Civo, and its DNS record."""

from __future__ import annotations

import pulumi
import pulumi_civo as civo

from components.clouds.civo.network import edge_firewall
from components.clouds.contract import DnsName, EdgeAddress, Network, Site

__all__ = ["CivoDnsName", "CivoEdgeAddress"]

_TTL_SECONDS = 600
"""The shortest that Civo takes."""


class CivoEdgeAddress(EdgeAddress):
    """A reserved address, and the firewall of the load balancer that Civo makes for the Service."""

    def __init__(self, name: str, site: Site, network: Network, opts: pulumi.ResourceOptions) -> None:
        """Reserve the address under the logical name ``name``."""
        super().__init__("sovereign:civo:EdgeAddress", name, None, opts)
        reserved = civo.ReservedIp(f"{name}-ip", region=site.place.code, opts=site.options(self))
        firewall = edge_firewall(f"{name}-firewall", site, network.network_id, self)
        self.address = reserved.ip
        self.annotations = {
            "kubernetes.civo.com/ipv4-address": reserved.ip,
            "kubernetes.civo.com/firewall-id": firewall.id,
        }
        self.register_outputs({"address": self.address})


class CivoDnsName(DnsName):
    """The zone ``<jurisdiction>.<domain>`` and the A record at its apex. DNS has no location.

    The stack owns this zone alone, so stacks of other jurisdictions keep theirs with other clouds. In the
    parent domain, wherever it is hosted, delegate the name to Civo's name servers once.
    """

    def __init__(
        self, name: str, site: Site, address: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> None:
        """Create zone and record under the logical name ``name``."""
        super().__init__("sovereign:civo:DnsName", name, None, opts)
        zone = civo.DnsDomainName(f"{name}-zone", name=site.host, opts=site.options(self))
        record = civo.DnsDomainRecord(
            f"{name}-record",
            domain_id=zone.id,
            name="@",
            type="A",
            value=address,
            ttl=_TTL_SECONDS,
            opts=site.options(self),
        )
        self.fqdn = record.id.apply(lambda _: site.host)
        self.register_outputs({"fqdn": self.fqdn})
