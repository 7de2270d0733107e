"""OVHcloud behind the cloud contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pulumi
import pulumi_ovh as ovh

from catalog import Place
from components.clouds.contract import (
    AutoscalerArgs,
    Cluster,
    ClusterArgs,
    ClusterServicesArgs,
    Network,
    PoolSize,
    Site,
)
from components.clouds.inspection import Answer, Inspection
from components.clouds.ovh.cluster import OvhCluster, OvhGpuPool
from components.clouds.ovh.edge import OvhDnsName, OvhEdgeAddress
from components.clouds.ovh.inspection import inspect
from components.clouds.ovh.network import OvhNetwork
from components.clouds.ovh.project import project_named
from components.clouds.ovh.stock import stock
from components.clouds.ovh.storage import OvhRegistry, OvhWeightsBucket
from components.clouds.stock import Stock

__all__ = ["MODULE", "OvhModule"]

_ENDPOINT = "ovh-eu"
"""The API of OVH SAS, also for London. It names the company one contracts with, not a place."""


class OvhModule:
    """OVH Groupe SA, France. ``sovereign:location`` is a region of a Public Cloud project: ``GRA11``."""

    key: Final = "ovh"
    credentials: Final = (
        ("OVH_APPLICATION_KEY", "OVH_APPLICATION_SECRET", "OVH_CONSUMER_KEY"),
        ("OVH_CLIENT_ID", "OVH_CLIENT_SECRET"),
        ("OVH_ACCESS_TOKEN",),
    )
    project_key: Final = "serviceName"
    settings: Final = ("dnsZone",)
    images: Final = ()
    binaries: Final = ()

    def provider(self, name: str, place: Place, project: str | None) -> pulumi.ProviderResource:
        """Credentials come from OVH_APPLICATION_KEY, OVH_APPLICATION_SECRET and OVH_CONSUMER_KEY, or from
        OVH_CLIENT_ID and OVH_CLIENT_SECRET. The provider has no place and no project."""
        del place, project
        return ovh.Provider(name, endpoint=_ENDPOINT)

    def registry_path(self, place: Place, host: str) -> None:
        """The host of a managed Harbor is known only once it is created: ``sovereign:registry`` names it
        from then on (docs/decisions/0009)."""
        del place, host

    def network(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> OvhNetwork:
        """Private network in one region, subnet, gateway."""
        return OvhNetwork(name, site, opts)

    def cluster(self, name: str, site: Site, args: ClusterArgs, opts: pulumi.ResourceOptions) -> OvhCluster:
        """Managed Kubernetes with access list and CPU pool."""
        return OvhCluster(name, site, args, opts)

    def gpu_pool(
        self, name: str, site: Site, cluster: Cluster, size: PoolSize, opts: pulumi.ResourceOptions
    ) -> OvhGpuPool:
        """A GPU pool, which OVHcloud grants by ticket."""
        return OvhGpuPool(name, site, cluster, size, opts)

    def autoscaler(self, name: str, site: Site, args: AutoscalerArgs, opts: pulumi.ResourceOptions) -> None:
        """OVHcloud scales its pools itself."""
        del name, site, args, opts

    def cluster_services(
        self, name: str, site: Site, args: ClusterServicesArgs, opts: pulumi.ResourceOptions
    ) -> None:
        """OVHcloud runs its own services in the cluster itself."""
        del name, site, args, opts

    def inspect(self, needs: Inspection, provider: pulumi.ProviderResource) -> Iterator[Answer]:
        """See ``inspection``."""
        return inspect(needs, provider)

    def stock(
        self, node_type: str, zone: Place, provider: pulumi.ProviderResource, project: str | None = None
    ) -> Stock:
        """Flavours are told for a region and a project. See ``stock``."""
        return stock(node_type, zone, project_named(project), provider)

    def weights_bucket(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> OvhWeightsBucket:
        """Bucket in the storage region of the place, and a user that may read it."""
        return OvhWeightsBucket(name, site, opts)

    def registry(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> OvhRegistry | None:
        """Managed Harbor in the registry region of the place; None where there is none, as in London."""
        defaults = site.place.defaults
        if defaults is None or defaults.registry_region is None:
            return None
        return OvhRegistry(name, site, defaults.registry_region, opts)

    def edge_address(
        self, name: str, site: Site, network: Network, opts: pulumi.ResourceOptions
    ) -> OvhEdgeAddress:
        """Floating address in the region of the stack."""
        return OvhEdgeAddress(name, site, network, opts)

    def dns_name(
        self, name: str, site: Site, address: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> OvhDnsName:
        """A record in the zone ``sovereign:dnsZone``, which the account must hold."""
        return OvhDnsName(name, site, address, opts)


MODULE: Final = OvhModule()
