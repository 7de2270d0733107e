"""What one setting demands of another, and of the catalogue."""

from __future__ import annotations

import difflib
import ipaddress
import re
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from catalog import Catalog, CloudInfo, NodeType, Place
from components.clouds import built_clouds, cloud_module
from infra.written import full_key

__all__ = ["Mistakes", "resolve"]

_DOCUMENTATION_RANGES: Final = tuple(
    ipaddress.IPv4Network(cidr) for cidr in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
)
"""RFC 5737: nobody has these addresses."""

_EXAMPLE_DOMAIN = re.compile(r"(?:.*\.)?(?:example(?:\.(?:com|net|org))?|invalid|test|localhost)")
"""RFC 2606 and RFC 6761: nobody owns these names."""


@dataclass
class Mistakes:
    """Every mistake found so far, each a line that begins with its full key."""

    lines: list[str] = field(default_factory=list[str])

    def add(self, key: str, what: str) -> None:
        """Note a mistake under the full key ``key``."""
        self.lines.append(f"{key}: {what}")

    def at(self, name: str, what: str) -> None:
        """Note a mistake in the field ``name``."""
        self.add(full_key(name), what)


def resolve(
    written: Mapping[str, Any],
    catalog: Catalog,
    mistakes: Mistakes,
    *,
    rehearsal: bool,
    secret_keys: Collection[str],
) -> dict[str, Any]:
    """Fill in the defaults of the place and look everything up; what is wrong goes to ``mistakes``.

    Checks whose settings are missing or already wrong are left out, so one mistake is not reported twice. The
    result is complete only if no mistake was noted.
    """
    cloud = _cloud(written, catalog, mistakes)
    _jurisdiction(written, catalog, mistakes)
    place = _place(written, catalog, cloud, mistakes)
    _model(written, catalog, mistakes)
    cpu = _node_type("cpu_node_type", written, catalog, place, mistakes)
    gpu = _node_type("gpu_node_type", written, catalog, place, mistakes)
    gpu_minimum, gpu_maximum = _gpu_nodes(written, cloud, gpu, mistakes)
    cpu_minimum = written.get("cpu_nodes_min")
    cpu_maximum = written.get("cpu_nodes_max") or cpu_minimum
    _range("cpu", cpu_minimum, cpu_maximum, cloud, mistakes)
    project = _project(written, cloud, mistakes, rehearsal=rehearsal)
    registry = _registry(written, cloud, mistakes, rehearsal=rehearsal, secret_keys=secret_keys)
    if not rehearsal:
        _placeholders(written, mistakes)
    kept = (
        *(
            "jurisdiction",
            "domain",
            "data",
            "model",
            "replicas",
            "gpus_per_replica",
            "gpu_memory_utilization",
        ),
        *("max_model_len", "fallback_replicas"),
    )
    return {
        **{name: written.get(name) for name in kept},
        "cloud": cloud,
        "place": place,
        "api_access": tuple(written.get("api_access", ())),
        "gpu_node_type": gpu,
        "gpu_nodes_min": gpu_minimum,
        "gpu_nodes_max": gpu_maximum,
        "cpu_node_type": cpu,
        "cpu_nodes_min": cpu_minimum,
        "cpu_nodes_max": cpu_maximum,
        "registry": registry,
        "registry_auth": written.get("registry_auth") if registry else None,
        "project": project,
    }


def _names(values: Iterable[str]) -> str:
    return ", ".join(sorted(values)) or "none"


def _jurisdiction(written: Mapping[str, Any], catalog: Catalog, mistakes: Mistakes) -> None:
    code = written.get("jurisdiction")
    if code is not None and code not in catalog.jurisdictions:
        mistakes.at("jurisdiction", f"found {code!r}, allowed: {_names(catalog.jurisdictions)}")


def _cloud(written: Mapping[str, Any], catalog: Catalog, mistakes: Mistakes) -> CloudInfo | None:
    key = written.get("cloud")
    if key is None:
        return None
    cloud = catalog.clouds.get(key)
    if cloud is None:
        mistakes.at(
            "cloud", f"found {key!r}, which is no cloud of the catalogue; allowed: {_names(built_clouds())}"
        )
    elif key not in built_clouds():
        mistakes.at(
            "cloud", f"found {key!r}: {cloud.name} is not built yet; allowed: {_names(built_clouds())}"
        )
    return cloud


