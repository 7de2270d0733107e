"""Civo behind the cloud contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pulumi
import pulumi_civo as civo

from catalog import Place
from components.clouds.autoscaler import IMAGE, ClusterAutoscaler
from components.clouds.civo.autoscaler import TOKEN, autoscaler
from components.clouds.civo.cluster import CivoCluster, CivoGpuPool
from components.clouds.civo.edge import CivoDnsName, CivoEdgeAddress
from components.clouds.civo.inspection import inspect
from components.clouds.civo.network import CivoNetwork
from components.clouds.civo.stock import stock
from components.clouds.civo.storage import CivoWeightsBucket
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
from components.clouds.stock import Stock

__all__ = ["MODULE", "CivoModule"]


class CivoModule:
    """Civo Ltd (United Kingdom). ``sovereign:location`` is a region such as ``LON1``."""

    key: Final = "civo"
    credentials: Final = (("CIVO_TOKEN",), ("CIVO_CREDENTIAL_FILE",))
    project_key: Final = None
    settings: Final = (TOKEN,)
    images: Final = (IMAGE,)
    binaries: Final = ()

    def provider(self, name: str, place: Place, project: str | None) -> pulumi.ProviderResource:
        """The token comes from CIVO_TOKEN. Civo has no projects: one account per jurisdiction."""
        del project
        return civo.Provider(name, region=place.code)

    def registry_path(self, place: Place, host: str) -> None:
        """Civo has no registry: ``sovereign:registry`` names one."""
        del place, host

    def network(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> CivoNetwork:
        """Private network."""
        return CivoNetwork(name, site, opts)

    def cluster(self, name: str, site: Site, args: ClusterArgs, opts: pulumi.ResourceOptions) -> CivoCluster:
        """k3s with firewall and CPU pool."""
        return CivoCluster(name, site, args, opts)

    def cluster_services(
        self, name: str, site: Site, args: ClusterServicesArgs, opts: pulumi.ResourceOptions
    ) -> None:
        """Civo runs its own services itself."""
        del name, site, args, opts

    def gpu_pool(
        self, name: str, site: Site, cluster: Cluster, size: PoolSize, opts: pulumi.ResourceOptions
    ) -> CivoGpuPool:
        """A node pool apart from the cluster's own."""
        return CivoGpuPool(name, site, cluster, size, opts)

    def autoscaler(
        self, name: str, site: Site, args: AutoscalerArgs, opts: pulumi.ResourceOptions
    ) -> ClusterAutoscaler | None:
        """See ``autoscaler``."""
        return autoscaler(name, site, args, opts)

    def inspect(self, needs: Inspection, provider: pulumi.ProviderResource) -> Iterator[Answer]:
        """See ``inspection``."""
        return inspect(needs, provider)

    def stock(
        self, node_type: str, zone: Place, provider: pulumi.ProviderResource, project: str | None = None
    ) -> Stock:
        """Sizes are told for the region of the provider."""
        del zone, project
        return stock(node_type, provider)

    def weights_bucket(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> CivoWeightsBucket:
        """Object store with its credential."""
        return CivoWeightsBucket(name, site, opts)

    def registry(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> None:
        """Civo has no registry."""
        del name, site, opts

    def edge_address(
        self, name: str, site: Site, network: Network, opts: pulumi.ResourceOptions
    ) -> CivoEdgeAddress:
        """Reserved address and the load balancer's firewall."""
        return CivoEdgeAddress(name, site, network, opts)

    def dns_name(
        self, name: str, site: Site, address: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> CivoDnsName:
        """Zone of the stack's own name with one record."""
        return CivoDnsName(name, site, address, opts)


MODULE: Final = CivoModule()
