"""Scaleway behind the cloud contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pulumi
import pulumiverse_scaleway as scaleway

from catalog import CatalogError, Place
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
from components.clouds.scaleway.cluster import ScalewayCluster, ScalewayGpuPool
from components.clouds.scaleway.edge import ScalewayDnsName, ScalewayEdgeAddress
from components.clouds.scaleway.inspection import inspect
from components.clouds.scaleway.network import ScalewayNetwork
from components.clouds.scaleway.stock import stock
from components.clouds.scaleway.storage import ScalewayRegistry, ScalewayWeightsBucket, registry_namespace
from components.clouds.stock import Stock

__all__ = ["MODULE", "ScalewayModule"]


class ScalewayModule:
    """Scaleway SAS, France. ``sovereign:location`` is a zone such as ``fr-par-2`` of a region."""

    key: Final = "scaleway"
    credentials: Final = (
        ("SCW_ACCESS_KEY", "SCW_SECRET_KEY", "SCW_DEFAULT_ORGANIZATION_ID"),
        ("SCW_PROFILE",),
    )
    project_key: Final = "projectId"
    settings: Final = ("dnsZone",)
    images: Final = ()
    binaries: Final = ()

    def provider(self, name: str, place: Place, project: str | None) -> pulumi.ProviderResource:
        """Credentials come from SCW_ACCESS_KEY and SCW_SECRET_KEY. The applications that read bucket and
        registry are made in the organization of SCW_DEFAULT_ORGANIZATION_ID: the provider sends nothing else
        (terraform-provider-scaleway, internal/services/iam/application.go), and the API takes no empty one
        (its issue 2994)."""
        return scaleway.Provider(name, region=place.parent or place.code, zone=place.code, project_id=project)

    def registry_path(self, place: Place, host: str) -> str:
        """``rg.<region>.scw.cloud/<namespace>``."""
        return f"{_registry_host(place)}/{registry_namespace(host)}"

    def network(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> ScalewayNetwork:
        """VPC, private network, public gateway."""
        return ScalewayNetwork(name, site, opts)

    def cluster(
        self, name: str, site: Site, args: ClusterArgs, opts: pulumi.ResourceOptions
    ) -> ScalewayCluster:
        """Kapsule with access list and CPU pool."""
        return ScalewayCluster(name, site, args, opts)

    def cluster_services(
        self, name: str, site: Site, args: ClusterServicesArgs, opts: pulumi.ResourceOptions
    ) -> None:
        """Kapsule runs its own services itself."""
        del name, site, args, opts

    def gpu_pool(
        self, name: str, site: Site, cluster: Cluster, size: PoolSize, opts: pulumi.ResourceOptions
    ) -> ScalewayGpuPool:
        """A GPU pool in the zone of the stack."""
        return ScalewayGpuPool(name, site, cluster, size, opts)

    def autoscaler(self, name: str, site: Site, args: AutoscalerArgs, opts: pulumi.ResourceOptions) -> None:
        """Kapsule scales its pools itself."""
        del name, site, args, opts

    def inspect(self, needs: Inspection, provider: pulumi.ProviderResource) -> Iterator[Answer]:
        """See ``inspection``."""
        return inspect(needs, provider)

    def stock(
        self, node_type: str, zone: Place, provider: pulumi.ProviderResource, project: str | None = None
    ) -> Stock:
        """The instance API tells stock for each type and zone."""
        del project
        return stock(node_type, zone.code, provider)

    def weights_bucket(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> ScalewayWeightsBucket:
        """Bucket in the storage region of the place."""
        return ScalewayWeightsBucket(name, site, opts)

    def registry(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> ScalewayRegistry:
        """Registry namespace in the region of the place."""
        return ScalewayRegistry(name, site, _registry_host(site.place), opts)

    def edge_address(
        self, name: str, site: Site, network: Network, opts: pulumi.ResourceOptions
    ) -> ScalewayEdgeAddress:
        """Load balancer address in the zone of the stack; the network plays no part."""
        del network
        return ScalewayEdgeAddress(name, site, opts)

    def dns_name(
        self, name: str, site: Site, address: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> ScalewayDnsName:
        """A record in the zone ``sovereign:dnsZone``, which Scaleway must serve."""
        return ScalewayDnsName(name, site, address, opts)


def _registry_host(place: Place) -> str:
    host = place.defaults.registry_host if place.defaults else None
    if host is None:
        reason = place.defaults.no_registry_reason if place.defaults else "the place has no defaults"
        message = f"no registry for scaleway {place.code} in the catalogue: {reason}"
        raise CatalogError(message)
    return host


MODULE: Final = ScalewayModule()
