"""The settings as a person writes them: every key, its type, its default, and what may stand there.

This one model makes the error messages, the editor's schema and docs/settings.md.
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

__all__ = [
    "NAMESPACE",
    "Allowed",
    "WrittenSettings",
    "allowed_values",
    "full_key",
    "key_names",
    "secret_names",
]

NAMESPACE: Final = "sovereign"
"""Name of the Pulumi project, and so the prefix of every key."""

DEFAULT_MODEL: Final = "mistralai/Mistral-7B-Instruct-v0.3"

_WIDEST_PREFIX = 8

_DOMAIN = re.compile(
    r"(?=.{4,180}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"
)
_GPU = r"^[A-Za-z0-9][A-Za-z0-9._-]*(@[A-Za-z0-9-]+)?$"
_REGISTRY = re.compile(
    r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::[0-9]{1,5})?"
    r"(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)+"
)


@dataclass(frozen=True)
class Allowed:
    """What may stand in a setting, in words; printed after what was found there."""

    text: str


def _domain(value: str) -> str:
    if not _DOMAIN.fullmatch(value):
        message = "not a domain"
        raise ValueError(message)
    return value


def _registry(value: str) -> str:
    if not _REGISTRY.fullmatch(value):
        message = "not host/path"
        raise ValueError(message)
    return value


def _one_or_three(value: int) -> int:
    if value not in (1, 3):
        message = "etcd needs an odd number of servers; more than three gain nothing here"
        raise ValueError(message)
    return value


def _ipv4_range(value: str) -> str:
    network = ipaddress.ip_network(value, strict=True)
    if not isinstance(network, ipaddress.IPv4Network) or network.prefixlen < _WIDEST_PREFIX:
        message = "not an IPv4 range, or too wide"
        raise ValueError(message)
    return str(network)


def _list_from_text(value: Any) -> Any:
    """Pulumi hands a YAML list to the program as JSON text."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        return json.loads(value)
    return value


Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1, le=1000), Allowed("a whole number from 1 to 1000")]
CidrList = Annotated[
    list[Annotated[str, AfterValidator(_ipv4_range)]],
    Field(min_length=1),
    BeforeValidator(_list_from_text),
    Allowed(
        "a list of at least one IPv4 range in CIDR form, without host bits, none wider than /8, "
        'e.g. ["203.0.113.7/32"]'
    ),
]
GpuList = Annotated[
    list[Annotated[str, Field(pattern=_GPU)]],
    Field(max_length=16),
    BeforeValidator(_list_from_text),
    Allowed('a list of GPU node types, each with or without @zone, e.g. ["L40S-1-48G", "L4-1-24G@fr-par-1"]'),
]
SiteList = Annotated[
    list[dict[str, Any]],
    Field(max_length=8),
    BeforeValidator(_list_from_text),
    Allowed(
        'a list of up to 8 sites, each with cloud and location, e.g. [{"cloud": "ovh", "location": "GRA11"}]'
    ),
]


