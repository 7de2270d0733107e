"""The clouds a regional stack can be built on, one module a cloud behind one contract."""

from __future__ import annotations

from importlib import import_module
from typing import Final, cast

from components.clouds.contract import (
    GPU_TAINT_KEY,
    AutoscalerArgs,
    CloudModule,
    CloudSettings,
    Cluster,
    ClusterArgs,
    ClusterServicesArgs,
    DnsName,
    EdgeAddress,
    GpuPool,
    Network,
    PoolSize,
    Registry,
    Site,
    WeightsBucket,
)
from components.clouds.stock import Stock, StockUntoldError, unseen_stock

__all__ = [
    "GPU_TAINT_KEY",
    "AutoscalerArgs",
    "CloudModule",
    "CloudNotBuiltError",
    "CloudSettings",
    "Cluster",
    "ClusterArgs",
    "ClusterServicesArgs",
    "DnsName",
    "EdgeAddress",
    "GpuPool",
    "Network",
    "PoolSize",
    "Registry",
    "Site",
    "Stock",
    "StockUntoldError",
    "WeightsBucket",
    "built_clouds",
    "cloud_module",
    "unseen_stock",
]

_MODULES: Final = {
    "civo": "components.clouds.civo",
    "hetzner": "components.clouds.hetzner",
    "ovh": "components.clouds.ovh",
    "scaleway": "components.clouds.scaleway",
}
"""Catalogue key to package. Each defines ``MODULE``; it is imported only when its cloud is used."""


class CloudNotBuiltError(Exception):
    """The catalogue knows the cloud, but no module builds it yet."""

    def __init__(self, key: str) -> None:
        """Say which cloud was asked for and which are built."""
        super().__init__(f"cloud {key!r} has no module yet; built: {', '.join(built_clouds())}")


def built_clouds() -> tuple[str, ...]:
    """Catalogue keys of the clouds that have a module, in alphabetical order."""
    return tuple(sorted(_MODULES))


def cloud_module(key: str) -> CloudModule:
    """Return the module of a cloud.

    Raises:
        CloudNotBuiltError: there is none; the message lists those there are.
    """
    if key not in _MODULES:
        raise CloudNotBuiltError(key)
    return cast("CloudModule", import_module(_MODULES[key]).MODULE)
