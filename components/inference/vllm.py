"""vLLM on the GPU pool."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import ContainerArgsDict

from catalog.marks import MODELS_DIRECTORY
from catalog.off_switches import OFF_SWITCHES
from components.clouds import GPU_TAINT_KEY
from components.inference.engine import EnginePods, EngineSurroundings, EngineWorkload, health_probe
from components.inference.weights import WEIGHTS_VOLUME, FetchPlan
from components.workloads.pods import container_security, environment

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
    runtime_class: str | None = None
    """RuntimeClass of the pods, where their nodes do not give every pod the NVIDIA runtime."""


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


def vllm_pods(args: VllmArgs) -> EnginePods:
    """The pods: whole GPUs, asked for and limited alike."""
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
        "startup_probe": health_probe(VLLM_PORT, period=10, failures=60),
        "liveness_probe": health_probe(VLLM_PORT, period=10, failures=10, timeout=10),
        "readiness_probe": health_probe(VLLM_PORT, period=1, failures=2),
        "lifecycle": {"pre_stop": {"sleep": {"seconds": _PRE_STOP_SECONDS}}},
        "volume_mounts": [
            {"name": WEIGHTS_VOLUME, "mount_path": MODELS_DIRECTORY, "read_only": True},
            {"name": "shared-memory", "mount_path": "/dev/shm"},  # noqa: S108 - a volume of the pod's own
            {"name": "cache", "mount_path": "/cache"},
        ],
    }
    return EnginePods(
        app=VLLM_APP,
        replicas=args.replicas,
        container=container,
        plan=args.plan,
        volumes=[
            {"name": "shared-memory", "empty_dir": {"medium": "Memory", "size_limit": "2Gi"}},
            {"name": "cache", "empty_dir": {"size_limit": "10Gi"}},
        ],
        user=_USER,
        group=_GROUP,
        grace_seconds=_GRACE_SECONDS,
        tolerations=[{"key": GPU_TAINT_KEY, "operator": "Exists", "effect": "NoSchedule"}],
        runtime_class=args.runtime_class,
    )


class Vllm(pulumi.ComponentResource):
    """vLLM's Deployment, Service and surroundings."""

    def __init__(
        self, name: str, args: VllmArgs, surroundings: EngineSurroundings, opts: pulumi.ResourceOptions
    ) -> None:
        """Create the engine under the logical name ``name``."""
        super().__init__("sovereign:inference:Vllm", name, None, opts)
        EngineWorkload(name, port=VLLM_PORT, pods=vllm_pods(args), surroundings=surroundings, parent=self)
        self.register_outputs({})
