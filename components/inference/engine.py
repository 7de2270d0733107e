"""What both engines have around their pods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.apps.v1 import DeploymentSpecArgsDict
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    PodSpecArgsDict,
    ProbeArgsDict,
    TolerationArgsDict,
    VolumeArgsDict,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components.inference.weights import FetchPlan, WeightsAccess
from components.platform.egress_gate import GATE_APP, GATE_PORT
from components.workloads import ClosedNamespace, ClusterTarget, WorkloadSurroundings, selector
from components.workloads.network_policies import DNS, from_pods, pod_policy, to_pods
from components.workloads.pods import pod_security, spread_over_nodes

__all__ = ["EnginePods", "EngineSurroundings", "EngineWorkload", "Pods", "engine_pods", "health_probe"]


_START_TIME = "30m"
"""How long an update waits for an engine: a node may have to come, then image and weights must be copied."""

_PROGRESS_SECONDS = 1800
"""The same, as the Deployment itself counts it."""


def health_probe(port: int, *, period: int, failures: int, timeout: int = 1) -> ProbeArgsDict:
    """A probe of ``/health``, which both engines answer without a key. ``/v1/models`` would not do: vLLM
    wants a key for it, and llama.cpp answers it while it still loads.

    Args:
        port: of the engine.
        period: seconds between two probes.
        failures: in a row, before it counts as failed.
        timeout: seconds.
    """
    return {
        "http_get": {"path": "/health", "port": port},
        "period_seconds": period,
        "failure_threshold": failures,
        "timeout_seconds": timeout,
    }


@dataclass(frozen=True, kw_only=True)
class EnginePods:
    """What one engine's pods are made of."""

    app: str
    replicas: int
    container: ContainerArgsDict
    plan: FetchPlan
    volumes: Sequence[VolumeArgsDict]
    """Besides those of the weights."""
    user: int
    group: int
    grace_seconds: int
    """From SIGTERM to SIGKILL: longer than preStop and drain together."""
    tolerations: Sequence[TolerationArgsDict] = ()
    runtime_class: str | None = None
    """None: the node's default runtime."""


def engine_pods(pods: EnginePods, labels: dict[str, str]) -> DeploymentSpecArgsDict:
    """The Deployment's spec: weights are fetched first, and nothing but the engine is in the pod.

    No spare room is assumed: a replica goes before its successor comes.
    """
    pod: PodSpecArgsDict = {
        "service_account_name": pods.app,
        "automount_service_account_token": False,
        # A Service called vllm would set VLLM_PORT to an address, and vLLM would not start.
        "enable_service_links": False,
        "security_context": pod_security(pods.user, pods.group),
        "topology_spread_constraints": spread_over_nodes(pods.app),
        "termination_grace_period_seconds": pods.grace_seconds,
        "init_containers": [pods.plan.container()],
        "containers": [pods.container],
        "volumes": [*pods.plan.volumes(), *pods.volumes],
    }
    if pods.tolerations:
        pod["tolerations"] = list(pods.tolerations)
    if pods.runtime_class is not None:
        pod["runtime_class_name"] = pods.runtime_class
    return {
        "replicas": pods.replicas,
        "selector": {"match_labels": selector(pods.app)},
        "strategy": {"type": "RollingUpdate", "rolling_update": {"max_surge": 0, "max_unavailable": 1}},
        "progress_deadline_seconds": _PROGRESS_SECONDS,
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }


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
    """Deployment, Service, fetch list, account, paths and budget of one engine.

    Serving pods may be called by the router on their one port. They may call the egress gate and the
    cluster's name server, and nothing else.
    """

    def __init__(
        self,
        name: str,
        *,
        port: int,
        pods: EnginePods,
        surroundings: EngineSurroundings,
        parent: pulumi.Resource,
    ) -> None:
        """Create the objects of the engine as children of ``parent``."""
        target, namespace = surroundings.target, surroundings.namespace
        app, plan, labels = pods.app, pods.plan, target.labels(pods.app)
        metadata: ObjectMetaArgsDict = {"name": app, "namespace": namespace.namespace, "labels": labels}
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
            metadata=metadata,
            spec={
                "type": "ClusterIP",
                "selector": selector(app),
                "ports": [{"name": "http", "port": port, "target_port": port, "protocol": "TCP"}],
            },
            opts=target.options(parent, depends_on=[namespace]),
        )
        # With these first, no pod ever starts without its policies.
        first = (around, fetch, surroundings.access)
        k8s.apps.v1.Deployment(
            f"{name}-deployment",
            metadata=metadata,
            spec=engine_pods(pods, labels),
            opts=target.options(parent, depends_on=first, wait=_START_TIME),
        )
