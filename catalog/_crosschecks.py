"""What must hold between the files.

No dangling reference, no id that two patterns share, no default out of reach, no approval on weak evidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from catalog._catalog import Catalog
from catalog._costchecks import cost_mistakes
from catalog._source import Checked
from catalog.models import Commercial, Model, Use
from catalog.patterns import matches, overlap
from catalog.places import Offer, Place, PlaceDefaults

__all__ = ["cross_check"]

_EVIDENCE = frozenset({Checked.SOURCE, Checked.DOCS})
"""How far the licence of an approved model must have been read."""


def cross_check(catalog: Catalog) -> list[str]:
    """Return one line for each thing that does not fit, each with its file and key; empty if all is well."""
    return [
        *_jurisdictions(catalog),
        *_clouds(catalog),
        *_gpus(catalog),
        *_cpus(catalog),
        *_places(catalog),
        *_network_slots(catalog),
        *_node_types(catalog),
        *_licences(catalog),
        *_models(catalog),
        *_patterns(catalog.models),
        *_images(catalog),
        *_hosts(catalog),
        *_packages(catalog),
        *cost_mistakes(catalog),
    ]


def _jurisdictions(catalog: Catalog) -> Iterator[str]:
    for one, other in combinations(catalog.jurisdictions.values(), 2):
        for country in sorted(one.countries & other.countries):
            yield f"jurisdictions.yaml: {country} belongs to both {one.code} and {other.code}"


def _clouds(catalog: Catalog) -> Iterator[str]:
    seen: dict[str, str] = {}
    for cloud in catalog.clouds.values():
        if cloud.provider in seen:
            holder = seen[cloud.provider]
            yield f"clouds.yaml: clouds[{cloud.key}].provider: {cloud.provider} is taken by {holder}"
        seen[cloud.provider] = cloud.key


def _gpus(catalog: Catalog) -> Iterator[str]:
    for gpu in catalog.gpus.values():
        if gpu.vendor not in catalog.vendors:
            yield f"gpus.yaml: gpus[{gpu.model}].vendor: no vendor {gpu.vendor!r} in vendors.yaml"


def _cpus(catalog: Catalog) -> Iterator[str]:
    for cpu in catalog.cpus:
        key = f"cpus.yaml: cpus[{cpu.prefix}]"
        if cpu.vendor not in catalog.vendors:
            yield f"{key}.vendor: no vendor {cpu.vendor!r} in vendors.yaml"
        if cpu.cloud not in catalog.clouds:
            yield f"{key}.cloud: no cloud {cpu.cloud!r} in clouds.yaml"


def _places(catalog: Catalog) -> Iterator[str]:
    for cloud in catalog.clouds:
        for place in catalog.places(cloud):
            key = f"places/{cloud}.yaml: places[{place.code}]"
            yield from (f"{key}.{line}" for line in _place(catalog, place))


def _network_slots(catalog: Catalog) -> Iterator[str]:
    """Two places of a cloud with one slot would share a VLAN and its addresses."""
    for cloud in catalog.clouds:
        taken: dict[int, str] = {}
        for place in catalog.places(cloud):
            slot = place.defaults.network_slot if place.defaults else None
            if slot is None:
                continue
            if slot in taken:
                key = f"places/{cloud}.yaml: places[{place.code}].defaults.network_slot"
                yield f"{key}: {slot} is taken by {taken[slot]}"
            taken.setdefault(slot, place.code)


def _place(catalog: Catalog, place: Place) -> Iterator[str]:
    if place.parent is not None:
        parent = catalog.place(place.cloud, place.parent)
        if parent is None:
            yield f"parent: no place {place.parent!r} in this file"
        elif not set(place.countries) <= set(parent.countries):
            yield f"parent: {parent.code} is in {parent.country}, not in {place.country}"
    if place.stack_location and place.jurisdiction is None:
        yield f"stack_location: {place.country} is in no jurisdiction, so no stack may be put there"
    if place.defaults is not None:
        yield from (f"defaults.{line}" for line in _defaults(catalog, place, place.defaults))


def _defaults(catalog: Catalog, place: Place, defaults: PlaceDefaults) -> Iterator[str]:
    for key, name in (("gpu_node_type", defaults.gpu_node_type), ("cpu_node_type", defaults.cpu_node_type)):
        if name is None:
            continue
        node_type = catalog.node_type(place.cloud, name)
        if node_type is None:
            yield f"{key}: no node type {name!r} in node_types/{place.cloud}.yaml"
            continue
        if place.code not in node_type.places:
            yield f"{key}: {name} is not listed as sold in {place.code}"
        if (node_type.gpu is None) != (key == "cpu_node_type"):
            yield f"{key}: {name} is a {'CPU' if node_type.gpu is None else 'GPU'} node type"
        elif node_type.gpu is None and None in (node_type.vcpus, node_type.memory_gib):
            yield f"{key}: {name} lists no vcpus or no memory_gib, which the CPU fallback is sized by"
    yield from _elsewhere(catalog, place, "storage_region", defaults.storage_region, Offer.OBJECT_STORAGE)
    yield from _elsewhere(catalog, place, "registry_region", defaults.registry_region, Offer.REGISTRY)
    if defaults.gateway_zone is not None:
        zone = catalog.place(place.cloud, defaults.gateway_zone)
        if zone is None or zone.parent is None or zone.parent != place.parent:
            yield f"gateway_zone: {defaults.gateway_zone!r} is no zone of {place.parent} in this file"
    if defaults.node_zone is not None:
        zone = catalog.place(place.cloud, defaults.node_zone)
        if zone is None or zone.parent != place.code:
            yield f"node_zone: {defaults.node_zone!r} is no zone of {place.code} in this file"


def _elsewhere(catalog: Catalog, place: Place, key: str, code: str | None, offer: Offer) -> Iterator[str]:
    """What is wrong with the place that a default names for one service."""
    if code is None:
        return
    named = catalog.place(place.cloud, code)
    if named is None:
        yield f"{key}: no place {code!r} in this file"
    elif named.jurisdiction != place.jurisdiction:
        yield f"{key}: {named.code} is in {named.country}, outside {place.jurisdiction}"
    elif offer not in named.offers:
        yield f"{key}: {named.code} does not list {offer} among its offers"


def _node_types(catalog: Catalog) -> Iterator[str]:
    for cloud in catalog.clouds:
        for node_type in catalog.node_types(cloud):
            for code in node_type.places:
                if catalog.place(cloud, code) is None:
                    yield (
                        f"node_types/{cloud}.yaml: node_types[{node_type.name}].places: "
                        f"no place {code!r} in places/{cloud}.yaml"
                    )


def _images(catalog: Catalog) -> Iterator[str]:
    for image in catalog.images.values():
        for key in image.clouds:
            if key not in catalog.clouds:
                yield f"images.yaml: images[{image.name}].clouds: no cloud {key!r} in clouds.yaml"


def _licences(catalog: Catalog) -> Iterator[str]:
    used = {model.licence for model in catalog.models}
    for licence in catalog.licences.values():
        for code in licence.territory.keys() - catalog.jurisdictions.keys():
            yield f"licences.yaml: licences[{licence.key}].territory: no jurisdiction {code!r}"
        if licence.key not in used:
            yield f"licences.yaml: licences[{licence.key}]: no model uses it; remove it"


def _models(catalog: Catalog) -> Iterator[str]:
    wanted = catalog.jurisdictions.keys()
    for model in catalog.models:
        key = f"models.yaml: models[{model.id}]"
        if model.licence not in catalog.licences:
            yield f"{key}.licence: no licence {model.licence!r} in licences.yaml"
        for code in sorted(wanted - model.uses.keys()):
            yield f"{key}.uses: says nothing about {code}"
        for code in sorted(model.uses.keys() - wanted):
            yield f"{key}.uses: no jurisdiction {code!r}"
        yield from (f"{key}.uses.{code}: {line}" for code, line in _use_mistakes(catalog, model))
        for base in model.lineage:
            if catalog.model(base) is None:
                yield f"{key}.lineage: no row covers {base!r}"


def _use_mistakes(catalog: Catalog, model: Model) -> Iterator[tuple[str, str]]:
    licence = catalog.licences.get(model.licence)
    if licence is None:
        return
    european = any(model.country in jurisdiction.countries for jurisdiction in catalog.jurisdictions.values())
    for code, use in model.uses.items():
        if code in licence.territory and use is not Use.REFUSED:
            yield code, f"must be refused, as {licence.key} says of this territory: {licence.territory[code]}"
        if use is not Use.APPROVED:
            continue
        if licence.commercial is not Commercial.YES:
            yield code, f"cannot be approved under {licence.key}, commercial use: {licence.commercial}"
        if not european:
            yield code, f"cannot be approved: the developer is in {model.country}, in no jurisdiction here"
        if model.source.checked not in _EVIDENCE:
            evidence = ", ".join(sorted(_EVIDENCE))
            yield code, f"cannot be approved on checked: {model.source.checked}; approval needs {evidence}"


def _patterns(models: tuple[Model, ...]) -> Iterator[str]:
    """Refuse a pattern that reaches a checkpoint of another row, unless that row only repeats its terms."""
    patterns = [row for row in models if row.is_pattern]
    for one, other in combinations(patterns, 2):
        if overlap(one.id, other.id):
            yield f"models.yaml: models[{one.id}] and models[{other.id}] can match the same id; narrow one"
    for pattern in patterns:
        for exact in (row for row in models if not row.is_pattern):
            if not matches(pattern.id, exact.id):
                continue
            if (exact.licence, exact.developer) != (pattern.licence, pattern.developer):
                yield (
                    f"models.yaml: models[{pattern.id}] covers {exact.id}, "
                    f"which has another licence or developer; narrow the pattern"
                )


def _hosts(catalog: Catalog) -> Iterator[str]:
    for host in catalog.hosts.values():
        key = f"hosts.yaml: hosts[{host.suffix}]"
        if host.cloud is not None and host.cloud not in catalog.clouds:
            yield f"{key}.cloud: no cloud {host.cloud!r} in clouds.yaml"
        elif host.cloud and host.place and catalog.place(host.cloud, host.place) is None:
            yield f"{key}.place: no place {host.place!r} in places/{host.cloud}.yaml"
    for cloud in catalog.clouds:
        for place in catalog.places(cloud):
            for name in filter(None, _endpoints(place)):
                host = catalog.host(name)
                found = host.place and catalog.place(cloud, host.place) if host else None
                if not found or found.jurisdiction != place.jurisdiction:
                    key = f"places/{cloud}.yaml: places[{place.code}].defaults"
                    yield f"{key}: hosts.yaml gives {name} no place in {place.jurisdiction}"


def _endpoints(place: Place) -> tuple[str | None, ...]:
    return (place.defaults.storage_endpoint, place.defaults.registry_host) if place.defaults else ()


def _packages(catalog: Catalog) -> Iterator[str]:
    for package in catalog.packages.values():
        if catalog.cloud_of_provider(package.name) is not None:
            yield f"packages.yaml: packages[{package.name}]: it is the package of a cloud in clouds.yaml"
