"""What a cloud module takes and what it must give.

A regional stack knows only these types. A new cloud is a new module that builds them; nothing above it
changes. ``docs/cloud-contract.md`` says the same in prose, with the duties that a type cannot express.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import pulumi

from catalog import CatalogError, LockedFile, Place
from components.clouds.inspection import Answer, Inspection
from components.clouds.stock import Stock
from components.residency import Residency
from components.workloads.target import ClusterTarget, RegistryLogin

__all__ = [
    "GPU_TAINT_KEY",
    "AutoscalerArgs",
    "CloudModule",
    "CloudSettings",
    "Cluster",
    "ClusterArgs",
    "ClusterServicesArgs",
    "DnsName",
    "EdgeAddress",
    "GpuPool",
    "Network",
    "PoolSize",
    "Registry",
    "Site",
    "WeightsBucket",
]

GPU_TAINT_KEY = "nvidia.com/gpu"
"""Key of the NoSchedule taint on every GPU node, so that only pods that ask for a GPU land there."""


@dataclass(frozen=True, kw_only=True)
class CloudSettings:
    """What only some clouds are told. A module names in ``settings`` which of these keys it reads."""

    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict[str, pulumi.Output[str]])
    """Secret settings by key, such as ``hcloudToken``."""
    control_planes: int = 3
    """Servers of the control plane, 1 or 3, where the stack builds it itself."""
    vswitch_id: int | None = None
    """Number of the vSwitch by which Hetzner's dedicated servers reach the network; None: there are none."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where, for whom and through which provider a cloud module builds."""

    place: Place
    """The value of ``sovereign:location``."""
    residency: Residency
    host: str
    """Public host name of the stack, ``<jurisdiction>.<domain>``; globally unique names derive from it."""
    dns_zone: str
    """The zone of the account that takes the stack's record, on clouds where it is made by hand: the domain
    or a parent of it."""
    project: str | None
    """The cloud's project of this jurisdiction, where the cloud has projects."""
    client_countries: frozenset[str] | None = None
    """ISO codes of the countries whose clients the name answers, where the cloud's DNS can tell them apart;
    None answers everybody."""
    provider: pulumi.ProviderResource
    """Set explicitly on every resource: an inherited or default provider may stand anywhere."""
    settings: CloudSettings = field(default_factory=CloudSettings)

    @property
    def region(self) -> str:
        """The region of the place: its parent if the place is a zone, else the place itself."""
        return self.place.parent or self.place.code

    @property
    def record_name(self) -> str:
        """Name of the stack's record inside ``dns_zone``: what stands before the zone in the host."""
        return self.host.removesuffix(f".{self.dns_zone}")

    @property
    def storage_region(self) -> str:
        """The place of the weights bucket.

        Raises:
            CatalogError: the catalogue knows no object storage for this place.
        """
        defaults = self.place.defaults
        if defaults is None or defaults.storage_region is None:
            reason = defaults.no_storage_reason if defaults else "the place has no defaults"
            message = f"no object storage for {self.place.cloud} {self.place.code} in the catalogue: {reason}"
            raise CatalogError(message)
        return defaults.storage_region

    def storage_url(self, reported: pulumi.Output[str]) -> pulumi.Output[str]:
        """``https://host`` of the S3 API: the catalogue's reviewed host, else what the cloud reports."""
        defaults = self.place.defaults
        if defaults is not None and defaults.storage_endpoint is not None:
            return pulumi.Output.from_input(f"https://{defaults.storage_endpoint}")
        return reported.apply(_https)

    def options(
        self,
        parent: pulumi.Resource,
        *,
        ignore_changes: Sequence[str] = (),
        depends_on: Sequence[pulumi.Resource] = (),
    ) -> pulumi.ResourceOptions:
        """Options for a child of ``parent``: the parent and the explicit provider, always."""
        return pulumi.ResourceOptions(
            parent=parent,
            provider=self.provider,
            ignore_changes=list(ignore_changes) or None,
            depends_on=list(depends_on) or None,
        )


def _https(url: str) -> str:
    """``https://`` and the host of a reported endpoint, which may lack the scheme or bear a path."""
    host = urlsplit(url if "://" in url else f"https://{url}").hostname
    return f"https://{host}"