class WrittenSettings(BaseModel):
    """The keys under ``sovereign:`` in ``Pulumi.<stack>.yaml``; most have a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=True)

    jurisdiction: Annotated[Name, Allowed("a jurisdiction of the catalogue")] = Field(
        description="Whose law governs the stack. Every resource must stand on its soil."
    )
    cloud: Annotated[Name, Allowed("a cloud that has a module")] = Field(
        description="The cloud that the stack runs on."
    )
    location: Annotated[Name, Allowed("a place of that cloud inside that jurisdiction")] = Field(
        description="The place of that cloud, letter by letter as the cloud spells it."
    )
    sites: SiteList = Field(
        default=[],
        description="Further sites in the same jurisdiction, each a whole cluster with a name of its own, "
        "<jurisdiction>-<cloud>-<location>.<domain>. What a site does not say has the default of its place; "
        "of the keys above and below it may set those of its place: registry, project and nodes.",
    )
    site_fallback: Annotated[bool, Allowed("true, false")] | None = Field(
        default=None,
        description="Whether a router whose own engines are down or full passes requests to another site of "
        "the jurisdiction; prompts then cross between these sites. Default: true with two or more sites.",
    )
    domain: Annotated[str, AfterValidator(_domain), Allowed("a domain such as inference.example.com")] = (
        Field(description="The router answers as <jurisdiction>.<domain>. You must own it.")
    )
    dns_zone: (
        Annotated[str, AfterValidator(_domain), Allowed("sovereign:domain or a parent of it")] | None
    ) = Field(
        default=None,
        description="The DNS zone in the account of the cloud that takes the router's record; it is made by "
        "hand. Needed where the domain is a name inside a zone: inference.example.com in example.com. Read "
        "on Hetzner, OVHcloud and Scaleway. Default: the domain itself.",
    )
    api_access: CidrList = Field(
        description="IPv4 ranges from which the Kubernetes API may be reached: yours, and that of your CI."
    )
    geo_steering: Annotated[bool, Allowed("true, false")] | None = Field(
        default=None,
        description="Whether DNS tells the router's address only to resolvers in the jurisdiction's "
        "countries. Default: true where the cloud's DNS can (scaleway).",
    )
    protect: Annotated[bool, Allowed("true, false")] = Field(
        default=False,
        description="Whether the engine refuses to delete or replace the cluster and the weights bucket. To "
        "take the stack down set it to false and update first.",
    )
    data: Annotated[Literal["personal", "none"], Allowed("personal, none")] = Field(
        default="personal", description="Whether prompts may hold personal data."
    )
    model: Annotated[Name, Allowed("a model of the catalogue, as owner/name")] = Field(
        default=DEFAULT_MODEL, description="The model to serve."
    )
    replicas: Count = Field(default=2, description="vLLM pods.")
    gpus_per_replica: Annotated[int, Field(ge=1, le=16), Allowed("a whole number from 1 to 16")] = Field(
        default=1, description="GPUs of one vLLM pod, all on one node."
    )
    gpu_memory_utilization: Annotated[
        float, Field(gt=0, le=1, allow_inf_nan=False), Allowed("a number above 0 and up to 1")
    ] = Field(default=0.95, description="Share of GPU memory that vLLM takes.")
    max_model_len: Annotated[
        int, Field(ge=256, le=1_048_576), Allowed("a whole number of tokens from 256 to 1048576")
    ] = Field(default=4096, description="Longest prompt plus answer, in tokens.")
    fallback_replicas: Count = Field(
        default=1, description="llama.cpp pods on the CPU pool, for when vLLM has no place."
    )
    fallback_rehearsed: Annotated[date, Allowed("a day as YYYY-MM-DD")] | None = Field(
        default=None,
        description="The day on which the fallback was last seen to serve; preflight asks for it again after "
        "90 days.",
    )
    gpu_node_type: Annotated[Name, Allowed("a GPU node type of the place, or none")] | None = Field(
        default=None,
        description="Node type of the GPU pool; none leaves it out, and llama.cpp on CPUs serves alone. "
        "Default: the place's.",
    )
    gpu_alternatives: GpuList = Field(
        default=[],
        description="What to take, in this order, when the cloud has no gpuNodeType left: node types, with "
        "@zone where it is another zone of the region. Default: none, and llama.cpp on CPUs serves alone.",
    )
    gpu_reserved: GpuList = Field(
        default=[],
        description="Which of these are reserved for us, by contract or ticket: taken first, without asking.",
    )
    gpu_nodes_min: Count | None = Field(
        default=None,
        description="GPU nodes at least; of dedicated servers, how many have joined. Default: as many as the "
        "replicas need.",
    )
    gpu_nodes_max: Count | None = Field(
        default=None,
        description="GPU nodes at most; above the minimum the pool scales itself. Default: the minimum.",
    )
    cpu_node_type: Annotated[Name, Allowed("a CPU node type of the place")] | None = Field(
        default=None, description="Node type of the CPU pool. Default: the place's."
    )
    cpu_nodes_min: Count = Field(default=2, description="CPU nodes at least.")
    cpu_nodes_max: Count | None = Field(
        default=None,
        description="CPU nodes at most; above the minimum the pool scales itself. Default: the minimum.",
    )
    registry: (
        Annotated[str, AfterValidator(_registry), Allowed("host/path of a registry, without tag, lower case")]
        | None
    ) = Field(
        default=None,
        description="Where the images are, in the jurisdiction. Read only where the cloud has no registry, "
        "or tells its host only once it is created (ovh): then it is the stack output registry.",
    )
    registry_auth: Annotated[SecretStr, Allowed("user:password, stored with --secret")] | None = Field(
        default=None, description="Login of that registry, a secret. Left out: it asks for none."
    )
    hetzner_project: (
        Annotated[str, Field(pattern=r"^[1-9][0-9]{0,15}$"), Allowed("the number of a Hetzner project")]
        | None
    ) = Field(
        default=None,
        description="Hetzner project of this jurisdiction: the number in the console's address. Read on "
        "Hetzner only, to narrow the reading key of the bucket.",
    )
    hcloud_token: (
        Annotated[SecretStr, Allowed("an API token of the Hetzner project, stored with --secret")] | None
    ) = Field(
        default=None,
        description="Token for Hetzner's cloud controller and volume driver and for the autoscaler in the "
        "cluster, a secret; not the one that updates the stack (HCLOUD_TOKEN). Read on Hetzner only.",
    )
    civo_token: (
        Annotated[SecretStr, Allowed("an API key of the Civo account, stored with --secret")] | None
    ) = Field(
        default=None,
        description="Token for the autoscaler in the cluster, a secret; needed only where a maximum of nodes "
        "is above its minimum. Read on Civo only.",
    )
    weights_access_key: Annotated[SecretStr, Allowed("an S3 access key, stored with --secret")] | None = (
        Field(
            default=None,
            description="Access key that reads the weights bucket, a secret: Hetzner makes keys by hand "
            "only. Read on Hetzner only.",
        )
    )
    weights_secret_key: Annotated[SecretStr, Allowed("an S3 secret key, stored with --secret")] | None = (
        Field(default=None, description="Secret key of weightsAccessKey, a secret. Read on Hetzner only.")
    )
    control_planes: Annotated[int, AfterValidator(_one_or_three), Allowed("1 or 3")] | None = Field(
        default=None,
        description="Servers of the control plane: with 3 one may be lost. Hetzner only. Default: 3.",
    )
    vswitch_id: Annotated[int, Field(ge=1), Allowed("the number of a vSwitch in Robot")] | None = Field(
        default=None,
        description="vSwitch by which dedicated GPU servers (GEX) join; the output gexJoinScript says how. "
        "Hetzner only, where gpuNodeType names one of them it is needed.",
    )
    project_id: Annotated[Name, Allowed("the UUID of a Scaleway project")] | None = Field(
        default=None, description="Scaleway project of this jurisdiction. Read on Scaleway only."
    )
    service_name: (
        Annotated[Name, Allowed("the 32 hexadecimal digits of an OVHcloud public cloud project")] | None
    ) = Field(
        default=None, description="OVHcloud public cloud project of this jurisdiction. Read on OVHcloud only."
    )


def full_key(name: str) -> str:
    """The key as it stands in YAML: ``sovereign:gpuNodeType`` for ``gpu_node_type``."""
    return f"{NAMESPACE}:{to_camel(name)}"


def key_names() -> dict[str, str]:
    """Every key without its prefix, to the name of its field."""
    return {to_camel(name): name for name in WrittenSettings.model_fields}


@cache
def secret_names() -> tuple[str, ...]:
    """Fields whose values may be stored encrypted and are never shown."""
    fields = WrittenSettings.model_fields
    return tuple(name for name, field in fields.items() if "SecretStr" in str(field.annotation))


def allowed_values(field: FieldInfo) -> str:
    """What may stand in a field, in words."""
    for note in _notes(field):
        if isinstance(note, Allowed):
            return note.text
    message = f"a setting without an Allowed note: {field}"
    raise LookupError(message)


def _notes(field: FieldInfo) -> list[Any]:
    """The annotations of a field, and those inside an optional type."""
    inside: list[Any] = []
    for choice in getattr(field.annotation, "__args__", ()):
        inside.extend(getattr(choice, "__metadata__", ()))
    return [*field.metadata, *inside]
