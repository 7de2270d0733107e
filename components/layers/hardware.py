"""GPU nodes, and what lets pools grow. The CPU pool comes with the cluster, which cannot be without one."""

from __future__ import annotations

import pulumi

from components.clouds import AutoscalerArgs, GpuPool
from components.layers.infrastructure import Infrastructure
from components.stack_args import RegionalStackArgs

__all__ = ["Hardware"]


class Hardware(pulumi.ComponentResource):
    """The GPU pool, if the place sells GPUs and has some left; and the autoscaler, where the cloud has none.

    Nothing but vLLM depends on the pool: one that is out of stock fails its own step, while the router and
    llama.cpp are already there or on their way.
    """

    gpu_pool: GpuPool | None

    def __init__(
        self,
        name: str,
        args: RegionalStackArgs,
        infrastructure: Infrastructure,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Build the layer of the stack ``name``."""
        super().__init__("sovereign:layers:Hardware", f"{name}-hardware", None, opts)
        own = pulumi.ResourceOptions(parent=self)
        cluster, kubernetes = infrastructure.cluster, infrastructure.kubernetes
        size = args.pools.gpu_size
        self.gpu_pool, grown = None, None
        if size is not None and cluster is not None:
            self.gpu_pool = args.module.gpu_pool(f"{name}-gpu-pool", args.site, cluster, size, own)
            grown = (self.gpu_pool, size)
        if cluster is not None and kubernetes is not None:
            args.module.autoscaler(
                f"{name}-autoscaler",
                args.site,
                AutoscalerArgs(
                    cluster=cluster,
                    network=infrastructure.network,
                    target=kubernetes.target,
                    images=kubernetes.images,
                    login=kubernetes.login,
                    cpu_pool=args.pools.cpu_size,
                    gpu_pool=grown,
                ),
                own,
            )
        self.register_outputs({})
