"""The program: settings in, one regional stack out."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_tls as tls

from catalog import CatalogError, LockError, Place, load_catalog
from components import LockGapError, ModelServing, NodePools, RegionalStack, RegionalStackArgs, Residency
from components.clouds import cloud_module
from infra import configuration
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
        if settings.gpu_node_type is None:
            pulumi.log.warn(_without_gpu(settings.place))
        name = settings.jurisdiction
        module = cloud_module(settings.cloud.key)
        stack = RegionalStack(
            name,
            RegionalStackArgs(
                module=module,
                cloud=settings.cloud,
                place=settings.place,
                residency=Residency(jurisdiction=settings.jurisdiction, data=settings.data),
                domain=settings.domain,
                jurisdictions=sorted(catalog.jurisdictions),
                pools=_pools(settings),
                serving=_serving(settings),
                api_access=settings.api_access,
                project=settings.project,
                registry_path=settings.registry,
                registry_auth=_registry_auth(settings),
                cloud_provider=module.provider(f"{name}-{module.key}", settings.place, settings.project),
                tls_provider=tls.Provider(f"{name}-tls"),
                lock=found.lock,
            ),
        )
    except (CatalogError, SettingsError, LockError, LockRefusedError, LockGapError) as error:
        raise pulumi.RunError(str(error)) from error
    _export(settings, stack)


def _without_gpu(place: Place) -> str:
    reason = place.defaults.no_gpu_reason if place.defaults else ""
    return f"{place.cloud} {place.code} has no GPU pool, so llama.cpp on CPUs serves alone: {reason}"


def _pools(settings: Settings) -> NodePools:
    return NodePools(
        cpu=settings.cpu_node_type,
        cpu_minimum=settings.cpu_nodes_min,
        cpu_maximum=settings.cpu_nodes_max,
        gpu=settings.gpu_node_type,
        gpu_minimum=settings.gpu_nodes_min,
        gpu_maximum=settings.gpu_nodes_max,
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


def _export(settings: Settings, stack: RegionalStack) -> None:
    pulumi.export("jurisdiction", settings.jurisdiction)
    pulumi.export("cloud", settings.cloud.key)
    pulumi.export("location", settings.place.code)
    pulumi.export("models", list(stack.models))
    pulumi.export("kubeconfig", stack.kubeconfig)
    pulumi.export("cpuNodeType", settings.cpu_node_type.name)
    pulumi.export("gpuNodeType", settings.gpu_node_type.name if settings.gpu_node_type else None)
    pulumi.export("registry", registry_of(settings))
    pulumi.export("weightsEndpoint", stack.bucket.endpoint)
    pulumi.export("weightsBucket", stack.bucket.bucket)
    if stack.endpoint is not None:
        pulumi.export("endpoint", stack.endpoint)


if __name__ == "__main__":
    main()
