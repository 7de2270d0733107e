"""Kubernetes cluster and GPU pool on Civo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pulumi
import pulumi_civo as civo

from components.clouds.civo.network import cluster_firewall
from components.clouds.contract import GPU_TAINT_KEY, Cluster, ClusterArgs, GpuPool, PoolSize, Site

__all__ = ["CivoCluster", "CivoGpuPool"]

_CLUSTER_IGNORES = ("kubernetesVersion", "tags", "applications", "numTargetNodes", "targetNodesSize")
"""Civo reports these in another form or changes them itself: every preview would show a change."""


_NEW_FOR_ANOTHER_SIZE = pulumi.ResourceOptions(replace_on_changes=["size"], delete_before_replace=True)
"""Civo cannot change the size of a pool, and its provider answers the attempt with an error. The label is the
pool's id, so the old one goes first (terraform-provider-civo, resource_kubernetes_cluster_nodepool.go)."""


def keeps_its_node_type(name: str) -> pulumi.ResourceHookBinding:
    """Refuse, also in a preview, to change the node type of the pool that is part of the cluster.

    The provider answers such a change with an error in the middle of the update (terraform-provider-civo,
    resource_kubernetes_cluster.go); nothing has changed yet when this one is raised.
    """

    def check(args: pulumi.ResourceHookArgs) -> None:
        held, wanted = _node_type(args.old_inputs), _node_type(args.new_inputs)
        if held and wanted and held != wanted:
            message = (
                f"sovereign:cpuNodeType: found {wanted!r}, and the CPU pool of {args.name} has {held!r}; "
                f"allowed: {held!r}, as Civo cannot change the node type of a cluster's own pool. To change "
                "it, take the stack down and bring it up again; another site of the jurisdiction can serve "
                "meanwhile (docs/clouds/civo.md, docs/sites.md)"
            )
            raise ValueError(message)

    hook = pulumi.ResourceHook(f"{name}-node-type", check, pulumi.ResourceHookOptions(on_dry_run=True))
    return pulumi.ResourceHookBinding(before_update=[hook])


def _node_type(inputs: Mapping[str, Any] | None) -> str:
    pools: Any = (inputs or {}).get("pools")
    size = cast("Mapping[str, object]", pools).get("size") if isinstance(pools, Mapping) else None
    return size if isinstance(size, str) else ""


class CivoCluster(Cluster):
    """A k3s cluster; its own first pool is the CPU pool, as Civo creates no cluster without one.

    Labels and taints of that first pool never reach the nodes (terraform-provider-civo issue 380, fixed in
    1.2.6), so nothing may select CPU nodes by label: pods keep off GPU nodes because those bear a taint.
    """

    cpu_pool: str
    """Id of the CPU pool. It is its label (terraform-provider-civo, ``expandNodePools``), so it is known."""

    def __init__(self, name: str, site: Site, args: ClusterArgs, opts: pulumi.ResourceOptions) -> None:
        """Build the cluster under the logical name ``name``."""
        super().__init__("sovereign:civo:Cluster", name, None, opts)
        self.cpu_pool = f"{name}-cpu"
        firewall = cluster_firewall(f"{name}-firewall", site, args.network.network_id, args.api_access, self)
        cluster = civo.KubernetesCluster(
            f"{name}-k3s",
            region=site.place.code,
            network_id=args.network.network_id,
            firewall_id=firewall.id,
            cluster_type="k3s",
            cni="cilium",
            kubernetes_version=args.kubernetes_version,
            write_kubeconfig=True,
            pools=civo.KubernetesClusterPoolsArgs(
                size=args.cpu_pool.node_type, node_count=args.cpu_pool.minimum, label=self.cpu_pool
            ),
            tags=" ".join(site.residency.tags),
            opts=pulumi.ResourceOptions.merge(
                site.options(
                    self, ignore_changes=(*_CLUSTER_IGNORES, *_grown(args.cpu_pool, "pools.nodeCount"))
                ),
                pulumi.ResourceOptions(hooks=keeps_its_node_type(name)),
            ),
        )
        self.cluster_id = cluster.id
        self.endpoint = cluster.api_endpoint
        self.kubeconfig = pulumi.Output.secret(cluster.kubeconfig)
        self.storage_class = "civo-volume"
        self.register_outputs(
            {"clusterId": self.cluster_id, "endpoint": self.endpoint, "kubeconfig": self.kubeconfig}
        )


class CivoGpuPool(GpuPool):
    """GPU nodes with taint and labels. A pool has no region of its own: it follows its cluster."""

    label: str
    """The provider makes it the id (terraform-provider-civo, ``resource_kubernetes_cluster_nodepool.go``), so
    that is known before there are nodes."""

    def __init__(
        self, name: str, site: Site, cluster: Cluster, size: PoolSize, opts: pulumi.ResourceOptions
    ) -> None:
        """Build the pool under the logical name ``name``."""
        super().__init__("sovereign:civo:GpuPool", name, None, opts)
        self.label = f"{name}-nodes"
        pool = civo.KubernetesNodePool(
            self.label,
            cluster_id=cluster.cluster_id,
            size=size.node_type,
            node_count=size.minimum,
            label=self.label,
            labels=site.residency.labels,
            taints=[
                civo.KubernetesNodePoolTaintArgs(key=GPU_TAINT_KEY, value="present", effect="NoSchedule")
            ],
            opts=pulumi.ResourceOptions.merge(
                site.options(self, ignore_changes=_grown(size, "nodeCount")), _NEW_FOR_ANOTHER_SIZE
            ),
        )
        self.pool_id = pool.id
        self.report(site, size)


def _grown(size: PoolSize, count: str) -> tuple[str, ...]:
    """The node count belongs to the autoscaler only where there is one; else ignoring it would hide drift."""
    return (count,) if size.autoscaled else ()