def _place(
    written: Mapping[str, Any], catalog: Catalog, cloud: CloudInfo | None, mistakes: Mistakes
) -> Place | None:
    code, jurisdiction = written.get("location"), written.get("jurisdiction")
    if code is None or cloud is None:
        return None
    known = jurisdiction in catalog.jurisdictions
    offered = [
        place for place in catalog.places(cloud.key, jurisdiction if known else None) if place.stack_location
    ]
    allowed = (
        f"allowed on {cloud.key}{f' in {jurisdiction}' if known else ''}: {_names(p.code for p in offered)}"
    )
    place = catalog.place(cloud.key, code)
    if place is None:
        elsewhere = [found for key in catalog.clouds if (found := catalog.place(key, code)) is not None]
        if elsewhere:
            where = "; ".join(f"a {p.kind} of {p.cloud} ({_where(p)})" for p in elsewhere)
            mistakes.at("location", f"found {code!r}, {where}, but sovereign:cloud is {cloud.key}; {allowed}")
            return None
        hint = _close(code, (p.code for p in catalog.places(cloud.key)))
        mistakes.at("location", f"found {code!r}, no place of {cloud.key}{hint}; {allowed}")
        return None
    if known and place.jurisdiction != jurisdiction:
        belongs = f"in {place.jurisdiction}" if place.jurisdiction else "in no jurisdiction served here"
        mistakes.at(
            "location",
            f"found {code!r}: it stands in {_where(place)}, {belongs}, not in {jurisdiction}; {allowed}",
        )
        return None
    if not place.stack_location or place.defaults is None:
        mistakes.at("location", f"found {code!r}, a {place.kind} where no stack can be put; {allowed}")
        return None
    return place


def _where(place: Place) -> str:
    return f"{place.city}, {place.country}" if place.city else place.country


def _close(value: str, among: Iterable[str]) -> str:
    by_lower_case = {name.lower(): name for name in among}
    close = difflib.get_close_matches(value.lower(), by_lower_case, n=1, cutoff=0.7)
    return f" (did you mean {by_lower_case[close[0]]}?)" if close else ""


def _model(written: Mapping[str, Any], catalog: Catalog, mistakes: Mistakes) -> None:
    model_id = written.get("model")
    if model_id is None or ("*" not in model_id and catalog.model(model_id) is not None):
        return
    exact = [model.id for model in catalog.models if not model.is_pattern]
    hint = _close(model_id, exact)
    servable = _names(model.id for model in catalog.models if model.weights is not None)
    mistakes.at(
        "model",
        f"found {model_id!r}, which catalog/data/models.yaml does not know{hint}; ready to serve: {servable}",
    )


def _node_type(
    name: str, written: Mapping[str, Any], catalog: Catalog, place: Place | None, mistakes: Mistakes
) -> NodeType | None:
    if place is None or place.defaults is None or name not in written:
        return None
    wants_gpu = name == "gpu_node_type"
    chosen = written[name]
    if chosen is None:
        default = place.defaults.gpu_node_type if wants_gpu else place.defaults.cpu_node_type
        return catalog.node_type(place.cloud, default) if default else None
    sold = [
        node.name
        for node in catalog.node_types(place.cloud)
        if place.code in node.places and (node.gpu is not None) == wants_gpu
    ]
    allowed = f"allowed in {place.code}: {_names(sold)}"
    node_type = catalog.node_type(place.cloud, chosen)
    if node_type is None:
        mistakes.at(name, f"found {chosen!r}, no node type of {place.cloud}{_close(chosen, sold)}; {allowed}")
    elif (node_type.gpu is not None) != wants_gpu:
        kind = "has no GPU" if wants_gpu else "is a GPU node type"
        mistakes.at(name, f"found {chosen!r}, which {kind}; {allowed}")
    elif place.code not in node_type.places:
        mistakes.at(name, f"found {chosen!r}, not known to be sold in {place.code}; {allowed}")
    else:
        return node_type
    return None


