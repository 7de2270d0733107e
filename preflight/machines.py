"""Whether the model fits the machines, and whether any machine with a GPU is to be had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from catalog import Catalog
from components.clouds.inspection import Answer, Verdict
from infra.gpu import GpuCandidate
from infra.settings import Settings

__all__ = ["gpu_pool", "gpu_software", "memory"]

_BYTES_PER_GIB: Final = 2**30
_COMFORTABLE: Final = 0.8
"""Share of the usable GPU memory that weights may take. vLLM gives the rest to the cache of contexts; with
less than a fifth of it, few requests run at once."""


def gpu_pool(settings: Settings, stock: Sequence[Answer]) -> Iterator[Answer]:
    """Whether any candidate of the settings can be had."""
    about = "GPU pool"
    if not settings.gpu:
        yield Answer(
            about=about,
            verdict=Verdict.LOOK,
            found=f"none in {settings.place.code}: {settings.no_gpu_reason}",
            remedy="llama.cpp on CPUs serves alone; for more, move to a place that sells GPUs",
        )
        return
    names = {str(candidate) for candidate in settings.gpu}
    answers = [answer for answer in stock if answer.about in names or _named(answer, settings.gpu)]
    from_stock = [each for each in settings.gpu if each.node_type.ordered_in is None]
    if from_stock and not any(candidate.reserved for candidate in settings.gpu):
        yield Answer(
            about="GPU stock reserved",
            verdict=Verdict.LOOK,
            found="no",
            remedy="reserve with the cloud and list it in sovereign:gpuReserved, or live with what is left",
        )
    if answers and all(answer.verdict is Verdict.FAIL for answer in answers):
        yield Answer(
            about=about,
            verdict=Verdict.LOOK,
            found="every candidate is out of stock",
            remedy="llama.cpp on CPUs would serve alone; list more in sovereign:gpuAlternatives",
        )


def _named(answer: Answer, candidates: Sequence[GpuCandidate]) -> bool:
    return any(answer.about == f"{each.node_type.name} in {each.zone.code}" for each in candidates)


def gpu_software(settings: Settings) -> Iterator[Answer]:
    """Whether GPU nodes come with driver and device plugin; without them a node offers no GPU to pods."""
    if not settings.gpu:
        return
    about = "driver and device plugin on GPU nodes"
    known = settings.cloud.gpu_software
    if known is not None and known.from_cloud:
        yield Answer(about=about, verdict=Verdict.GOOD, found=known.note)
        return
    yield Answer(
        about=about,
        verdict=Verdict.LOOK if known else Verdict.UNTOLD,
        found=known.note
        if known
        else f"the catalogue does not say whether {settings.cloud.name} brings them",
        remedy=f"see docs/clouds/{settings.cloud.key}.md: they must be there, from your own registry, before "
        "vLLM can start; then every GPU node lists nvidia.com/gpu as allocatable",
    )


def memory(settings: Settings, catalog: Catalog) -> Iterator[Answer]:
    """Whether the weights fit the GPUs of one replica, for each node type that may be taken."""
    model = catalog.model(settings.model)
    weights = model.weights.gigabytes if model and model.weights else None
    for candidate in settings.gpu:
        about = f"model fits {candidate.node_type.name}"
        if weights is None or candidate.node_type.gpu is None:
            yield Answer(
                about=about,
                verdict=Verdict.UNTOLD,
                found=f"the catalogue does not say how large {settings.model} is",
                remedy="add gigabytes to its weights in catalog/data/models.yaml",
            )
            continue
        gpu = candidate.node_type.gpu
        gibibytes = settings.gpus_per_replica * gpu.memory_gib * settings.gpu_memory_utilization
        usable = gibibytes * _BYTES_PER_GIB / 1e9
        found = (
            f"{weights:g} GB of weights, {usable:.1f} GB usable on {settings.gpus_per_replica} x {gpu.model}"
        )
        if weights > usable:
            yield Answer(
                about=about,
                verdict=Verdict.FAIL,
                found=found,
                remedy="more sovereign:gpusPerReplica on one node, larger GPUs, or a smaller model; no fast "
                "network joins two nodes here",
            )
        elif weights > usable * _COMFORTABLE:
            yield Answer(
                about=about,
                verdict=Verdict.LOOK,
                found=found,
                remedy="little is left for contexts: lower sovereign:maxModelLen, or take larger GPUs",
            )
        else:
            yield Answer(about=about, verdict=Verdict.GOOD, found=found)
