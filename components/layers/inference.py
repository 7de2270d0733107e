"""The engines: vLLM where there are GPUs, llama.cpp wherever there is a GGUF."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.clouds import GpuPool, WeightsBucket
from components.inference import (
    EngineSurroundings,
    FetchPlan,
    LlamaCpp,
    LlamaCppArgs,
    ModelArtefacts,
    Pods,
    Vllm,
    VllmArgs,
    WeightsAccess,
    WeightsSource,
)
from components.inference.llama_cpp import LLAMA_APP, LLAMA_PORT, LLAMA_SLOTS, threads_for
from components.inference.vllm import VLLM_APP, VLLM_PORT
from components.layers.infrastructure import Kubernetes
from components.platform import EGRESS_NAMESPACE, INFERENCE_NAMESPACE, ROUTING_NAMESPACE
from components.platform.egress_gate import GATE_PORT
from components.router import ROUTER_APP, Upstream
from components.stack_args import Locked, LockGapError, RegionalStackArgs

__all__ = ["Inference"]

_VLLM_SLOTS = 32
"""Requests at once for one vLLM pod: an L4 with a 7B model in 16 bits has cache for about a dozen full
contexts of 4,096 tokens, and most requests are shorter. What does not fit is queued by vLLM, not refused."""


class Inference(pulumi.ComponentResource):
    """The engines of one model, in the order in which the router fills them."""

    upstreams: Sequence[Upstream]

    def __init__(
        self,
        name: str,
        args: RegionalStackArgs,
        *,
        locked: Locked,
        kubernetes: Kubernetes,
        bucket: WeightsBucket,
        gpu_pool: GpuPool | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Build the layer of the stack ``name``.

        Raises:
            LockGapError: the lock lacks an image or the model, or holds nothing that the hardware could
            serve.
        """
        super().__init__("sovereign:layers:Inference", f"{name}-inference", None, opts)
        own = pulumi.ResourceOptions(parent=self)
        platform = kubernetes.platform
        artefacts = ModelArtefacts(model_id=args.serving.model, locked=locked.model)
        source = WeightsSource(
            image=locked.image("weights-fetcher"),
            bucket_url=pulumi.Output.concat(bucket.endpoint, "/", bucket.bucket),
            region=bucket.region,
            gate=f"{platform.gate.host}:{GATE_PORT}",
        )
        access = WeightsAccess(
            f"{name}-weights-access",
            access_key=bucket.access_key,
            secret_key=bucket.secret_key,
            namespace=platform.inference,
            target=kubernetes.target,
            opts=own,
        )
        surroundings = EngineSurroundings(
            namespace=platform.inference,
            target=kubernetes.target,
            access=access,
            router=Pods(namespace=ROUTING_NAMESPACE, app=ROUTER_APP),
            gate_namespace=EGRESS_NAMESPACE,
        )
        upstreams: list[Upstream] = []
        if gpu_pool is not None:
            plan = FetchPlan(app=VLLM_APP, source=source, artefacts=artefacts, files=artefacts.locked.files)
            # Not only when it is made: the id is known only when the cloud has granted the nodes.
            granted = gpu_pool.pool_id.apply(lambda _: [gpu_pool])
            after_pool = pulumi.ResourceOptions(parent=self, depends_on=granted)
            Vllm(f"{name}-vllm", _vllm(args, locked, plan, gpu_pool.runtime_class), surroundings, after_pool)
            upstreams.append(_upstream(VLLM_APP, VLLM_PORT, args.serving.replicas * _VLLM_SLOTS))
        gguf = artefacts.locked.gguf
        if gguf is not None:
            plan = FetchPlan(app=LLAMA_APP, source=source, artefacts=artefacts, files=(gguf,))
            llama = LlamaCppArgs(
                image=locked.image("llama-cpp"),
                plan=plan,
                gguf=gguf,
                replicas=args.serving.fallback_replicas,
                threads=threads_for(args.pools.cpu.vcpus),
                max_model_len=args.serving.max_model_len,
            )
            LlamaCpp(f"{name}-llama-cpp", llama, surroundings, own)
            slots = args.serving.fallback_replicas * LLAMA_SLOTS
            upstreams.append(_upstream(LLAMA_APP, LLAMA_PORT, slots, degraded=True))
        if not upstreams:
            message = (
                f"{args.serving.model} cannot be served in {args.place.code}: no GPU pool for vLLM, and "
                "the lock holds no gguf for llama.cpp"
            )
            raise LockGapError(message)
        self.upstreams = tuple(upstreams)
        self.register_outputs({})


def _vllm(args: RegionalStackArgs, locked: Locked, plan: FetchPlan, runtime_class: str | None) -> VllmArgs:
    return VllmArgs(
        image=locked.image("vllm"),
        plan=plan,
        replicas=args.serving.replicas,
        gpus_per_replica=args.serving.gpus_per_replica,
        gpu_memory_utilization=args.serving.gpu_memory_utilization,
        max_model_len=args.serving.max_model_len,
        runtime_class=runtime_class,
    )


def _upstream(app: str, port: int, slots: int, *, degraded: bool = False) -> Upstream:
    host = f"{app}.{INFERENCE_NAMESPACE}.svc.cluster.local"
    return Upstream(name=app, host=host, port=port, slots=slots, degraded=degraded)
