"""The router's public address on Scaleway, and its DNS record."""

from __future__ import annotations

import pulumi
import pulumiverse_scaleway as scaleway

from catalog.marks import NO_ANSWER
from components.clouds.contract import DnsName, EdgeAddress, Site

__all__ = ["ScalewayDnsName", "ScalewayEdgeAddress"]

_TTL_SECONDS = 300


_ANNOTATION = "service.beta.kubernetes.io/scw-loadbalancer-"


class ScalewayEdgeAddress(EdgeAddress):
    """A reserved load balancer address in the zone of the stack.

    The load balancer itself is made by Scaleway's cloud controller for the router's Service. Without the zone
    annotation it may stand in another zone than the address and the nodes.
    """

    def __init__(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> None:
        """Reserve the address under the logical name ``name``."""
        super().__init__("sovereign:scaleway:EdgeAddress", name, None, opts)
        address = scaleway.loadbalancers.Ip(
            f"{name}-ip",
            zone=site.place.code,
            project_id=site.project,
            tags=site.residency.tags,
            opts=site.options(self),
        )
        self.address = address.ip_address
        self.annotations = {
            f"{_ANNOTATION}zone": site.place.code,
            f"{_ANNOTATION}type": "LB-S",
            f"{_ANNOTATION}ip-ids": address.id.apply(_without_zone),
        }
        self.register_outputs({"address": self.address})


class ScalewayDnsName(DnsName):
    """An A record in a zone that Scaleway serves. DNS has no location; the record holds no personal data.

    With ``site.client_countries`` the record tells the address to resolvers in those countries alone. That
    keeps wrong arrivals rare; it is no border control, as a resolver can stand in another country than its
    client. The router refuses what arrives all the same.
    """

    def __init__(
        self, name: str, site: Site, address: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> None:
        """Create the record in ``site.dns_zone``, which Scaleway serves."""
        super().__init__("sovereign:scaleway:DnsName", name, None, opts)
        record = scaleway.domain.Record(
            f"{name}-record",
            project_id=site.project,
            dns_zone=site.dns_zone,
            name=site.record_name,
            type="A",
            data=address if site.client_countries is None else NO_ANSWER,
            geo_ip=_geo_ip(site.client_countries, address),
            ttl=_TTL_SECONDS,
            opts=site.options(self),
        )
        self.fqdn = record.id.apply(lambda _: site.host)
        self.register_outputs({"fqdn": self.fqdn})


def _geo_ip(
    countries: frozenset[str] | None, address: pulumi.Input[str]
) -> scaleway.domain.RecordGeoIpArgs | None:
    if countries is None:
        return None
    match = scaleway.domain.RecordGeoIpMatchArgs(countries=sorted(countries), data=address)
    return scaleway.domain.RecordGeoIpArgs(matches=[match])


def _without_zone(identifier: str) -> str:
    """The cloud controller wants the bare UUID; the provider's id is ``fr-par-2/uuid``."""
    return identifier.rpartition("/")[2]
