"""vLLM on the GPU pool."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.apps.v1 import DeploymentSpecArgsDict
from pulumi_kubernetes.core.v1 import ContainerArgsDict, ProbeArgsDict

from components.clouds import GPU_TAINT_KEY
from components.inference.artefacts import MODELS_DIRECTORY
from components.inference.engine import START_TIME, EngineSurroundings, EngineWorkload
from components.inference.off_switches import OFF_SWITCHES
from components.inference.weights import WEIGHTS_VOLUME, FetchPlan
from components.workloads import selector
from components.workloads.pods import container_security, environment, pod_security, spread_over_nodes

__all__ = ["VLLM_APP", "VLLM_PORT", "Vllm", "VllmArgs", "vllm_arguments", "vllm_pods"]

VLLM_APP = "vllm"
VLLM_PORT = 8000

GPU_RESOURCE = "nvidia.com/gpu"

_USER, _GROUP = 2000, 0
"""User ``vllm`` of the image, whose files belong to group 0. The image itself starts as root."""

_PRE_STOP_SECONDS = 15
"""``/health`` stays 200 while vLLM drains, so the Service must have let go of the pod before."""

_SHUTDOWN_SECONDS = 30
"""``--shutdown-timeout``; its default of 0 aborts every running answer at SIGTERM."""

_GRACE_SECONDS = _PRE_STOP_SECONDS + _SHUTDOWN_SECONDS + 15


@dataclass(frozen=True, kw_only=True)
class VllmArgs:
    """One model on GPUs."""

    image: str
    """``repository@sha256:…``."""
    plan: FetchPlan
    """The model and the files to fetch."""
    replicas: int
    gpus_per_replica: int
    """GPUs of one pod, all on one node; above 1 the model is split among them."""
    gpu_memory_utilization: float
    """Share of GPU memory that vLLM takes, above 0 and up to 1."""
    max_model_len: int
    """Longest prompt plus answer, in tokens."""


def vllm_arguments(args: VllmArgs) -> list[str]:
    """The command line after ``vllm``. It names the model: with none named, vLLM serves another."""
    artefacts = args.plan.artefacts
    arguments = ["serve", artefacts.directory, "--served-model-name", artefacts.model_id]
    if artefacts.is_mistral_format:
        arguments += ["--tokenizer-mode", "mistral", "--config-format", "mistral", "--load-format", "mistral"]
    if args.gpus_per_replica > 1:
        arguments += ["--tensor-parallel-size", str(args.gpus_per_replica)]
    return [
        *arguments,
        *("--host", "0.0.0.0"),  # noqa: S104 - the pod's address, behind a NetworkPolicy
        *("--port", str(VLLM_PORT)),
        *("--gpu-memory-utilization", str(args.gpu_memory_utilization)),
        *("--max-model-len", str(args.max_model_len)),
        *("--shutdown-timeout", str(_SHUTDOWN_SECONDS)),
        "--disable-fastapi-docs",
    ]


def vllm_pods(args: VllmArgs, labels: dict[str, str]) -> DeploymentSpecArgsDict:
    """The Deployment's spec. No spare GPU is assumed: a replica goes before its successor comes."""
    gpus = str(args.gpus_per_replica)
    container: ContainerArgsDict = {
        "name": VLLM_APP,
        "image": args.image,
        "command": ["vllm"],
        "args": vllm_arguments(args),
        "env": environment({**OFF_SWITCHES, "HOME": "/home/vllm", "VLLM_CACHE_ROOT": "/cache/vllm"}),
        "ports": [{"name": "http", "container_port": VLLM_PORT, "protocol": "TCP"}],
        "resources": {
            "requests": {"cpu": "2", "memory": "8Gi", GPU_RESOURCE: gpus},
            "limits": {"memory": "32Gi", GPU_RESOURCE: gpus},
        },
        "security_context": container_security(read_only_root=False),
        "startup_probe": _health(period=10, failures=60),
        "liveness_probe": _health(period=10, failures=10, timeout=10),
        "readiness_probe": _health(period=1, failures=2),
        "lifecycle": {"pre_stop": {"sleep": {"seconds": _PRE_STOP_SECONDS}}},
        "volume_mounts": [
            {"name": WEIGHTS_VOLUME, "mount_path": MODELS_DIRECTORY, "read_only": True},
            {"name": "shared-memory", "mount_path": "/dev/shm"},  # noqa: S108 - a volume of the pod's own
            {"name": "cache", "mount_path": "/cache"},
        ],
    }
    return {
        "replicas": args.replicas,
        "selector": {"match_labels": selector(VLLM_APP)},
        "strategy": {"type": "RollingUpdate", "rolling_update": {"max_surge": 0, "max_unavailable": 1}},
        "progress_deadline_seconds": 1800,
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "service_account_name": VLLM_APP,
                "automount_service_account_token": False,
                "enable_service_links": False,
                "security_context": pod_security(_USER, _GROUP),
                "tolerations": [{"key": GPU_TAINT_KEY, "operator": "Exists", "effect": "NoSchedule"}],
                "topology_spread_constraints": spread_over_nodes(VLLM_APP),
                "termination_grace_period_seconds": _GRACE_SECONDS,
                "init_containers": [args.plan.container()],
                "containers": [container],
                "volumes": [
                    *args.plan.volumes(),
                    {"name": "shared-memory", "empty_dir": {"medium": "Memory", "size_limit": "2Gi"}},
                    {"name": "cache", "empty_dir": {"size_limit": "10Gi"}},
                ],
            },
        },
    }


def _health(*, period: int, failures: int, timeout: int = 1) -> ProbeArgsDict:
    # /health needs no API key, unlike /v1/models, and refuses connections until the model is loaded.
    return {
        "http_get": {"path": "/health", "port": VLLM_PORT},
        "period_seconds": period,
        "failure_threshold": failures,
        "timeout_seconds": timeout,
    }


class Vllm(pulumi.ComponentResource):
    """vLLM's Deployment, Service and surroundings."""

    def __init__(
        self, name: str, args: VllmArgs, surroundings: EngineSurroundings, opts: pulumi.ResourceOptions
    ) -> None:
        """Create the engine under the logical name ``name``."""
        super().__init__("sovereign:inference:Vllm", name, None, opts)
        workload = EngineWorkload(
            name, app=VLLM_APP, port=VLLM_PORT, plan=args.plan, surroundings=surroundings, parent=self
        )
        target = surroundings.target
        k8s.apps.v1.Deployment(
            f"{name}-deployment",
            metadata=workload.metadata,
            spec=vllm_pods(args, target.labels(VLLM_APP)),
            opts=target.options(self, depends_on=workload.needed_first, wait=START_TIME),
        )
        self.register_outputs({})