@dataclass(frozen=True, kw_only=True)
class PoolSize:
    """How many nodes of which type."""

    node_type: str
    minimum: int
    maximum: int
    zone: str | None = None
    """Zone of the nodes where it is not the stack's own place; always of the same region."""
    held: Mapping[str, object] = field(default_factory=dict[str, object])
    """What the state of the stack says of the pool, in the words of the cloud's provider; empty for a new
    pool. Only for pools that may grow."""

    @property
    def autoscaled(self) -> bool:
        """True if the pool may grow; then the cloud, not this program, owns the node count."""
        return self.maximum > self.minimum


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """What a cluster is built from."""

    network: Network
    kubernetes_version: str | None
    """Release in the cloud's spelling, from the catalogue; None takes the cloud's own default."""
    api_access: Sequence[str]
    """IPv4 ranges that may reach the Kubernetes API. Everything else is refused."""
    cpu_pool: PoolSize
    """The pool every cluster has: router, fallback engine, system pods."""
    bucket: WeightsBucket
    """Where nodes fetch what they run, on clouds whose module names ``binaries``."""
    binaries: Mapping[str, LockedFile] = field(default_factory=dict[str, LockedFile])
    """The module's ``binaries`` as the lock pins them; empty elsewhere."""
    registry: str | None = None
    """``host/path`` of the images, on clouds where the stack sets up the nodes that pull them."""


@dataclass(frozen=True, kw_only=True)
class ClusterServicesArgs:
    """What a cloud's own services in the cluster are built from."""

    cluster: Cluster
    network: Network
    target: ClusterTarget
    images: Mapping[str, str]
    """Reference by digest of each of the module's ``images``."""
    login: RegistryLogin | None


@dataclass(frozen=True, kw_only=True)
class AutoscalerArgs:
    """What lets node pools grow inside the cluster, on clouds that do not do it themselves."""

    cluster: Cluster
    network: Network
    target: ClusterTarget
    images: Mapping[str, str]
    """Reference by digest of each of the module's ``images``."""
    login: RegistryLogin | None
    cpu_pool: PoolSize
    gpu_pool: tuple[GpuPool, PoolSize] | None
    """None: the stack has no GPU pool."""


class Network(pulumi.ComponentResource):
    """A private network, with a way out for nodes that have no public address."""

    network_id: pulumi.Output[str]
    """Known only when nodes can really use the network: route and gateway included."""
    egress_addresses: pulumi.Output[Sequence[str]]
    """Public IPv4 addresses that traffic of private nodes leaves from; empty if nodes have their own."""


class Cluster(pulumi.ComponentResource):
    """A Kubernetes cluster with its CPU pool and its API closed to all but the allowed ranges."""

    cluster_id: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    """Secret. Known only when the access list stands, the CPU pool exists and the API answers."""
    endpoint: pulumi.Output[str]
    """URL of the Kubernetes API."""
    storage_class: str
    """Name of the storage class whose volumes stay in the cluster's place."""
    join_script: pulumi.Output[str] | None = None
    """Secret shell script by which a machine that no API can order joins; None where there are none."""


class GpuPool(pulumi.ComponentResource):
    """GPU nodes with the taint ``nvidia.com/gpu``; apart from the cluster, as it may be out of stock."""

    pool_id: pulumi.Output[str]
    """Known only when the cloud has granted the nodes, where it says whether it has."""
    runtime_class: str | None = None
    """RuntimeClass that a pod must name to see a GPU; None where it is the nodes' default runtime."""

    def report(self, site: Site, size: PoolSize) -> None:
        """Register the outputs. By them the next update knows what it holds, and keeps it."""
        zone = size.zone or site.place.code
        self.register_outputs({"poolId": self.pool_id, "nodeType": size.node_type, "zone": zone})


class WeightsBucket(pulumi.ComponentResource):
    """An S3-compatible bucket for model weights, with credentials for those who read it."""

    endpoint: pulumi.Output[str]
    """``https://host`` of the S3 API, without bucket and path."""
    region: str
    """Region name for the signature of S3 requests."""
    bucket: str
    access_key: pulumi.Output[str]
    """Secret."""
    secret_key: pulumi.Output[str]
    """Secret."""


