"""Kapsule cluster, access list and node pools."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumiverse_scaleway as scaleway

from catalog import CatalogError
from components.clouds.contract import GPU_TAINT_KEY, Cluster, ClusterArgs, GpuPool, PoolSize, Site

__all__ = ["ScalewayCluster", "ScalewayGpuPool"]

_GPU_ROOT_VOLUME_GB = 150
"""Room for the vLLM image (tens of GB unpacked), a pod's weights, and its compile cache."""

_CLUSTER_IGNORES = ("autoscalerConfig.logLevel", "autoscalerConfig.skipNodesWithLocalStorage")
"""The API sets both; version 1.60.0 of the provider would answer a difference by replacing the cluster
(terraform-provider-scaleway issue 4062, fixed in 2.81.0)."""


class ScalewayCluster(Cluster):
    """A Kapsule cluster whose API answers only the allowed ranges and its own nodes.

    Between creation of the cluster and of its access list the API is open to all who have a credential:
    Scaleway has no way to create both at once. No workload exists before the list stands, as ``kubeconfig``
    waits for it.
    """

    def __init__(self, name: str, site: Site, args: ClusterArgs, opts: pulumi.ResourceOptions) -> None:
        """Build the cluster under the logical name ``name``.

        Raises:
            CatalogError: the catalogue gives no Kubernetes version; Scaleway demands one.
        """
        super().__init__("sovereign:scaleway:Cluster", name, None, opts)
        if args.kubernetes_version is None:
            message = "Scaleway needs a Kubernetes version: catalog/data/clouds.yaml gives none"
            raise CatalogError(message)
        cluster = scaleway.kubernetes.Cluster(
            f"{name}-kapsule",
            region=site.region,
            project_id=site.project,
            type="kapsule",
            version=args.kubernetes_version,
            cni="cilium",
            private_network_id=args.network.network_id,
            delete_additional_resources=False,
            auto_upgrade=_auto_upgrade(args.kubernetes_version),
            tags=site.residency.tags,
            opts=site.options(self, ignore_changes=_CLUSTER_IGNORES),
        )
        acl = scaleway.kubernetes.Acl(
            f"{name}-api-access",
            region=site.region,
            cluster_id=cluster.id,
            acl_rules=_acl_rules(args.api_access, args.network.egress_addresses),
            opts=site.options(self),
        )
        pool = _pool(f"{name}-cpu", site, cluster.id, args.cpu_pool, self, depends_on=[acl])
        self.cluster_id = cluster.id
        self.endpoint = cluster.apiserver_url
        self.storage_class = "sbs-default"
        ready = pulumi.Output.all(cluster.kubeconfigs.apply(_config_file), acl.id, pool.id)
        self.kubeconfig = pulumi.Output.secret(ready.apply(_first))
        self.register_outputs(
            {"clusterId": self.cluster_id, "endpoint": self.endpoint, "kubeconfig": self.kubeconfig}
        )


class ScalewayGpuPool(GpuPool):
    """GPU nodes of one zone. Scaleway installs the NVIDIA driver and device plugin on them."""

    def __init__(
        self, name: str, site: Site, cluster: Cluster, size: PoolSize, opts: pulumi.ResourceOptions
    ) -> None:
        """Build the pool under the logical name ``name``."""
        super().__init__("sovereign:scaleway:GpuPool", name, None, opts)
        taint = scaleway.kubernetes.PoolTaintArgs(key=GPU_TAINT_KEY, value="present", effect="NoSchedule")
        pool = _pool(
            f"{name}-nodes",
            site,
            cluster.cluster_id,
            size,
            self,
            taints=[taint],
            root_volume=_GPU_ROOT_VOLUME_GB,
            # Two pools of a cluster made at once get in each other's way (provider issue 2252).
            depends_on=[cluster],
        )
        self.pool_id = pool.id
        self.report(site, size)


def _pool(
    name: str,
    site: Site,
    cluster_id: pulumi.Input[str],
    size: PoolSize,
    parent: pulumi.Resource,
    *,
    taints: Sequence[scaleway.kubernetes.PoolTaintArgs] = (),
    root_volume: int | None = None,
    depends_on: Sequence[pulumi.Resource] = (),
) -> scaleway.kubernetes.Pool:
    # The node count belongs to the autoscaler only where there is one; ignoring it always would hide drift.
    ignored = ("size",) if size.autoscaled else ()
    return scaleway.kubernetes.Pool(
        name,
        region=site.region,
        zone=size.zone or site.place.code,
        cluster_id=cluster_id,
        node_type=size.node_type,
        size=size.minimum,
        min_size=size.minimum,
        max_size=size.maximum,
        autoscaling=size.autoscaled,
        autohealing=True,
        public_ip_disabled=True,
        root_volume_size_in_gb=root_volume,
        labels=site.residency.labels,
        taints=list(taints),
        tags=site.residency.tags,
        opts=site.options(parent, ignore_changes=ignored, depends_on=depends_on),
    )


def _auto_upgrade(version: str) -> scaleway.kubernetes.ClusterAutoUpgradeArgs:
    """Scaleway takes ``x.y`` only with automatic patches and ``x.y.z`` only without."""
    return scaleway.kubernetes.ClusterAutoUpgradeArgs(
        enable=version.count(".") == 1, maintenance_window_day="sunday", maintenance_window_start_hour=2
    )


def _acl_rules(
    ranges: Sequence[str], egress: pulumi.Output[Sequence[str]]
) -> pulumi.Output[list[scaleway.kubernetes.AclAclRuleArgs]]:
    def rules(addresses: Sequence[str]) -> list[scaleway.kubernetes.AclAclRuleArgs]:
        people = [
            scaleway.kubernetes.AclAclRuleArgs(ip=cidr, description="sovereign:apiAccess") for cidr in ranges
        ]
        nodes = [
            scaleway.kubernetes.AclAclRuleArgs(
                ip=f"{address}/32", description="nodes, through the public gateway"
            )
            for address in addresses
        ]
        return people + nodes

    return egress.apply(rules)


def _config_file(kubeconfigs: Sequence[scaleway.kubernetes.outputs.ClusterKubeconfig]) -> str:
    config_file = kubeconfigs[0].config_file if kubeconfigs else None
    if not config_file:
        message = "Scaleway gave no kubeconfig for the cluster: wait until it is ready, then update again"
        raise ValueError(message)
    return config_file


def _first(values: Sequence[str]) -> str:
    return values[0]
