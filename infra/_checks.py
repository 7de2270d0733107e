"""What one setting demands of another, and of the catalogue."""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Collection, Mapping
from typing import Any, Final

from catalog import Catalog, CloudInfo, Place
from components.clouds import built_clouds, cloud_module
from infra._mistakes import Mistakes, close_to, listed
from infra._nodes import cpu_nodes, cpu_type, gpu_candidates
from infra._own import cloud_secrets, dns_zone, own_numbers
from infra.written import full_key, key_names

__all__ = ["resolve"]

_DOCUMENTATION_RANGES: Final = tuple(
    ipaddress.IPv4Network(cidr) for cidr in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
)
"""RFC 5737: nobody has these addresses."""

_EXAMPLE_DOMAIN = re.compile(r"(?:.*\.)?(?:example(?:\.(?:com|net|org))?|invalid|test|localhost)")
"""RFC 2606 and RFC 6761: nobody owns these names."""


_FIREWALLED: Final = frozenset({"civo", "hetzner"})
"""Clouds on which this program closes the nodes' way out, but for ports such as that of HTTPS."""

_HTTPS_PORT: Final = "443"

_PROJECT_IN_REHEARSAL: Final = {
    "project_id": str(uuid.UUID(int=0)),
    "service_name": uuid.UUID(int=0).hex,
    "hetzner_project": "1",
}


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
    _site_fallback(written, mistakes)
    gpu = gpu_candidates(written, catalog, place, mistakes)
    cpu_minimum, cpu_maximum = cpu_nodes(written, mistakes)
    project = _project(written, cloud, mistakes, rehearsal=rehearsal)
    registry = _registry(written, cloud, place, mistakes, rehearsal=rehearsal, secret_keys=secret_keys)
    secrets = cloud_secrets(
        written,
        cloud,
        mistakes,
        grows=_grows(cpu_minimum, cpu_maximum) or any(_grows(each.minimum, each.maximum) for each in gpu),
        rehearsal=rehearsal,
        secret_keys=secret_keys,
    )
    control_planes, vswitch_id = own_numbers(written, cloud, mistakes)
    if not rehearsal:
        _placeholders(written, mistakes)
    kept = (
        *(
            "jurisdiction",
            "domain",
            "protect",
            "data",
            "model",
            "replicas",
            "gpus_per_replica",
            "gpu_memory_utilization",
        ),
        *("max_model_len", "fallback_replicas", "fallback_rehearsed", "site_fallback"),
    )
    return {
        **{name: written.get(name) for name in kept},
        "cloud": cloud,
        "place": place,
        "dns_zone": dns_zone(written, cloud, mistakes),
        "geo_steering": _geo_steering(written, cloud, mistakes),
        "api_access": tuple(written.get("api_access", ())),
        "gpu": gpu,
        "cpu_node_type": cpu_type(written, catalog, place, mistakes),
        "cpu_nodes_min": cpu_minimum,
        "cpu_nodes_max": cpu_maximum,
        "registry": registry,
        "registry_auth": written.get("registry_auth") if registry else None,
        "project": project,
        "cloud_secrets": secrets,
        "control_planes": control_planes,
        "vswitch_id": vswitch_id,
    }


def _grows(minimum: int | None, maximum: int | None) -> bool:
    return minimum is not None and maximum is not None and maximum > minimum


def _jurisdiction(written: Mapping[str, Any], catalog: Catalog, mistakes: Mistakes) -> None:
    code = written.get("jurisdiction")
    if code is not None and code not in catalog.jurisdictions:
        mistakes.at("jurisdiction", f"found {code!r}, allowed: {listed(catalog.jurisdictions)}")


def _cloud(written: Mapping[str, Any], catalog: Catalog, mistakes: Mistakes) -> CloudInfo | None:
    key = written.get("cloud")
    if key is None:
        return None
    cloud = catalog.clouds.get(key)
    if cloud is None:
        mistakes.at(
            "cloud", f"found {key!r}, which is no cloud of the catalogue; allowed: {listed(built_clouds())}"
        )
    elif key not in built_clouds():
        mistakes.at(
            "cloud", f"found {key!r}: {cloud.name} is not built yet; allowed: {listed(built_clouds())}"
        )
    return cloud


def _place(
    written: Mapping[str, Any], catalog: Catalog, cloud: CloudInfo | None, mistakes: Mistakes
) -> Place | None:
    code, jurisdiction = written.get("location"), written.get("jurisdiction")
    if code is None or cloud is None:
        return None
    known = jurisdiction in catalog.jurisdictions
    offered = catalog.stack_locations(cloud.key, jurisdiction if known else None)
    allowed = (
        f"allowed on {cloud.key}{f' in {jurisdiction}' if known else ''}: {listed(p.code for p in offered)}"
    )
    place = catalog.place(cloud.key, code)
    if place is None:
        elsewhere = [found for key in catalog.clouds if (found := catalog.place(key, code)) is not None]
        if elsewhere:
            where = "; ".join(f"a {p.kind} of {p.cloud} ({_where(p)})" for p in elsewhere)
            mistakes.at("location", f"found {code!r}, {where}, but sovereign:cloud is {cloud.key}; {allowed}")
            return None
        hint = close_to(code, (p.code for p in catalog.places(cloud.key)))
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


