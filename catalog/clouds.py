"""The clouds a stack can run on, and the companies behind them."""

from __future__ import annotations

from pydantic import StrictBool, StrictInt

from catalog._source import Country, Fact, Line, Source

__all__ = ["CloudInfo", "Dns", "GpuSoftware", "KubernetesRelease"]


class Dns(Fact):
    """What the cloud's DNS can do for the router's name."""

    resource: Line
    """Pulumi type token of a record, or of a record set."""
    min_ttl: StrictInt | None = None
    """Shortest time to live in seconds, None when not known."""
    geo_steering: StrictBool
    """True if a record can answer by the country of the client."""
    note: str = ""


class KubernetesRelease(Fact):
    """The Kubernetes release that a new cluster asks for, in the spelling of the cloud."""

    version: Line
    source: Source


class GpuSoftware(Fact):
    """Who puts the NVIDIA driver and the device plugin on GPU nodes: without them no pod is given a GPU."""

    from_cloud: StrictBool
    """True if nodes of a GPU pool come with both. False: somebody has to install them."""
    note: Line
    """What the cloud does, or what it leaves to do, as a person reads it."""
    source: Source


class CloudInfo(Fact):
    """One cloud: ``key`` is the value of ``sovereign:cloud``."""

    key: Line
    name: Line
    provider: Line
    """Name of the Pulumi package: the first part of its type tokens (``hcloud`` for Hetzner)."""
    company: Line
    country: Country
    """Where the company that sells the service is registered: not where the machines stand."""
    ownership: Line
    """Who controls the company, and which other states have a legal lever on it."""
    has_registry: StrictBool
    """True if the cloud has a container registry of its own, so that none need be named."""
    has_managed_kubernetes: StrictBool
    has_object_storage: StrictBool
    kubernetes: KubernetesRelease | None = None
    dns: Dns
    gpu_software: GpuSoftware | None = None
    """None: not known."""
    note: str = ""
    source: Source

    @property
    def kubernetes_version(self) -> str | None:
        """The release that a new cluster asks for, or None: then the cloud's own default is taken."""
        return self.kubernetes.version if self.kubernetes else None
