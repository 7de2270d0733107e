"""What a regional stack is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pulumi

from catalog import CloudInfo, Lock, LockedFile, LockedImage, LockedModel, NodeType, Place
from components.clouds import CloudModule, CloudSettings, PoolSize, Site
from components.residency import Residency

__all__ = [
    "REQUIRED_IMAGES",
    "LockGapError",
    "Locked",
    "ModelServing",
    "NameService",
    "NodePools",
    "RegionalStackArgs",
    "SiblingSite",
]

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
    cpu_held: Mapping[str, object] = field(default_factory=dict[str, object])
    """``PoolSize.held`` of the CPU pool."""
    gpu_held: Mapping[str, object] = field(default_factory=dict[str, object])
    """``PoolSize.held`` of the GPU pool."""

    @property
    def cpu_size(self) -> PoolSize:
        """The CPU pool as cloud modules take it."""
        return PoolSize(
            node_type=self.cpu.name,
            minimum=self.cpu_minimum,
            maximum=self.cpu_maximum,
            held=self.cpu_held,
        )

    @property
    def gpu_size(self) -> PoolSize | None:
        """The GPU pool as cloud modules take it; None: there is none."""
        if self.gpu is None:
            return None
        return PoolSize(
            node_type=self.gpu.name,
            minimum=self.gpu_minimum,
            maximum=self.gpu_maximum,
            zone=self.gpu_zone,
            held=self.gpu_held,
        )


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
class NameService:
    """The cloud whose DNS answers for the host."""

    module: CloudModule
    site: Site
    """Where, for whom and through which provider; its host is the one of another regional stack."""


@dataclass(frozen=True, kw_only=True)
class SiblingSite:
    """Another regional stack of the same jurisdiction, to which the router may pass requests on."""

    name: str
    """Lower-case letters, digits and ``-``."""
    host: str
    """Public host name of its router."""
    certificate: pulumi.Input[str]
    """Of its router, in PEM form."""
    gate_port: int
    """Port of the egress gate that leads there; another one for each sibling."""


@dataclass(frozen=True, kw_only=True)
class RegionalStackArgs:
    """Everything a regional stack is made from."""

    module: CloudModule
    """How the cloud is built."""
    cloud: CloudInfo
    """What the catalogue says about it."""
    place: Place
    residency: Residency
    host: str
    """Public host name of the router."""
    domain: str
    """Edges of other jurisdictions answer as ``<jurisdiction>.<domain>``."""
    dns_zone: str | None = None
    """The zone that takes the record, where it is made by hand; None: ``domain`` is a zone itself."""
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
    name_service: NameService | None = None
    """None: the DNS of this very cloud."""
    siblings: Sequence[SiblingSite] = ()
    """Other sites of the jurisdiction, in the order in which they are asked when nothing here can serve."""

    @property
    def base_urls(self) -> Mapping[str, str]:
        """Base URL of every jurisdiction's edge, of this very one in its own jurisdiction."""
        urls = {code: f"https://{code}.{self.domain}" for code in self.jurisdictions}
        return {**urls, self.residency.jurisdiction: f"https://{self.host}"}

    @property
    def naming(self) -> NameService:
        """Whose DNS answers, with this stack's own host."""
        if self.name_service is None:
            return NameService(module=self.module, site=self.site)
        return replace(self.name_service, site=replace(self.name_service.site, host=self.host))

    @property
    def site(self) -> Site:
        """Where, for whom and through which provider the cloud is built."""
        return Site(
            place=self.place,
            residency=self.residency,
            host=self.host,
            dns_zone=self.dns_zone or self.domain,
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
