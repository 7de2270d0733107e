"""Hetzner behind the cloud contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pulumi
import pulumi_hcloud as hcloud

from catalog import Place
from components.clouds.autoscaler import IMAGE
from components.clouds.contract import (
    AutoscalerArgs,
    Cluster,
    ClusterArgs,
    ClusterServicesArgs,
    Network,
    PoolSize,
    Site,
)
from components.clouds.hetzner.cluster import BINARIES, HetznerCluster, HetznerGpuPool
from components.clouds.hetzner.edge import HetznerDnsName, HetznerEdgeAddress
from components.clouds.hetzner.growth import HetznerGrowth
from components.clouds.hetzner.inspection import inspect
from components.clouds.hetzner.network import HetznerNetwork
from components.clouds.hetzner.services import IMAGES, HetznerServices
from components.clouds.hetzner.services.services import TOKEN
from components.clouds.hetzner.storage import ACCESS_KEY, SECRET_KEY, HetznerWeightsBucket
from components.clouds.inspection import Answer, Inspection
from components.clouds.stock import Stock

__all__ = ["MODULE", "HetznerModule"]


class HetznerModule:
    """Hetzner Online GmbH (Germany). ``sovereign:location`` is a location such as ``nbg1``."""

    key: Final = "hetzner"
    credentials: Final = (("HCLOUD_TOKEN", "MINIO_USER", "MINIO_PASSWORD"),)
    project_key: Final = "hetznerProject"
    settings: Final = (TOKEN, ACCESS_KEY, SECRET_KEY, "controlPlanes", "vswitchId", "dnsZone")
    images: Final = (*IMAGES, IMAGE)
    binaries: Final = BINARIES

    def provider(self, name: str, place: Place, project: str | None) -> pulumi.ProviderResource:
        """The token comes from HCLOUD_TOKEN and is a project. The provider has no place to set."""
        del place, project
        return hcloud.Provider(name)

    def registry_path(self, place: Place, host: str) -> None:
        """Hetzner has no registry: ``sovereign:registry`` names one."""
        del place, host

    def network(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> HetznerNetwork:
        """Network, subnets, gateway."""
        return HetznerNetwork(name, site, opts)

    def cluster(
        self, name: str, site: Site, args: ClusterArgs, opts: pulumi.ResourceOptions
    ) -> HetznerCluster:
        """k3s on servers that the stack makes itself."""
        return HetznerCluster(name, site, args, opts)

    def cluster_services(
        self, name: str, site: Site, args: ClusterServicesArgs, opts: pulumi.ResourceOptions
    ) -> HetznerServices:
        """Cloud controller and volume driver."""
        return HetznerServices(name, site, args, opts)

    def gpu_pool(
        self, name: str, site: Site, cluster: Cluster, size: PoolSize, opts: pulumi.ResourceOptions
    ) -> HetznerGpuPool:
        """Dedicated servers that somebody joins by hand."""
        return HetznerGpuPool(name, site, cluster, size, opts)

    def autoscaler(
        self, name: str, site: Site, args: AutoscalerArgs, opts: pulumi.ResourceOptions
    ) -> HetznerGrowth | None:
        """For the CPU pool: dedicated servers with GPUs are ordered by hand."""
        return HetznerGrowth(name, site, args, opts) if args.cpu_pool.autoscaled else None

    def inspect(self, needs: Inspection, provider: pulumi.ProviderResource) -> Iterator[Answer]:
        """See ``inspection``."""
        return inspect(needs, provider)

    def stock(
        self, node_type: str, zone: Place, provider: pulumi.ProviderResource, project: str | None = None
    ) -> Stock:
        """Dedicated servers are ordered by hand: no API tells their stock."""
        del node_type, zone, provider, project
        return Stock.UNTOLD

    def weights_bucket(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> HetznerWeightsBucket:
        """Bucket on the S3 endpoint of the place."""
        return HetznerWeightsBucket(name, site, opts)

    def registry(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> None:
        """Hetzner has no registry."""
        del name, site, opts

    def edge_address(
        self, name: str, site: Site, network: Network, opts: pulumi.ResourceOptions
    ) -> HetznerEdgeAddress:
        """The router's load balancer, which Hetzner's cloud controller takes over."""
        return HetznerEdgeAddress(name, site, network, opts)

    def dns_name(
        self, name: str, site: Site, address: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> HetznerDnsName:
        """A record set in the zone ``sovereign:dnsZone``, which the project must hold."""
        return HetznerDnsName(name, site, address, opts)


MODULE: Final = HetznerModule()