class Registry(pulumi.ComponentResource):
    """A private image registry inside the jurisdiction."""

    path: pulumi.Output[str]
    """``host/path`` under which the images of this stack live. An output, as some clouds choose the host."""
    username: pulumi.Output[str]
    password: pulumi.Output[str]
    """Secret. May pull, not push."""


class EdgeAddress(pulumi.ComponentResource):
    """A reserved public IPv4 address for the router."""

    address: pulumi.Output[str]
    annotations: Mapping[str, pulumi.Input[str]]
    """For the Service of type LoadBalancer: they place the load balancer and give it the address."""
    load_balancer_ip: pulumi.Input[str] | None = None
    """For ``spec.loadBalancerIP`` of that Service, where the cloud's controller reads it there."""


class DnsName(pulumi.ComponentResource):
    """The record that makes the stack's host name answer with its edge address."""

    fqdn: pulumi.Output[str]


class CloudModule(Protocol):
    """One cloud. Every method that builds takes the logical name, a site and the options of the component."""

    @property
    def key(self) -> str:
        """Catalogue key: the value of ``sovereign:cloud``."""
        ...

    @property
    def project_key(self) -> str | None:
        """The setting that names the cloud's project, such as ``projectId``; None: none."""
        ...

    @property
    def settings(self) -> Sequence[str]:
        """Keys of the settings that only some clouds read and this one does, beside ``project_key``."""
        ...

    @property
    def images(self) -> Sequence[str]:
        """Names of the images its own services in the cluster run, as in catalogue and lock."""
        ...

    @property
    def binaries(self) -> Sequence[str]:
        """Names of the files its nodes run, as in catalogue and lock; with any, no lock means no cluster."""
        ...

    def provider(self, name: str, place: Place, project: str | None) -> pulumi.ProviderResource:
        """The stack's explicit provider. Credentials come from its own environment variables."""
        ...

    def registry_path(self, place: Place, host: str) -> str | None:
        """``host/path`` of the stack's registry if it is known before it exists; else, and if the cloud has
        none, None: then ``sovereign:registry`` names it."""
        ...

    def network(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> Network:
        """Build the network."""
        ...

    def cluster(self, name: str, site: Site, args: ClusterArgs, opts: pulumi.ResourceOptions) -> Cluster:
        """Build the cluster with its CPU pool."""
        ...

    def cluster_services(
        self, name: str, site: Site, args: ClusterServicesArgs, opts: pulumi.ResourceOptions
    ) -> pulumi.ComponentResource | None:
        """Build what the cloud needs inside the cluster before any workload; None where nothing is."""
        ...

    def gpu_pool(
        self, name: str, site: Site, cluster: Cluster, size: PoolSize, opts: pulumi.ResourceOptions
    ) -> GpuPool:
        """Build the GPU pool."""
        ...

    def autoscaler(
        self, name: str, site: Site, args: AutoscalerArgs, opts: pulumi.ResourceOptions
    ) -> pulumi.ComponentResource | None:
        """Build what orders nodes when pods find no room; None where the cloud itself does, or no pool may
        grow."""
        ...

    @property
    def credentials(self) -> Sequence[Sequence[str]]:
        """Environment variables that log in: one of the lists must be set as a whole."""
        ...

    def inspect(self, needs: Inspection, provider: pulumi.ProviderResource) -> Iterator[Answer]:
        """Ask the cloud, before anything is created, what could keep the stack from coming up."""
        ...

    def stock(
        self, node_type: str, zone: Place, provider: pulumi.ProviderResource, project: str | None = None
    ) -> Stock:
        """Ask the cloud whether a GPU node type can be had in a zone, through the stack's provider.

        ``project`` is the cloud's project of the stack, for clouds that answer by project.

        Raises:
            StockUntoldError: the cloud gave no answer.
        """
        ...

    def weights_bucket(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> WeightsBucket:
        """Build the bucket and the credentials to read it."""
        ...

    def registry(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> Registry | None:
        """Build the registry, or return None if the cloud has none."""
        ...

    def edge_address(
        self, name: str, site: Site, network: Network, opts: pulumi.ResourceOptions
    ) -> EdgeAddress:
        """Reserve the router's address."""
        ...

    def dns_name(
        self, name: str, site: Site, address: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> DnsName:
        """Point the stack's host name at an address."""
        ...
