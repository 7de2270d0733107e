"""The router's public address on OVHcloud, and its DNS record."""

from __future__ import annotations

import pulumi
import pulumi_ovh as ovh

from components.clouds.contract import DnsName, EdgeAddress, Network, Site
from components.clouds.ovh.network import OvhNetwork
from components.clouds.ovh.project import project_of

__all__ = ["OvhDnsName", "OvhEdgeAddress"]

_TTL_SECONDS = 300


class OvhEdgeAddress(EdgeAddress):
    """A floating address in the region of the stack.

    The load balancer is made by the cluster's controller (OpenStack Octavia) in the same region. It takes
    this address because the Service asks for it, and leaves it when the Service goes. Size ``small`` is the
    controller's default, and the two plans name sizes differently, so none is named (ovh/docs,
    expose_your_applications_using_a_load_balancer, and pull request 8481).
    """

    def __init__(self, name: str, site: Site, network: Network, opts: pulumi.ResourceOptions) -> None:
        """Reserve the address under the logical name ``name``."""
        super().__init__("sovereign:ovh:EdgeAddress", name, None, opts)
        if not isinstance(network, OvhNetwork):
            message = f"an address of ovh needs a network of ovh, found {type(network).__name__}"
            raise TypeError(message)
        floating = ovh.CloudFloatingIp(
            f"{name}-ip",
            service_name=project_of(site),
            region=site.place.code,
            description=" ".join([site.host, *site.residency.tags]),
            opts=site.options(self),
        )
        self.address = floating.current_state.apply(_address)
        self.load_balancer_ip = self.address
        self.annotations = {
            "loadbalancer.ovhcloud.com/class": "octavia",
            "loadbalancer.openstack.org/subnet-id": network.subnet_id,
            "loadbalancer.openstack.org/keep-floatingip": "true",
        }
        self.register_outputs({"address": self.address})


class OvhDnsName(DnsName):
    """An A record in a zone of the account. DNS has no location; the record holds no personal data."""

    def __init__(
        self, name: str, site: Site, address: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> None:
        """Create the record in ``site.dns_zone``, which the account holds."""
        super().__init__("sovereign:ovh:DnsName", name, None, opts)
        record = ovh.domain.ZoneRecord(
            f"{name}-record",
            zone=site.dns_zone,
            subdomain=site.record_name,
            fieldtype="A",
            target=address,
            ttl=_TTL_SECONDS,
            opts=site.options(self),
        )
        self.fqdn = record.id.apply(lambda _: site.host)
        self.register_outputs({"fqdn": self.fqdn})


def _address(state: ovh.outputs.CloudFloatingIpCurrentState) -> str:
    if not state.ip:
        message = (
            "OVHcloud gave the floating address no address: wait until it is ready, run `pulumi refresh` and "
            "update again"
        )
        raise ValueError(message)
    return state.ip