def _geo_steering(written: Mapping[str, Any], cloud: CloudInfo | None, mistakes: Mistakes) -> bool:
    if cloud is None or "geo_steering" not in written:
        return False
    wanted: bool | None = written["geo_steering"]
    if wanted and not cloud.dns.geo_steering:
        mistakes.at(
            "geo_steering", f"found true, but the DNS of {cloud.key} cannot steer by country; allowed: false"
        )
    return cloud.dns.geo_steering if wanted is None else wanted


def _site_fallback(written: Mapping[str, Any], mistakes: Mistakes) -> None:
    if written.get("site_fallback") and written.get("sites") == []:
        mistakes.at(
            "site_fallback", "found true, but sovereign:sites lists no further site; allowed: false, left out"
        )


def _model(written: Mapping[str, Any], catalog: Catalog, mistakes: Mistakes) -> None:
    model_id = written.get("model")
    if model_id is None or ("*" not in model_id and catalog.model(model_id) is not None):
        return
    exact = [model.id for model in catalog.models if not model.is_pattern]
    hint = close_to(model_id, exact)
    servable = listed(model.id for model in catalog.models if model.weights is not None)
    mistakes.at(
        "model",
        f"found {model_id!r}, which catalog/data/models.yaml does not know{hint}; ready to serve: {servable}",
    )


def _project(
    written: Mapping[str, Any], cloud: CloudInfo | None, mistakes: Mistakes, *, rehearsal: bool
) -> str | None:
    if cloud is None or cloud.key not in built_clouds():
        return None
    key = cloud_module(cloud.key).project_key
    if key is None:
        return None
    name = key_names()[key]
    if name not in written:
        return None
    value: str | None = written[name]
    if value is None:
        if rehearsal:
            return _PROJECT_IN_REHEARSAL[name]
        mistakes.at(name, f"missing; {cloud.key} needs the id of the project of this jurisdiction")
        return None
    if name == "project_id" and not _is_uuid(value):
        mistakes.at(name, f"found {value!r}, allowed: the UUID of a Scaleway project, in lower case")
    elif name == "service_name" and re.fullmatch(r"[0-9a-f]{32}", value) is None:
        mistakes.at(
            name,
            f"found {value!r}, allowed: the 32 hexadecimal digits of an OVHcloud public cloud project, in "
            "lower case",
        )
    elif not rehearsal and not value.replace("-", "").strip("0"):
        mistakes.at(name, f"found {value!r}, still the placeholder; allowed: the id of your project")
    return value


def _is_uuid(value: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", value) is not None


def _registry(
    written: Mapping[str, Any],
    cloud: CloudInfo | None,
    place: Place | None,
    mistakes: Mistakes,
    *,
    rehearsal: bool,
    secret_keys: Collection[str],
) -> str | None:
    if cloud is None or cloud.key not in built_clouds() or "registry" not in written:
        return None
    defaults = place.defaults if place is not None else None
    if (defaults is None and cloud.has_registry) or (defaults is not None and defaults.registry_host):
        return None
    registry: str | None = written["registry"]
    if defaults is not None and defaults.registry_region is not None:
        # The cloud chooses the host: nobody can know it before the first update. A placeholder is no name.
        if registry is None or (_is_placeholder(registry) and not rehearsal):
            return None
    elif registry is None:
        where = f"{cloud.name} {place.code}" if place is not None and cloud.has_registry else cloud.name
        mistakes.at(
            "registry",
            f"missing; {where} has no image registry. Allowed: host/path of one inside the jurisdiction",
        )
        return None
    _port(registry, cloud, mistakes)
    if rehearsal:
        return registry
    if _is_placeholder(registry):
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


def _port(registry: str, cloud: CloudInfo, mistakes: Mistakes) -> None:
    """Nodes behind this program's own firewalls reach registries on the port of HTTPS and on no other."""
    _, _, port = registry.partition("/")[0].partition(":")
    if port and port != _HTTPS_PORT and cloud.key in _FIREWALLED:
        mistakes.at(
            "registry",
            f"found {registry!r}: port {port}, which the nodes' firewall on {cloud.key} does not let out; "
            f"allowed: a registry on port {_HTTPS_PORT}, written without a port",
        )


def _is_placeholder(registry: str) -> bool:
    return _EXAMPLE_DOMAIN.fullmatch(registry.partition("/")[0].partition(":")[0]) is not None


def _placeholders(written: Mapping[str, Any], mistakes: Mistakes) -> None:
    """The shipped files name nobody's domain and nobody's addresses; a real stack needs real ones."""
    domain = written.get("domain")
    if domain is not None and _EXAMPLE_DOMAIN.fullmatch(domain):
        mistakes.at("domain", f"found {domain!r}, still the placeholder; allowed: a domain that you own")
    for cidr in written.get("api_access", ()):
        network = ipaddress.IPv4Network(cidr)
        if any(network.subnet_of(reserved) for reserved in _DOCUMENTATION_RANGES):
            mistakes.at("api_access", f"found {cidr!r}, still the placeholder; allowed: your own addresses")
