"""The edge: address, router, name."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.clouds import Network
from components.layers.infrastructure import Kubernetes
from components.router import JurisdictionRouter, RouterArgs, RouterConfiguration, Sibling, Upstream
from components.stack_args import Locked, RegionalStackArgs

__all__ = ["Routing"]


class Routing(pulumi.ComponentResource):
    """The topmost layer. The name points at the address only when the router stands behind it."""

    endpoint: str
    """``https://`` and the host of the stack."""
    certificate: pulumi.Output[str]
    """Of the edge, in PEM form; public."""

    def __init__(
        self,
        name: str,
        args: RegionalStackArgs,
        *,
        locked: Locked,
        kubernetes: Kubernetes,
        network: Network,
        upstreams: Sequence[Upstream],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Build the layer of the stack ``name``."""
        super().__init__("sovereign:layers:Routing", f"{name}-routing", None, opts)
        own = pulumi.ResourceOptions(parent=self)
        address = args.module.edge_address(f"{name}-edge", args.site, network, own)
        door = kubernetes.platform.gate.host
        configuration = RouterConfiguration(
            jurisdiction=args.residency.jurisdiction,
            base_urls=args.base_urls,
            upstreams=upstreams,
            site=name,
            siblings=[
                Sibling(name=each.name, host=each.host, door=door, port=each.gate_port)
                for each in args.siblings
            ],
        )
        router = JurisdictionRouter(
            f"{name}-router",
            RouterArgs(
                image=locked.image("haproxy"),
                host=args.host,
                configuration=configuration,
                address=address,
                tls_provider=args.tls_provider,
                priority_class=kubernetes.platform.priority_class,
                trusted={each.name: each.certificate for each in args.siblings},
            ),
            namespace=kubernetes.platform.routing,
            target=kubernetes.target,
            opts=own,
        )
        after_router = pulumi.ResourceOptions(parent=self, depends_on=[router])
        naming = args.naming
        naming.module.dns_name(f"{name}-dns", naming.site, address.address, after_router)
        self.certificate = router.certificate
        self.endpoint = f"https://{args.host}"
        self.register_outputs({"endpoint": self.endpoint})
