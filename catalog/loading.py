"""Loading the catalogue: read every file, join the rows, check the whole, report all mistakes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from operator import attrgetter
from typing import TypeVar

from pydantic import BaseModel

from catalog._catalog import Catalog
from catalog._crosschecks import cross_check
from catalog._mappings import frozen
from catalog._reading import read_rows
from catalog.api_groups import ApiGroup
from catalog.bills import Bill
from catalog.binaries import UpstreamBinary
from catalog.clouds import CloudInfo
from catalog.errors import CatalogError
from catalog.hosts import Host
from catalog.hub_owners import HubOwner
from catalog.images import UpstreamImage
from catalog.jurisdictions import Jurisdiction, jurisdiction_of
from catalog.models import Licence, Model
from catalog.node_types import CpuFamily, Gpu, GpuModel, NodeType, NodeTypeRow, Vendor
from catalog.packages import Package
from catalog.places import Place, PlaceRow
from catalog.prices import ExchangeRate, Price
from catalog.programs import Program
from catalog.services import NamedService, hints_of, services_by_key
from catalog.throughput import Throughput

__all__ = ["load_catalog", "read_catalog"]

Row = TypeVar("Row", bound=BaseModel)


@lru_cache(maxsize=1)
def load_catalog() -> Catalog:
    """Return the catalogue that ships with this package, read once per process.

    Raises:
        CatalogError: the files are wrong; one message lists every mistake with its file and key.
    """
    return read_catalog(resources.files("catalog").joinpath("data"))


def read_catalog(data: Traversable) -> Catalog:
    """Read and check the catalogue under the directory ``data``.

    Raises:
        CatalogError: the files are wrong; one message lists every mistake with its file and key.
    """
    mistakes: list[str] = []
    jurisdictions = read_rows(data, "jurisdictions.yaml", "jurisdictions", Jurisdiction, "code", mistakes)
    clouds = read_rows(data, "clouds.yaml", "clouds", CloudInfo, "key", mistakes)
    vendors = _by("key", read_rows(data, "vendors.yaml", "vendors", Vendor, "key", mistakes))
    gpus = _by("model", read_rows(data, "gpus.yaml", "gpus", GpuModel, "model", mistakes))
    cpus = read_rows(data, "cpus.yaml", "cpus", CpuFamily, "prefix", mistakes)
    licences = read_rows(data, "licences.yaml", "licences", Licence, "key", mistakes)
    models = read_rows(data, "models.yaml", "models", Model, "id", mistakes)
    images = read_rows(data, "images.yaml", "images", UpstreamImage, "name", mistakes)
    binaries = read_rows(data, "binaries.yaml", "binaries", UpstreamBinary, "name", mistakes)
    hosts = read_rows(data, "hosts.yaml", "hosts", Host, "suffix", mistakes)
    packages = read_rows(data, "packages.yaml", "packages", Package, "name", mistakes)
    services = read_rows(data, "services.yaml", "services", NamedService, "name", mistakes)
    groups = read_rows(data, "api_groups.yaml", "api_groups", ApiGroup, "group", mistakes)
    programs = read_rows(data, "programs.yaml", "programs", Program, "name", mistakes)
    owners = read_rows(data, "hub_owners.yaml", "hub_owners", HubOwner, "owner", mistakes)
    bills = read_rows(data, "bills.yaml", "bills", Bill, "cloud", mistakes)
    rates = read_rows(data, "exchange_rates.yaml", "exchange_rates", ExchangeRate, "currency", mistakes)
    throughput = read_rows(data, "throughput.yaml", "throughput", Throughput, "name", mistakes)
    prices: dict[str, Mapping[str, Price]] = {}
    places: dict[str, Mapping[str, Place]] = {}
    node_types: dict[str, Mapping[str, NodeType]] = {}
    for cloud in (row.key for row in clouds):
        place_rows = read_rows(data, f"places/{cloud}.yaml", "places", PlaceRow, "code", mistakes)
        places[cloud] = _by("code", [_place(row, cloud, jurisdictions) for row in place_rows])
        file = f"node_types/{cloud}.yaml"
        type_rows = read_rows(data, file, "node_types", NodeTypeRow, "name", mistakes)
        prices[cloud] = _by(
            "item", read_rows(data, f"prices/{cloud}.yaml", "prices", Price, "item", mistakes)
        )
        node_types[cloud] = _by("name", _node_types(type_rows, cloud, file, gpus, vendors, mistakes))
    if mistakes:
        # Cross-checks on half a catalogue would only bury the real mistakes under missing references.
        raise _refusal(mistakes)
    catalog = Catalog(
        jurisdictions=_by("code", jurisdictions),
        clouds=_by("key", clouds),
        models=models,
        licences=_by("key", licences),
        images=_by("name", images),
        binaries=_by("name", binaries),
        vendors=vendors,
        gpus=gpus,
        cpus=cpus,
        hosts=_by("suffix", hosts),
        packages=_by("name", packages),
        services=_by("name", services),
        api_groups=_by("group", groups),
        programs=_by("name", programs),
        hub_owners=_by("owner", owners),
        bills=_by("cloud", bills),
        exchange_rates=_by("currency", rates),
        throughput=throughput,
        _places=frozen(places),
        _node_types=frozen(node_types),
        _prices=frozen(prices),
        _services=services_by_key(services),
        _service_hints=hints_of(services),
    )
    mistakes.extend(cross_check(catalog))
    if mistakes:
        raise _refusal(mistakes)
    return catalog


def _refusal(mistakes: Sequence[str]) -> CatalogError:
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return CatalogError(f"the catalogue has {count}:", mistakes)


def _by(key: str, rows: Sequence[Row]) -> Mapping[str, Row]:
    name = attrgetter(key)
    return frozen({name(row): row for row in rows})


def _place(row: PlaceRow, cloud: str, jurisdictions: Sequence[Jurisdiction]) -> Place:
    fields = {name: getattr(row, name) for name in PlaceRow.model_fields}
    return Place(**fields, cloud=cloud, jurisdiction=jurisdiction_of(row.countries, jurisdictions))


def _node_types(
    rows: Sequence[NodeTypeRow],
    cloud: str,
    file: str,
    gpus: Mapping[str, GpuModel],
    vendors: Mapping[str, Vendor],
    mistakes: list[str],
) -> list[NodeType]:
    joined: list[NodeType] = []
    for row in rows:
        gpu: Gpu | None = None
        if row.gpu is not None:
            product = gpus.get(row.gpu.model)
            vendor = vendors.get(product.vendor) if product else None
            if product is None or vendor is None:
                key = f"node_types[{row.name}].gpu.model"
                mistakes.append(f"{file}: {key}: no GPU {row.gpu.model!r} with a known vendor in gpus.yaml")
                continue
            gpu = Gpu(
                model=product.model,
                count=row.gpu.count,
                memory_gib=product.memory_gib,
                vendor=vendor.name,
                vendor_country=vendor.country,
            )
        joined.append(
            NodeType(
                cloud=cloud,
                name=row.name,
                gpu=gpu,
                vcpus=row.vcpus,
                memory_gib=row.memory_gib,
                disk_gb=row.disk_gb,
                places=row.places,
                ordered_in=row.ordered_in,
                note=row.note,
                source=row.source,
            )
        )
    return joined
