"""The private network of an OVHcloud stack and the gateway through which its nodes leave it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_ovh as ovh

from components.clouds.contract import Network, Site
from components.clouds.ovh.project import project_of

__all__ = ["OvhNetwork"]

_SUBNET = "10.20.0.0/20"
"""Nodes, load balancers and the gateway: 4,093 usable addresses. Outside what the clusters use themselves:
10.2.0.0/16, 10.3.0.0/16 and 172.17.0.0/16 on the free plan, 10.240.0.0/13 and 10.3.0.0/16 on the standard one
(ovh/docs, managed_kubernetes/known-limits, 2024-10-02, and managed_kubernetes/premium, 2025-09-10)."""

_GATEWAY_MODEL = "s"


class OvhNetwork(Network):
    """Private network, subnet and gateway, all in the region of the stack.

    ``regions`` is set because its default is every region of the project, Canada and Singapore included. Name
    and subnet stay as they are: the cluster's controller finds its network by name, and new nodes of a
    renamed one never come up (ovh/docs, known-limits).
    """

    subnet_id: pulumi.Output[str]
    """OpenStack id of the subnet. Known, like ``network_id``, only once the gateway stands: a cluster of the
    standard plan is refused without one, and private nodes would have no way out."""

    def __init__(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> None:
        """Build the network under the logical name ``name``."""
        super().__init__("sovereign:ovh:Network", name, None, opts)
        region, project, options = site.place.code, project_of(site), site.options(self)
        private = ovh.cloudproject.NetworkPrivate(
            f"{name}-private", service_name=project, regions=[region], opts=options
        )
        openstack_id = private.regions_openstack_ids.apply(lambda ids: _of_region(ids, region))
        subnet = ovh.cloudproject.NetworkPrivateSubnetV2(
            f"{name}-subnet",
            service_name=project,
            region=region,
            network_id=openstack_id,
            cidr=_SUBNET,
            dhcp=True,
            enable_gateway_ip=True,
            opts=options,
        )
        gateway = ovh.cloudproject.Gateway(
            f"{name}-gateway",
            service_name=project,
            region=region,
            model=_GATEWAY_MODEL,
            network_id=openstack_id,
            subnet_id=subnet.id,
            opts=options,
        )
        self.network_id = pulumi.Output.all(openstack_id, gateway.id).apply(_first)
        self.subnet_id = pulumi.Output.all(subnet.id, gateway.id).apply(_first)
        self.egress_addresses = gateway.external_informations.apply(_addresses)
        self.register_outputs({"networkId": self.network_id, "egressAddresses": self.egress_addresses})


def _of_region(ids: Mapping[str, str], region: str) -> str:
    """The OpenStack id of the network in a region: every region has its own, and the cluster wants that."""
    if region not in ids:
        found = ", ".join(sorted(ids)) or "none"
        message = f"the private network has no OpenStack id in {region}; it has one in: {found}"
        raise ValueError(message)
    return ids[region]


def _addresses(informations: Sequence[ovh.cloudproject.outputs.GatewayExternalInformation]) -> list[str]:
    found = [entry.ip for information in informations for entry in information.ips or () if entry.ip]
    if not found:
        message = (
            "OVHcloud gave the gateway no public address, so the nodes could not be let through the access "
            "list of the Kubernetes API: run `pulumi refresh` and update again"
        )
        raise ValueError(message)
    return found


def _first(ids: Sequence[str]) -> str:
    return ids[0]
