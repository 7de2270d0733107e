"""GPU nodes. The CPU pool comes with the cluster, which cannot be without one."""

from __future__ import annotations

import pulumi

from components.clouds import Cluster, GpuPool, PoolSize
from components.stack_args import RegionalStackArgs

__all__ = ["Hardware"]


class Hardware(pulumi.ComponentResource):
    """The GPU pool, if the place sells GPUs and has some left.

    Nothing but vLLM depends on it: a pool that is out of stock fails its own step, while the router and
    llama.cpp are already there or on their way.
    """

    gpu_pool: GpuPool | None

    def __init__(
        self, name: str, args: RegionalStackArgs, cluster: Cluster | None, opts: pulumi.ResourceOptions
    ) -> None:
        """Build the layer of the stack ``name``."""
        super().__init__("sovereign:layers:Hardware", f"{name}-hardware", None, opts)
        self.gpu_pool = None
        if args.pools.gpu is not None and cluster is not None:
            size = PoolSize(
                node_type=args.pools.gpu.name,
                minimum=args.pools.gpu_minimum,
                maximum=args.pools.gpu_maximum,
                zone=args.pools.gpu_zone,
            )
            own = pulumi.ResourceOptions(parent=self)
            self.gpu_pool = args.module.gpu_pool(f"{name}-gpu-pool", args.site, cluster, size, own)
        self.register_outputs({})
