"""llama.cpp on the CPU pool: the same model, slower, when vLLM has no place for a request."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import ContainerArgsDict

from catalog import LockedFile
from catalog.marks import MODELS_DIRECTORY
from components.inference.engine import EnginePods, EngineSurroundings, EngineWorkload, health_probe
from components.inference.weights import WEIGHTS_VOLUME, FetchPlan
from components.workloads.pods import container_security, guaranteed

__all__ = [
    "LLAMA_APP",
    "LLAMA_PORT",
    "LlamaCpp",
    "LlamaCppArgs",
    "llama_arguments",
    "llama_pods",
    "threads_for",
]

LLAMA_APP = "llama-cpp"
LLAMA_PORT = 8080
"""Always given: the program's own default moved from 8080 to 9931 (llama.cpp pull request 26508, 2026-08)."""

LLAMA_SLOTS = 1
"""Requests served at once by one pod. Two at half the speed each would both be too slow."""

_USER = 2000
_PRE_STOP_SECONDS = 15
_GRACE_SECONDS = 60
_GIB = 2**30
_CPUS_LEFT_TO_OTHERS = 2
"""Of one CPU node: router, egress gate, system pods."""

_THREADS_WHEN_UNKNOWN = 2


@dataclass(frozen=True, kw_only=True)
class LlamaCppArgs:
    """One model on CPUs."""

    image: str
    """``repository@sha256:…``."""
    plan: FetchPlan
    """Fetches the GGUF."""
    gguf: LockedFile
    replicas: int
    threads: int
    """CPUs of one pod: request, limit and ``--threads`` alike."""
    max_model_len: int
    """Longest prompt plus answer, in tokens."""


def threads_for(node_vcpus: int | None) -> int:
    """CPUs of a llama.cpp pod on a node with this many, at least 1; 2 if the catalogue does not know."""
    if node_vcpus is None:
        return _THREADS_WHEN_UNKNOWN
    return max(1, node_vcpus - _CPUS_LEFT_TO_OTHERS)


def llama_arguments(args: LlamaCppArgs) -> list[str]:
    """The command line after the program. Without ``--model`` it would serve whatever lies in its cache."""
    artefacts = args.plan.artefacts
    return [
        *("--model", f"{artefacts.directory}/{args.gguf.path}"),
        *("--alias", artefacts.model_id),
        *("--host", "0.0.0.0"),  # noqa: S104 - the pod's address, behind a NetworkPolicy
        *("--port", str(LLAMA_PORT)),
        # The program counts the node's CPUs, not the container's share, and thrashes: threads must be given.
        *("--threads", str(args.threads)),
        *("--parallel", str(LLAMA_SLOTS)),
        *("--ctx-size", str(args.max_model_len * LLAMA_SLOTS)),
        # Its prompt cache would otherwise take up to 8 GiB beside the model.
        *("--cache-ram", "0"),
        "--offline",
        "--no-slots",
    ]


def memory_for(args: LlamaCppArgs) -> str:
    """Memory of a pod: the model, half a GiB for every 4,096 tokens of context, one GiB for the rest."""
    context = args.max_model_len * LLAMA_SLOTS * _GIB // (2 * 4096)
    return f"{(args.gguf.bytes + context + _GIB) // _GIB + 1}Gi"


def llama_pods(args: LlamaCppArgs) -> EnginePods:
    """The pods: guaranteed CPUs and memory, read-only root."""
    container: ContainerArgsDict = {
        "name": LLAMA_APP,
        "image": args.image,
        "command": ["/app/llama-server"],
        "args": llama_arguments(args),
        "ports": [{"name": "http", "container_port": LLAMA_PORT, "protocol": "TCP"}],
        "resources": guaranteed(str(args.threads), memory_for(args)),
        "security_context": container_security(),
        "startup_probe": health_probe(LLAMA_PORT, period=10, failures=60),
        "liveness_probe": health_probe(LLAMA_PORT, period=10, failures=10, timeout=10),
        "readiness_probe": health_probe(LLAMA_PORT, period=2, failures=2, timeout=2),
        "lifecycle": {"pre_stop": {"sleep": {"seconds": _PRE_STOP_SECONDS}}},
        "volume_mounts": [
            {"name": WEIGHTS_VOLUME, "mount_path": MODELS_DIRECTORY, "read_only": True},
            {"name": "scratch", "mount_path": "/tmp"},  # noqa: S108 - a volume of the pod's own
        ],
    }
    return EnginePods(
        app=LLAMA_APP,
        replicas=args.replicas,
        container=container,
        plan=args.plan,
        volumes=[
            {"name": "scratch", "empty_dir": {"size_limit": "1Gi"}},
        ],
        user=_USER,
        group=_USER,
        grace_seconds=_GRACE_SECONDS,
    )


class LlamaCpp(pulumi.ComponentResource):
    """llama.cpp's Deployment, Service and surroundings."""

    def __init__(
        self, name: str, args: LlamaCppArgs, surroundings: EngineSurroundings, opts: pulumi.ResourceOptions
    ) -> None:
        """Create the engine under the logical name ``name``."""
        super().__init__("sovereign:inference:LlamaCpp", name, None, opts)
        EngineWorkload(name, port=LLAMA_PORT, pods=llama_pods(args), surroundings=surroundings, parent=self)
        self.register_outputs({})
