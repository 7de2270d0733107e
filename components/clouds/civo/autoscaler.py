"""What lets node pools of Civo grow.

Read in kubernetes/autoscaler, ``cloudprovider/civo``: ``civo_manager.go`` and ``civo_node_group.go`` at
082327b. It is told pools by their ids and changes their counts through Civo's API. Nodes go with the cluster,
so a stack that is taken down leaves none behind.
"""

from __future__ import annotations

from typing import Final

import pulumi
from pulumi_kubernetes.networking.v1 import NetworkPolicyEgressRuleArgsDict

from components.clouds.autoscaler import IMAGE, ClusterAutoscaler, ScalingArgs
from components.clouds.civo.cluster import CivoCluster, CivoGpuPool
from components.clouds.contract import AutoscalerArgs, PoolSize, Site
from components.clouds.narrowing import narrowed

__all__ = ["TOKEN", "autoscaler", "groups"]

TOKEN: Final = "civoToken"
"""Key of the setting with the API token, needed only where a pool may grow. It may do all in its account."""

_API_URL: Final = "https://api.civo.com"

_TO_KUBERNETES_API: Final[NetworkPolicyEgressRuleArgsDict] = {
    "to": [{"ip_block": {"cidr": "0.0.0.0/0"}}],
    "ports": [{"port": 6443, "protocol": "TCP"}],
}
"""Out: Civo runs the control plane outside the network of the nodes and does not say at which address."""


def autoscaler(
    name: str, site: Site, args: AutoscalerArgs, opts: pulumi.ResourceOptions
) -> ClusterAutoscaler | None:
    """Build the autoscaler under the logical name ``name``; None if neither pool may grow.

    Raises:
        KeyError: a pool may grow, and the API token is missing.
    """
    growing = groups(args)
    if not growing:
        return None
    scaling = ScalingArgs(
        cloud_provider="civo",
        groups=growing,
        variables={
            "CIVO_API_URL": _API_URL,
            "CIVO_CLUSTER_ID": args.cluster.cluster_id,
            "CIVO_REGION": site.place.code,
        },
        secrets={"CIVO_API_KEY": site.settings.secrets[TOKEN]},
        api_path=_TO_KUBERNETES_API,
    )
    return ClusterAutoscaler(
        name, scaling, image=args.images[IMAGE], login=args.login, target=args.target, opts=opts
    )


def groups(args: AutoscalerArgs) -> list[str]:
    """``<least>:<most>:<pool id>`` of each pool that may grow.

    Each is named: a group ``workers`` would stand for every pool of the cluster alike. A pool that is not
    there yet, as for want of stock, is passed over and looked for again; so this waits for none.
    """
    pools: list[tuple[str, PoolSize]] = [(narrowed(args.cluster, CivoCluster).cpu_pool, args.cpu_pool)]
    if args.gpu_pool is not None:
        gpu_pool, size = args.gpu_pool
        pools.append((narrowed(gpu_pool, CivoGpuPool).label, size))
    return [f"{size.minimum}:{size.maximum}:{pool}" for pool, size in pools if size.autoscaled]
