"""Network, cluster, bucket, registry; and, once there are images, what the cluster needs before a model."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.clouds import Cluster, ClusterArgs, Network, PoolSize, Registry, WeightsBucket
from components.platform import Platform
from components.stack_args import Locked, RegionalStackArgs
from components.workloads import ClusterTarget, RegistryLogin

__all__ = ["Infrastructure", "Kubernetes"]


@dataclass(frozen=True, kw_only=True)
class Kubernetes:
    """The way into the cluster, and what was put there first."""

    target: ClusterTarget
    platform: Platform


class Infrastructure(pulumi.ComponentResource):
    """The lowest layer."""

    network: Network
    cluster: Cluster
    bucket: WeightsBucket
    kubernetes: Kubernetes | None
    """None while there is no lock, and so no image to run."""

    def __init__(
        self, name: str, args: RegionalStackArgs, locked: Locked | None, opts: pulumi.ResourceOptions
    ) -> None:
        """Build the layer of the stack ``name``."""
        super().__init__("sovereign:layers:Infrastructure", f"{name}-infrastructure", None, opts)
        module, site = args.module, args.site
        own = pulumi.ResourceOptions(parent=self)
        cpu = PoolSize(
            node_type=args.pools.cpu.name, minimum=args.pools.cpu_minimum, maximum=args.pools.cpu_maximum
        )
        self.network = module.network(f"{name}-network", site, own)
        self.cluster = module.cluster(
            f"{name}-cluster",
            site,
            ClusterArgs(
                network=self.network,
                kubernetes_version=args.cloud.kubernetes_version,
                api_access=args.api_access,
                cpu_pool=cpu,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[self.network]),
        )
        self.bucket = module.weights_bucket(f"{name}-weights", site, own)
        registry = module.registry(f"{name}-registry", site, own)
        self.kubernetes = None
        if locked is not None:
            self.kubernetes = self._kubernetes(name, args, locked, registry)
        self.register_outputs({})

    def _kubernetes(
        self, name: str, args: RegionalStackArgs, locked: Locked, registry: Registry | None
    ) -> Kubernetes:
        # Without clusterIdentifier a renewed kubeconfig would replace the provider and everything made
        # through it.
        provider = k8s.Provider(
            f"{name}-kubernetes",
            kubeconfig=self.cluster.kubeconfig,
            cluster_identifier=self.cluster.cluster_id,
            enable_server_side_apply=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        target = ClusterTarget(provider=provider, residency=args.residency)
        platform = Platform(
            f"{name}-platform",
            haproxy_image=locked.image("haproxy"),
            bucket_url=self.bucket.endpoint,
            target=target,
            login=_login(args, registry),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return Kubernetes(target=target, platform=platform)


def _login(args: RegionalStackArgs, registry: Registry | None) -> RegistryLogin | None:
    """The cloud's own registry brings its login; another one has what the settings say, or none."""
    if registry is not None:
        return RegistryLogin(
            host=registry.path.partition("/")[0], username=registry.username, password=registry.password
        )
    if args.registry_path is None or args.registry_auth is None:
        return None
    credentials = args.registry_auth.apply(lambda auth: auth.partition(":"))
    return RegistryLogin(
        host=args.registry_path.partition("/")[0],
        username=pulumi.Output.secret(credentials.apply(lambda parts: parts[0])),
        password=pulumi.Output.secret(credentials.apply(lambda parts: parts[2])),
    )