def _gpu_nodes(
    written: Mapping[str, Any], cloud: CloudInfo | None, node_type: NodeType | None, mistakes: Mistakes
) -> tuple[int, int]:
    if node_type is None or node_type.gpu is None or not {"replicas", "gpus_per_replica"} <= written.keys():
        return 0, 0
    replicas, per_replica = written["replicas"], written["gpus_per_replica"]
    per_node = node_type.gpu.count
    if per_replica > per_node:
        mistakes.at(
            "gpus_per_replica",
            f"found {per_replica}, but {node_type.name} has {per_node} and a model must fit one node; "
            f"allowed: 1 to {per_node}, or another sovereign:gpuNodeType",
        )
        return 0, 0
    if not {"gpu_nodes_min", "gpu_nodes_max"} <= written.keys():
        return 0, 0
    needed = -(-replicas // (per_node // per_replica))
    least, most = written["gpu_nodes_min"], written["gpu_nodes_max"]
    minimum = least or min(needed, most or needed)
    maximum = most or minimum
    _range("gpu", minimum, maximum, cloud, mistakes)
    if minimum <= maximum < needed:
        mistakes.at(
            "gpu_nodes_max" if most else "gpu_nodes_min",
            f"found {maximum}, but {replicas} replicas with {per_replica} GPU each need {needed} of "
            f"{node_type.name}; allowed: {needed} or more, or fewer sovereign:replicas",
        )
    return minimum, maximum


def _range(
    kind: str, minimum: int | None, maximum: int | None, cloud: CloudInfo | None, mistakes: Mistakes
) -> None:
    if minimum is None or maximum is None:
        return
    if maximum < minimum:
        mistakes.at(f"{kind}_nodes_max", f"found {maximum}, below the minimum; allowed: {minimum} or more")
    elif maximum > minimum and cloud is not None and not _scales(cloud):
        mistakes.at(
            f"{kind}_nodes_max",
            f"found {maximum}, above the minimum, but node pools of {cloud.key} do not scale by themselves; "
            f"allowed: {minimum}",
        )


def _scales(cloud: CloudInfo) -> bool:
    """False only if pools are known not to scale; a cloud without a module is refused anyway."""
    return cloud.key not in built_clouds() or cloud_module(cloud.key).autoscales


def _project(
    written: Mapping[str, Any], cloud: CloudInfo | None, mistakes: Mistakes, *, rehearsal: bool
) -> str | None:
    if cloud is None or cloud.key not in built_clouds():
        return None
    key = cloud_module(cloud.key).project_key
    if key is None:
        return None
    name = "project_id" if key == "projectId" else "service_name"
    if name not in written:
        return None
    value: str | None = written[name]
    if value is None:
        if rehearsal:
            return str(uuid.UUID(int=0))
        mistakes.at(name, f"missing; {cloud.key} needs the UUID of the project of this jurisdiction")
        return None
    if name == "project_id" and not _is_uuid(value):
        mistakes.at(name, f"found {value!r}, allowed: the UUID of a Scaleway project, in lower case")
    elif not rehearsal and not value.replace("-", "").strip("0"):
        mistakes.at(name, f"found {value!r}, still the placeholder; allowed: the UUID of your project")
    return value


def _is_uuid(value: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", value) is not None


def _registry(
    written: Mapping[str, Any],
    cloud: CloudInfo | None,
    mistakes: Mistakes,
    *,
    rehearsal: bool,
    secret_keys: Collection[str],
) -> str | None:
    if cloud is None or cloud.key not in built_clouds() or cloud.has_registry or "registry" not in written:
        return None
    registry: str | None = written["registry"]
    if registry is None:
        mistakes.at(
            "registry",
            f"missing; {cloud.name} has no image registry. Allowed: host/path of one inside the jurisdiction",
        )
        return None
    if rehearsal:
        return registry
    if _EXAMPLE_DOMAIN.fullmatch(registry.partition("/")[0].partition(":")[0]):
        mistakes.at(
            "registry", f"found {registry!r}, still the placeholder; allowed: host/path of your registry"
        )
    auth = written.get("registry_auth")
    if auth is not None and full_key("registry_auth") not in secret_keys:
        mistakes.at(
            "registry_auth",
            "found in plain text; allowed: a secret (pulumi config set --secret sovereign:registryAuth)",
        )
    elif auth is not None and not all(auth.get_secret_value().partition(":")):
        mistakes.at("registry_auth", "found a secret that is not user:password; allowed: user:password")
    return registry


def _placeholders(written: Mapping[str, Any], mistakes: Mistakes) -> None:
    """The shipped files name nobody's domain and nobody's addresses; a real stack needs real ones."""
    domain = written.get("domain")
    if domain is not None and _EXAMPLE_DOMAIN.fullmatch(domain):
        mistakes.at("domain", f"found {domain!r}, still the placeholder; allowed: a domain that you own")
    for cidr in written.get("api_access", ()):
        network = ipaddress.IPv4Network(cidr)
        if any(network.subnet_of(reserved) for reserved in _DOCUMENTATION_RANGES):
            mistakes.at("api_access", f"found {cidr!r}, still the placeholder; allowed: your own addresses")
