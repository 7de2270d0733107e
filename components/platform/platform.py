"""What a cluster gets before a model: closed namespaces, one door out, an order of precedence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pulumi
import pulumi_kubernetes as k8s

from components.platform.egress_gate import EgressGate, Passage
from components.workloads.namespace import ClosedNamespace
from components.workloads.target import ClusterTarget, RegistryLogin

__all__ = ["EGRESS_NAMESPACE", "INFERENCE_NAMESPACE", "ROUTING_NAMESPACE", "Platform"]

INFERENCE_NAMESPACE = "inference"
ROUTING_NAMESPACE = "routing"
EGRESS_NAMESPACE = "egress"

EDGE_PRIORITY = "sovereign-edge"
"""Priority class of the router: on a full CPU pool the fallback engine makes room for it, not the reverse."""


class Platform(pulumi.ComponentResource):
    """Three namespaces, the egress gate and the router's priority class.

    Assumed of the cloud, not installed here: a network plugin that enforces NetworkPolicy, and on GPU nodes
    the NVIDIA driver, container toolkit and device plugin. Scaleway brings the latter with every GPU pool,
    Hetzner's own services bring the device plugin. Civo does not say so for every GPU type; until the plugin
    runs there, vLLM's pods wait and llama.cpp answers.
    """

    inference: ClosedNamespace
    routing: ClosedNamespace
    gate: EgressGate
    priority_class: str

    def __init__(
        self,
        name: str,
        *,
        haproxy_image: str,
        bucket_url: pulumi.Input[str],
        target: ClusterTarget,
        login: RegistryLogin | None,
        passages: Sequence[Passage] = (),
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Create the platform called ``name``; ``passages`` lead the router to other sites."""
        super().__init__("sovereign:platform:Platform", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)

        def closed(namespace: str, of: ClusterTarget) -> ClosedNamespace:
            return ClosedNamespace(
                f"{name}-{namespace}", namespace=namespace, target=of, login=login, opts=own
            )

        # With passages prompts go through the gate, though it cannot read them.
        weights_only = replace(target, residency=target.residency.without_personal_data())
        gate = target if passages else weights_only
        self.inference = closed(INFERENCE_NAMESPACE, target)
        self.routing = closed(ROUTING_NAMESPACE, target)
        self.gate = EgressGate(
            f"{name}-egress-gate",
            image=haproxy_image,
            bucket_url=bucket_url,
            serving_namespace=INFERENCE_NAMESPACE,
            routing_namespace=ROUTING_NAMESPACE,
            passages=passages,
            namespace=closed(EGRESS_NAMESPACE, gate),
            target=gate,
            opts=own,
        )
        k8s.scheduling.v1.PriorityClass(
            f"{name}-edge-priority",
            metadata={"name": EDGE_PRIORITY, "labels": target.residency.labels},
            value=100_000,
            global_default=False,
            description="The jurisdiction router: scheduled before the engines it routes to.",
            opts=target.options(self),
        )
        self.priority_class = EDGE_PRIORITY
        self.register_outputs({})
