"""Network, cluster, bucket, registry; and, once there are images, what the cluster needs before a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
import pulumi_kubernetes as k8s

from components.clouds import (
    Cluster,
    ClusterArgs,
    ClusterServicesArgs,
    Network,
    Registry,
    WeightsBucket,
)
from components.platform import Passage, Platform
from components.stack_args import Locked, RegionalStackArgs
from components.workloads import ClusterTarget, RegistryLogin

__all__ = ["Infrastructure", "Kubernetes", "RegistryMismatchError", "own_host"]


@dataclass(frozen=True, kw_only=True)
class Kubernetes:
    """The way into the cluster, and what was put there first."""

    target: ClusterTarget
    platform: Platform
    images: Mapping[str, str]
    """Reference by digest of each of the cloud module's images."""
    login: RegistryLogin | None


class RegistryMismatchError(pulumi.RunError):
    """``sovereign:registry`` names another registry than the one that the stack made and logs in to."""


class Infrastructure(pulumi.ComponentResource):
    """The lowest layer."""

    network: Network
    cluster: Cluster | None
    """None while there is no lock, on clouds whose nodes run files of the lock."""
    bucket: WeightsBucket
    registry: Registry | None
    """The cloud's own; None where the settings name one."""
    kubernetes: Kubernetes | None
    """None while there is no lock, and so no image to run."""

    def __init__(
        self, name: str, args: RegionalStackArgs, locked: Locked | None, opts: pulumi.ResourceOptions
    ) -> None:
        """Build the layer of the stack ``name``."""
        super().__init__("sovereign:layers:Infrastructure", f"{name}-infrastructure", None, opts)
        module, site = args.module, args.site
        own = pulumi.ResourceOptions(parent=self)
        self.bucket = module.weights_bucket(f"{name}-weights", site, own)
        # A filled bucket may refuse to go, and an engine that has been refused starts no further deletion:
        # what is billed by the hour goes first. All else hangs on the network.
        after_bucket = pulumi.ResourceOptions(parent=self, depends_on=[self.bucket])
        self.network = module.network(f"{name}-network", site, after_bucket)
        self.registry = module.registry(f"{name}-registry", site, after_bucket)
        login = _login(args, self.registry)
        self.cluster = None
        if locked is not None or not module.binaries:
            self.cluster = module.cluster(
                f"{name}-cluster",
                site,
                ClusterArgs(
                    network=self.network,
                    kubernetes_version=args.cloud.kubernetes_version,
                    api_access=args.api_access,
                    cpu_pool=args.pools.cpu_size,
                    bucket=self.bucket,
                    binaries={file: locked.binary(file) for file in module.binaries} if locked else {},
                    registry=args.registry_path,
                ),
                pulumi.ResourceOptions(parent=self, depends_on=[self.network]),
            )
        self.kubernetes = None
        if locked is not None and self.cluster is not None:
            self.kubernetes = self._kubernetes(name, args, locked, self.cluster, login)
        self.register_outputs({})

    def _kubernetes(
        self,
        name: str,
        args: RegionalStackArgs,
        locked: Locked,
        cluster: Cluster,
        login: RegistryLogin | None,
    ) -> Kubernetes:
        # Without clusterIdentifier a renewed kubeconfig would replace the provider and everything made
        # through it.
        provider = k8s.Provider(
            f"{name}-kubernetes",
            kubeconfig=cluster.kubeconfig,
            cluster_identifier=cluster.cluster_id,
            enable_server_side_apply=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        target = ClusterTarget(provider=provider, residency=args.residency)
        images = {image: locked.image(image) for image in args.module.images}
        services = args.module.cluster_services(
            f"{name}-cluster-services",
            args.site,
            ClusterServicesArgs(
                cluster=cluster,
                network=self.network,
                target=target,
                images=images,
                login=login,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        if services is not None:
            # Also the other way round: a Service of type LoadBalancer can only go while its controller is
            # there.
            target = replace(target, after=(services,))
        platform = Platform(
            f"{name}-platform",
            haproxy_image=locked.image("haproxy"),
            bucket_url=self.bucket.endpoint,
            target=target,
            login=login,
            passages=[Passage(name=each.name, host=each.host, port=each.gate_port) for each in args.siblings],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return Kubernetes(target=target, platform=platform, images=images, login=login)


def _login(args: RegionalStackArgs, registry: Registry | None) -> RegistryLogin | None:
    """The cloud's own registry brings its login; another one has what the settings say, or none."""
    if registry is not None and args.registry_auth is None:
        return RegistryLogin(
            host=registry.path.apply(lambda path: own_host(path, args)),
            username=registry.username,
            password=registry.password,
        )
    if args.registry_path is None or args.registry_auth is None:
        return None
    credentials = args.registry_auth.apply(lambda auth: auth.partition(":"))
    return RegistryLogin(
        host=args.registry_path.partition("/")[0],
        username=pulumi.Output.secret(credentials.apply(lambda parts: parts[0])),
        password=pulumi.Output.secret(credentials.apply(lambda parts: parts[2])),
    )


def own_host(path: str, args: RegionalStackArgs) -> str:
    """The host of the cloud's own registry, which real images must come from unless there is another login.

    Some clouds choose the host, so ``sovereign:registry`` has to repeat it: a stack that has moved would else
    go on pulling from the registry of the place that it has left. Made-up images are in no registry.

    Raises:
        RegistryMismatchError: it names another one.
    """
    host = path.partition("/")[0]
    named = args.registry_path
    if named is None or args.lock is None or args.lock.rehearsal or named.partition("/")[0] == host:
        return host
    message = (
        f"sovereign:registry: found {named!r}, but the registry of this stack is {path!r}. Allowed: {path} "
        "(the stack output `registry`; mirror into it and make the lock again), or another registry of this "
        "jurisdiction with its login in sovereign:registryAuth"
    )
    raise RegistryMismatchError(message)
