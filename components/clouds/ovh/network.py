"""The private network of an OVHcloud stack and the gateway through which its nodes leave it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_ovh as ovh

from catalog import CatalogError, Place
from components.clouds.contract import Network, Site
from components.clouds.ovh.project import project_of

__all__ = ["SLOTS", "AddressPlan", "OvhNetwork", "address_plan"]

_SUBNETS: Final = ipaddress.IPv4Network("10.20.0.0/14")
"""Addresses of all places together. Outside what the clusters use themselves: 10.2.0.0/16, 10.3.0.0/16 and
172.17.0.0/16 on the free plan, 10.240.0.0/13 and 10.3.0.0/16 on the standard one (ovh/docs,
managed_kubernetes/known-limits, 2024-10-02, and managed_kubernetes/premium, 2025-09-10)."""

_SUBNET_PREFIX: Final = 20
"""Nodes, load balancers and the gateway of one place: 4,093 usable addresses."""

_FIRST_VLAN: Final = 100
"""Of slot 0. VLAN 0, the provider's default, is the untagged LAN of the whole vRack."""

SLOTS: Final = 2 ** (_SUBNET_PREFIX - _SUBNETS.prefixlen)
"""How many places there can be: slots 0 to 63."""

_GATEWAY_MODEL = "s"


@dataclass(frozen=True, kw_only=True)
class AddressPlan:
    """What no other place of the vRack may use: regions share its LAN, so one VLAN would be one network."""

    vlan_id: int
    subnet: ipaddress.IPv4Network


def address_plan(place: Place) -> AddressPlan:
    """VLAN and addresses of a place, by its slot in the catalogue.

    Raises:
        CatalogError: the catalogue gives the place no slot, or one beyond the last.
    """
    slot = place.defaults.network_slot if place.defaults else None
    if slot is None or slot >= SLOTS:
        message = (
            f"catalog/data/places/ovh.yaml: places[{place.code}].defaults.network_slot: "
            f"{'missing' if slot is None else f'found {slot}'}; allowed: a number from 0 to {SLOTS - 1} that "
            "no other place has"
        )
        raise CatalogError(message)
    size = 2 ** (32 - _SUBNET_PREFIX)
    first = int(_SUBNETS.network_address) + slot * size
    return AddressPlan(vlan_id=_FIRST_VLAN + slot, subnet=ipaddress.IPv4Network((first, _SUBNET_PREFIX)))


class OvhNetwork(Network):
    """Private network, subnet and gateway, all in the region of the stack.

    A vRack joins all its regions, and all projects in it, into one LAN. So each place has a VLAN and
    addresses of its own, and each jurisdiction needs a vRack of its own (docs/clouds/ovh.md).

    ``regions`` is set because its default is every region of the project, Canada and Singapore included. Name
    and subnet stay as they are: the cluster's controller finds its network by name, and new nodes of a
    renamed one never come up (ovh/docs, known-limits).
    """

    subnet_id: pulumi.Output[str]
    """OpenStack id of the subnet. Known, like ``network_id``, only once the gateway stands: a cluster of the
    standard plan is refused without one, and private nodes would have no way out."""

    def __init__(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> None:
        """Build the network under the logical name ``name``.

        Raises:
            CatalogError: the catalogue gives the place no slot.
        """
        super().__init__("sovereign:ovh:Network", name, None, opts)
        region, project, options = site.place.code, project_of(site), site.options(self)
        plan = address_plan(site.place)
        private = ovh.cloudproject.NetworkPrivate(
            f"{name}-private", service_name=project, regions=[region], vlan_id=plan.vlan_id, opts=options
        )
        openstack_id = private.regions_openstack_ids.apply(lambda ids: _of_region(ids, region))
        subnet = ovh.cloudproject.NetworkPrivateSubnetV2(
            f"{name}-subnet",
            service_name=project,
            region=region,
            network_id=openstack_id,
            cidr=str(plan.subnet),
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
