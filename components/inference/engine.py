"""What both engines have around their pods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components.inference.weights import FetchPlan, WeightsAccess
from components.platform.egress_gate import GATE_APP, GATE_PORT
from components.workloads import ClosedNamespace, ClusterTarget, WorkloadSurroundings, selector
from components.workloads.network_policies import DNS, from_pods, pod_policy, to_pods

__all__ = ["START_TIME", "EngineSurroundings", "EngineWorkload", "Pods"]


START_TIME = "30m"
"""How long an update waits for an engine: a node may have to come, then image and weights must be copied."""


@dataclass(frozen=True, kw_only=True)
class Pods:
    """The pods of one workload in one namespace."""

    namespace: str
    app: str


@dataclass(frozen=True, kw_only=True)
class EngineSurroundings:
    """Where engines run, who may call them, and through which door they fetch weights."""

    namespace: ClosedNamespace
    target: ClusterTarget
    access: WeightsAccess
    router: Pods
    gate_namespace: str


class EngineWorkload:
    """Service, fetch list, account, paths and budget of one engine; the Deployment is the engine's own.

    Serving pods may be called by the router on their one port. They may call the egress gate and the
    cluster's name server, and nothing else.
    """

    metadata: ObjectMetaArgsDict
    needed_first: Sequence[pulumi.Resource]
    """What must exist before the pods: with it, no pod ever starts without its policies."""

    def __init__(
        self,
        name: str,
        *,
        app: str,
        port: int,
        plan: FetchPlan,
        surroundings: EngineSurroundings,
        parent: pulumi.Resource,
    ) -> None:
        """Create the objects of ``app`` as children of ``parent``."""
        target, namespace = surroundings.target, surroundings.namespace
        labels = target.labels(app)
        self.metadata = {"name": app, "namespace": namespace.namespace, "labels": labels}
        paths = pod_policy(
            app,
            ingress=[from_pods(surroundings.router.namespace, surroundings.router.app, port)],
            egress=[DNS, to_pods(surroundings.gate_namespace, GATE_APP, GATE_PORT)],
        )
        around = WorkloadSurroundings(
            name,
            app=app,
            namespace=namespace,
            paths=paths,
            target=target,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        fetch = k8s.core.v1.ConfigMap(
            f"{name}-weights",
            metadata={"name": plan.config_map, "namespace": namespace.namespace, "labels": labels},
            data=plan.content,
            immutable=True,
            opts=target.options(parent, depends_on=[namespace]),
        )
        k8s.core.v1.Service(
            f"{name}-service",
            metadata=self.metadata,
            spec={
                "type": "ClusterIP",
                "selector": selector(app),
                "ports": [{"name": "http", "port": port, "target_port": port, "protocol": "TCP"}],
            },
            opts=target.options(parent, depends_on=[namespace]),
        )
        self.needed_first = (around, fetch, surroundings.access)
