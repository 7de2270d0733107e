"""What a regional stack is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from catalog import CloudInfo, Lock, LockedFile, LockedImage, LockedModel, NodeType, Place
from components.clouds import CloudModule, CloudSettings, Site
from components.residency import Residency

__all__ = ["REQUIRED_IMAGES", "LockGapError", "Locked", "ModelServing", "NodePools", "RegionalStackArgs"]

REQUIRED_IMAGES = ("haproxy", "llama-cpp", "vllm", "weights-fetcher")
"""Names of the images every stack runs, as in the catalogue and in a lock; a cloud module may add its own."""


class LockGapError(Exception):
    """The lock does not hold something that the stack runs."""


@dataclass(frozen=True, kw_only=True)
class NodePools:
    """The machines of a stack."""

    cpu: NodeType
    cpu_minimum: int
    cpu_maximum: int
    gpu: NodeType | None
    """None: the place sells no GPU, or has none left; then llama.cpp serves alone."""
    gpu_minimum: int = 0
    gpu_maximum: int = 0
    gpu_zone: str | None = None
    """Zone of the GPU nodes where it is not the place of the stack; None: the place."""


@dataclass(frozen=True, kw_only=True)
class ModelServing:
    """Which model is served, and with how much."""

    model: str
    replicas: int
    """vLLM pods."""
    gpus_per_replica: int
    gpu_memory_utilization: float
    """Share of GPU memory for vLLM, above 0 and up to 1."""
    max_model_len: int
    """Longest prompt plus answer, in tokens."""
    fallback_replicas: int
    """llama.cpp pods."""


@dataclass(frozen=True, kw_only=True)
class RegionalStackArgs:
    """Everything a regional stack is made from."""

    module: CloudModule
    """How the cloud is built."""
    cloud: CloudInfo
    """What the catalogue says about it."""
    place: Place
    residency: Residency
    domain: str
    """The router answers as ``<jurisdiction>.<domain>``."""
    jurisdictions: Sequence[str]
    """Codes of all jurisdictions that have an edge, this one included; refusals name the right one."""
    pools: NodePools
    serving: ModelServing
    api_access: Sequence[str]
    """IPv4 ranges that may reach the Kubernetes API."""
    project: str | None
    """The cloud's project of this jurisdiction."""
    registry_path: str | None
    """``host/path`` of the images if the cloud has no registry of its own."""
    registry_auth: pulumi.Output[str] | None
    """``user:password`` of that registry, secret; None if it asks for no login."""
    client_countries: frozenset[str] | None = None
    """Countries whose clients find the stack by its name; None: everybody does."""
    cloud_provider: pulumi.ProviderResource
    tls_provider: pulumi.ProviderResource
    lock: Lock | None
    """What may run. None builds the foundation only: network, cluster, pools, bucket, registry."""
    cloud_settings: CloudSettings = field(default_factory=CloudSettings)
    """What only some clouds are told."""

    @property
    def host(self) -> str:
        """Public host name of the router."""
        return f"{self.residency.jurisdiction}.{self.domain}"

    @property
    def base_urls(self) -> Mapping[str, str]:
        """Base URL of every jurisdiction's edge."""
        return {code: f"https://{code}.{self.domain}" for code in self.jurisdictions}

    @property
    def site(self) -> Site:
        """Where, for whom and through which provider the cloud is built."""
        return Site(
            place=self.place,
            residency=self.residency,
            host=self.host,
            project=self.project,
            client_countries=self.client_countries,
            provider=self.cloud_provider,
            settings=self.cloud_settings,
        )


@dataclass(frozen=True, kw_only=True)
class Locked:
    """What the lock holds for one stack."""

    lock: Lock
    model_id: str

    def image(self, name: str) -> str:
        """Reference of an image, by digest.

        Raises:
            LockGapError: the lock has no such image.
        """
        image: LockedImage | None = self.lock.images.get(name)
        if image is None:
            message = f"the lock of {self.lock.stack} has no image {name!r}; make it again"
            raise LockGapError(message)
        return image.reference

    def binary(self, name: str) -> LockedFile:
        """A file that nodes run.

        Raises:
            LockGapError: the lock has no such file.
        """
        binary = self.lock.binaries.get(name)
        if binary is None:
            message = f"the lock of {self.lock.stack} has no binary {name!r}; make it again"
            raise LockGapError(message)
        return binary

    @property
    def model(self) -> LockedModel:
        """The files of the model.

        Raises:
            LockGapError: the lock has another model.
        """
        model = self.lock.models.get(self.model_id)
        if model is None:
            held = ", ".join(sorted(self.lock.models)) or "none"
            message = (
                f"the lock of {self.lock.stack} has no model {self.model_id!r} but: {held}; make it again"
            )
            raise LockGapError(message)
        return model
