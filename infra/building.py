"""Builds the regional stacks of all sites, so that each knows the routers of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_tls as tls

from catalog import Catalog, Lock
from components import (
    ModelServing,
    NodePools,
    RegionalStack,
    RegionalStackArgs,
    Residency,
    SiblingSite,
)
from components.clouds import CloudSettings, cloud_module
from infra.gpu import GpuCandidate, GpuChoice, choose
from infra.held import held_gpu_pool, held_nodes
from infra.settings import Settings
from infra.sites import Sites

__all__ = ["BuiltSite", "build"]

_FIRST_GATE_PORT: Final = 8500
"""Of the egress gate, for the first site; the next one has the next port, at every site alike."""


@dataclass(frozen=True, kw_only=True)
class BuiltSite:
    """One site, and what was made of its settings."""

    settings: Settings
    gpu: GpuChoice
    lock: Lock | None
    stack: RegionalStack


@dataclass(frozen=True, kw_only=True)
class _Edge:
    """The router of a site, before it is built. Two routers trust each other, so neither can be the first."""

    site: SiblingSite
    certificate: Callable[[pulumi.Output[str]], None]
    """Takes the certificate once it is declared."""


def build(sites: Sites, locks: Mapping[str, Lock | None], catalog: Catalog) -> Sequence[BuiltSite]:
    """Declare everything, the home site first.

    Args:
        sites: the settings of all sites.
        locks: by the name of the site. A site without one gets its foundation only, and no sibling.
        catalog: for the countries of the jurisdiction.

    Raises:
        LockGapError: a lock does not hold what its site runs.
    """
    edges: dict[str, _Edge] = {}
    for number, site in enumerate(sites.all):
        if sites.fallback and locks[site.name] is not None:
            edges[site.name] = _edge(site, _FIRST_GATE_PORT + number)
    built: list[BuiltSite] = []
    for site in sites.all:
        others = [edge.site for name, edge in edges.items() if name != site.name]
        one = _site(site, locks[site.name], others if site.name in edges else (), built[:1], catalog)
        if site.name in edges and one.stack.certificate is not None:
            edges[site.name].certificate(one.stack.certificate)
        built.append(one)
    return built


def _edge(site: Settings, gate_port: int) -> _Edge:
    later: tuple[pulumi.Output[str], Callable[[pulumi.Output[str]], None]] = pulumi.deferred_output()
    certificate, resolve = later
    sibling = SiblingSite(name=site.name, host=site.host, certificate=certificate, gate_port=gate_port)
    return _Edge(site=sibling, certificate=resolve)


def _site(
    settings: Settings,
    lock: Lock | None,
    siblings: Sequence[SiblingSite],
    home: Sequence[BuiltSite],
    catalog: Catalog,
) -> BuiltSite:
    name, module = settings.name, cloud_module(settings.cloud.key)
    provider = module.provider(f"{name}-{module.key}", settings.place, settings.project)
    gpu = _gpu(settings, provider)
    countries = catalog.jurisdiction(settings.jurisdiction).countries if settings.geo_steering else None
    stack = RegionalStack(
        name,
        RegionalStackArgs(
            module=module,
            cloud=settings.cloud,
            place=settings.place,
            residency=Residency(jurisdiction=settings.jurisdiction, data=settings.data),
            host=settings.host,
            domain=settings.domain,
            dns_zone=settings.dns_zone,
            jurisdictions=sorted(catalog.jurisdictions),
            pools=_pools(settings, gpu.candidate),
            serving=_serving(settings),
            api_access=settings.api_access,
            project=settings.project,
            client_countries=countries,
            registry_path=settings.registry,
            registry_auth=_registry_auth(settings),
            cloud_provider=provider,
            tls_provider=tls.Provider(f"{name}-tls"),
            lock=lock,
            cloud_settings=_cloud_settings(settings),
            name_service=home[0].stack.naming if home else None,
            siblings=siblings,
        ),
    )
    return BuiltSite(settings=settings, gpu=gpu, lock=lock, stack=stack)


def _gpu(settings: Settings, provider: pulumi.ProviderResource) -> GpuChoice:
    """The GPU pool to build, with a warning when there is none or when a cloud would not say."""
    place, module = settings.place, cloud_module(settings.cloud.key)
    if not settings.gpu:
        reason = settings.no_gpu_reason
        pulumi.log.warn(
            f"{place.cloud} {place.code} has no GPU pool, so llama.cpp on CPUs serves alone: {reason}"
        )
        return GpuChoice(candidate=None, reason=reason)
    choice = choose(
        settings.gpu,
        held_gpu_pool(settings.cloud.key, settings.name),
        lambda asked: module.stock(asked.node_type.name, asked.zone, provider, settings.project),
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
    cpu_grows = settings.cpu_nodes_max > settings.cpu_nodes_min
    gpu_grows = gpu is not None and gpu.maximum > gpu.minimum
    held = held_nodes(settings.cloud.key, settings.name) if cpu_grows or gpu_grows else None
    return NodePools(
        cpu=settings.cpu_node_type,
        cpu_minimum=settings.cpu_nodes_min,
        cpu_maximum=settings.cpu_nodes_max,
        gpu=gpu.node_type if gpu else None,
        gpu_minimum=gpu.minimum if gpu else 0,
        gpu_maximum=gpu.maximum if gpu else 0,
        gpu_zone=gpu.zone.code if gpu else None,
        cpu_held=held.cpu if held else {},
        gpu_held=held.gpu if held else {},
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
