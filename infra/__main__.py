"""The program: settings in, one regional stack out."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_tls as tls

from catalog import CatalogError, LockError, load_catalog
from components import LockGapError, ModelServing, NodePools, RegionalStack, RegionalStackArgs, Residency
from components.clouds import CloudModule, CloudSettings, cloud_module
from infra import configuration
from infra.cost import estimate
from infra.gpu import GpuCandidate, GpuChoice, choose
from infra.held import held_gpu_pool
from infra.locks import LockRefusedError, find_lock, rehearsal_workspace
from infra.settings import Settings, SettingsError, parse
from infra.wanted import registry_of
from policies import guard


def main() -> None:
    """Build the stack that the configuration describes.

    Raises:
        pulumi.RunError: settings, catalogue or lock are wrong; the message says all that is.
    """
    workspace = rehearsal_workspace()
    try:
        catalog = load_catalog()
        config = configuration.of_program()
        settings = parse(
            config.values, catalog, rehearsal=workspace is not None, secret_keys=config.secret_keys
        )
        found = find_lock(
            Path(pulumi.get_root_directory()),
            pulumi.get_stack(),
            settings.jurisdiction,
            registry_of(settings),
            workspace,
        )
        guard.install(
            jurisdiction=settings.jurisdiction,
            rehearsal=workspace is not None,
            lock=found.lock,
            registry=settings.registry,
        )
        if found.lock is None:
            pulumi.log.warn(found.advice)
        name = settings.jurisdiction
        module = cloud_module(settings.cloud.key)
        provider = module.provider(f"{name}-{module.key}", settings.place, settings.project)
        gpu = _gpu(settings, module, provider)
        stack = RegionalStack(
            name,
            RegionalStackArgs(
                module=module,
                cloud=settings.cloud,
                place=settings.place,
                residency=Residency(jurisdiction=settings.jurisdiction, data=settings.data),
                domain=settings.domain,
                jurisdictions=sorted(catalog.jurisdictions),
                pools=_pools(settings, gpu.candidate),
                serving=_serving(settings),
                api_access=settings.api_access,
                project=settings.project,
                client_countries=catalog.jurisdiction(name).countries if settings.geo_steering else None,
                registry_path=settings.registry,
                registry_auth=_registry_auth(settings),
                cloud_provider=provider,
                tls_provider=tls.Provider(f"{name}-tls"),
                lock=found.lock,
                cloud_settings=_cloud_settings(settings),
            ),
        )
    except (CatalogError, SettingsError, LockError, LockRefusedError, LockGapError) as error:
        raise pulumi.RunError(str(error)) from error
    _export(settings, stack, gpu)
    pulumi.export("costEstimate", estimate(settings, catalog, found.lock, gpu).output())


def _gpu(settings: Settings, module: CloudModule, provider: pulumi.ProviderResource) -> GpuChoice:
    """The GPU pool to build, with a warning when there is none or when a cloud would not say."""
    place = settings.place
    if not settings.gpu:
        reason = settings.no_gpu_reason
        pulumi.log.warn(
            f"{place.cloud} {place.code} has no GPU pool, so llama.cpp on CPUs serves alone: {reason}"
        )
        return GpuChoice(candidate=None, reason=reason)
    choice = choose(
        settings.gpu,
        held_gpu_pool(settings.cloud.key),
        lambda asked: module.stock(asked.node_type.name, asked.zone, provider),
    )
    for silence in choice.untold:
        pulumi.log.warn(f"The stock of GPUs could not be asked; the pool may fail for want of it. {silence}")
    if choice.candidate is None:
        pulumi.log.warn(
            f"No GPU is left in {place.code}, so llama.cpp on CPUs serves alone until an update finds one: "
            f"{choice.reason}. Update again later, or list more in sovereign:gpuAlternatives."
        )
    return choice


def _pools(settings: Settings, gpu: GpuCandidate | None) -> NodePools:
    return NodePools(
        cpu=settings.cpu_node_type,
        cpu_minimum=settings.cpu_nodes_min,
        cpu_maximum=settings.cpu_nodes_max,
        gpu=gpu.node_type if gpu else None,
        gpu_minimum=gpu.minimum if gpu else 0,
        gpu_maximum=gpu.maximum if gpu else 0,
        gpu_zone=gpu.zone.code if gpu else None,
    )


def _serving(settings: Settings) -> ModelServing:
    return ModelServing(
        model=settings.model,
        replicas=settings.replicas,
        gpus_per_replica=settings.gpus_per_replica,
        gpu_memory_utilization=settings.gpu_memory_utilization,
        max_model_len=settings.max_model_len,
        fallback_replicas=settings.fallback_replicas,
    )


def _registry_auth(settings: Settings) -> pulumi.Output[str] | None:
    if settings.registry_auth is None:
        return None
    return pulumi.Output.secret(settings.registry_auth.get_secret_value())


def _cloud_settings(settings: Settings) -> CloudSettings:
    return CloudSettings(
        secrets={
            key: pulumi.Output.secret(secret.get_secret_value())
            for key, secret in settings.cloud_secrets.items()
        },
        control_planes=settings.control_planes,
        vswitch_id=settings.vswitch_id,
    )


def _export(settings: Settings, stack: RegionalStack, gpu: GpuChoice) -> None:
    pulumi.export("jurisdiction", settings.jurisdiction)
    pulumi.export("cloud", settings.cloud.key)
    pulumi.export("location", settings.place.code)
    pulumi.export("models", list(stack.models))
    if stack.kubeconfig is not None:
        pulumi.export("kubeconfig", stack.kubeconfig)
    if stack.join_script is not None:
        pulumi.export("gexJoinScript", stack.join_script)
    pulumi.export("cpuNodeType", settings.cpu_node_type.name)
    pulumi.export("gpuNodeType", gpu.candidate.node_type.name if gpu.candidate else None)
    pulumi.export("gpuZone", gpu.candidate.zone.code if gpu.candidate else None)
    pulumi.export("gpuStock", gpu.reason)
    pulumi.export("registry", registry_of(settings) if stack.registry is None else stack.registry)
    pulumi.export("weightsEndpoint", stack.bucket.endpoint)
    pulumi.export("weightsBucket", stack.bucket.bucket)
    if stack.endpoint is not None:
        pulumi.export("endpoint", stack.endpoint)


if __name__ == "__main__":
    main()
