"""One jurisdiction, from the network up to the name that answers for it."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.clouds import WeightsBucket
from components.layers import Hardware, Inference, Infrastructure, Routing
from components.stack_args import Locked, NameService, RegionalStackArgs

__all__ = ["RegionalStack"]


class RegionalStack(pulumi.ComponentResource):
    """Four layers, all in one jurisdiction: infrastructure, hardware, inference, routing.

    Without a lock there is no image that may run, so only the two lower layers are built: a mirror needs the
    bucket and the registry before there can be a lock.
    """

    kubeconfig: pulumi.Output[str] | None
    """Secret; None while there is no cluster, as on clouds where nothing runs without a lock."""
    join_script: pulumi.Output[str] | None
    """Secret; see ``Cluster.join_script``."""
    bucket: WeightsBucket
    """Where a mirror writes the weights."""
    registry: pulumi.Output[str] | None
    """``host/path`` of the cloud's own registry; None where the settings name one."""
    endpoint: str | None
    """``https://`` URL of the router; None while there is only the foundation."""
    naming: NameService
    """Whose DNS answers for it; further sites of the jurisdiction are named there too."""
    certificate: pulumi.Output[str] | None
    """Of the router, in PEM form; None while there is only the foundation."""
    models: Sequence[str]
    """Ids of the models served; empty while there is only the foundation."""

    def __init__(
        self, name: str, args: RegionalStackArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Build the stack ``name``; the name begins that of every resource in it.

        Raises:
            LockGapError: the lock does not hold what the stack runs.
        """
        # Policies judge the model from here, even before there is a lock and so a workload.
        super().__init__("sovereign:index:RegionalStack", name, {"models": [args.serving.model]}, opts)
        own = pulumi.ResourceOptions(parent=self)
        locked = Locked(lock=args.lock, model_id=args.serving.model) if args.lock else None
        infrastructure = Infrastructure(name, args, locked, own)
        hardware = Hardware(name, args, infrastructure, own)
        cluster = infrastructure.cluster
        self.kubeconfig = cluster.kubeconfig if cluster is not None else None
        self.join_script = cluster.join_script if cluster is not None else None
        self.bucket = infrastructure.bucket
        self.registry = infrastructure.registry.path if infrastructure.registry is not None else None
        self.naming = args.naming
        self.endpoint, self.certificate, self.models = None, None, ()
        if locked is not None and infrastructure.kubernetes is not None:
            inference = Inference(
                name,
                args,
                locked=locked,
                kubernetes=infrastructure.kubernetes,
                bucket=infrastructure.bucket,
                gpu_pool=hardware.gpu_pool,
                opts=own,
            )
            routing = Routing(
                name,
                args,
                locked=locked,
                kubernetes=infrastructure.kubernetes,
                network=infrastructure.network,
                upstreams=inference.upstreams,
                # Its reserved address goes before the bucket, which may refuse to go.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[infrastructure.bucket]),
            )
            self.endpoint, self.certificate = routing.endpoint, routing.certificate
            self.models = (args.serving.model,)
        self.register_outputs({"endpoint": self.endpoint, "models": list(self.models)})
