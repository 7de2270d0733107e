"""The shipped data as a whole: whatever is in it can be traced, and fits together."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from importlib import resources
from typing import cast

import pytest
from pydantic import BaseModel

from catalog import Catalog, Checked, Offer, Place, PlaceKind, Source, read_catalog

TODAY_AT_WRITING = date(2026, 11, 24)
EU_27 = set("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())  # noqa: SIM905


def every_place(catalog: Catalog) -> Iterator[Place]:
    for cloud in catalog.clouds:
        yield from catalog.places(cloud)


def every_source(value: object) -> Iterator[Source]:
    if isinstance(value, Source):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from every_source(getattr(value, name))
    elif isinstance(value, tuple):
        for item in cast("tuple[object, ...]", value):
            yield from every_source(item)


def every_row(catalog: Catalog) -> Iterator[BaseModel]:
    yield from catalog.jurisdictions.values()
    yield from catalog.clouds.values()
    yield from catalog.models
    yield from catalog.licences.values()
    yield from catalog.images.values()
    yield from catalog.vendors.values()
    yield from catalog.gpus.values()
    yield from catalog.cpus
    for cloud in catalog.clouds:
        yield from catalog.places(cloud)
        yield from catalog.node_types(cloud)


def test_every_row_says_where_and_when_it_was_read(catalog: Catalog) -> None:
    for row in every_row(catalog):
        sources = list(every_source(row))
        assert sources, row
        for source in sources:
            assert date(1990, 1, 1) < source.date <= TODAY_AT_WRITING, row


def test_the_union_has_its_27_members_and_nobody_else(catalog: Catalog) -> None:
    assert catalog.jurisdiction("eu").countries == EU_27
    assert catalog.jurisdiction("uk").countries == {"GB"}


def test_each_jurisdiction_names_its_law_and_its_authority(catalog: Catalog) -> None:
    eu, uk = catalog.jurisdiction("eu"), catalog.jurisdiction("uk")
    assert any("2016/679" in law.name for law in eu.laws)
    assert any("2024/1689" in law.name for law in eu.laws)
    assert "One-stop shop" in eu.authority
    assert "EDPB" in eu.authority
    assert {"UK GDPR", "Data Protection Act 2018", "Data (Use and Access) Act 2025"} <= {
        law.name for law in uk.laws
    }
    assert "Information Commission" in uk.authority


def test_every_cloud_has_somewhere_to_put_a_stack(catalog: Catalog) -> None:
    for cloud in catalog.clouds:
        assert any(catalog.stack_locations(cloud, code) for code in catalog.jurisdictions), cloud


def test_a_stack_location_alone_settles_pools_storage_and_registry(catalog: Catalog) -> None:
    for place in every_place(catalog):
        if not place.stack_location:
            continue
        assert place.jurisdiction is not None, place.code
        defaults = place.defaults
        assert defaults is not None, place.code
        cpu = catalog.node_type(place.cloud, defaults.cpu_node_type)
        assert cpu is not None, place.code
        assert place.code in cpu.places, place.code
        assert cpu.gpu is None, place.code
        assert cpu.vcpus is not None, f"{place.code}: llama.cpp needs to know its threads"
        assert cpu.memory_gib is not None, place.code
        assert cpu.memory_gib >= 16, (
            f"{place.code}: a 7B model and the router do not fit in {cpu.memory_gib} GiB"
        )
        if defaults.gpu_node_type is None:
            assert defaults.no_gpu_reason, place.code
        else:
            gpu = catalog.node_type(place.cloud, defaults.gpu_node_type)
            assert gpu is not None, place.code
            assert gpu.gpu is not None, place.code
            assert gpu.gpu.memory_gib >= 24, f"{place.code}: Mistral 7B in 16 bits needs more"
        assert defaults.storage_region is not None, place.code
        storage = catalog.place(place.cloud, defaults.storage_region)
        assert storage is not None, place.code
        assert storage.jurisdiction == place.jurisdiction, place.code
        assert Offer.OBJECT_STORAGE in storage.offers, place.code


def test_a_registry_default_exists_exactly_where_the_cloud_has_one_with_a_known_host(
    catalog: Catalog,
) -> None:
    for place in every_place(catalog):
        if place.defaults is not None and place.defaults.registry_host is not None:
            assert catalog.clouds[place.cloud].has_registry, place.code
            assert place.parent is not None, place.code
            assert place.parent in place.defaults.registry_host, place.code


def test_the_default_stacks_have_gpus_with_room_for_the_default_model(catalog: Catalog) -> None:
    model = catalog.model("mistralai/Mistral-7B-Instruct-v0.3")
    assert model is not None
    assert model.weights is not None
    assert model.weights.gigabytes is not None
    for cloud, code, expected in (
        ("scaleway", "fr-par-2", "L4-1-24G"),
        ("civo", "LON1", "an.g1.l40s.kube.x1"),
    ):
        place = catalog.place(cloud, code)
        assert place is not None
        assert place.defaults is not None
        assert place.defaults.gpu_node_type == expected
        node_type = catalog.node_type(cloud, expected)
        assert node_type is not None
        assert node_type.gpu is not None
        assert node_type.gpu.count == 1
        assert node_type.gpu.memory_gib > model.weights.gigabytes * 1.2


def test_every_gpu_discloses_its_vendor_and_the_vendors_country(catalog: Catalog) -> None:
    gpus = [
        node_type.gpu for cloud in catalog.clouds for node_type in catalog.node_types(cloud) if node_type.gpu
    ]
    assert gpus
    for gpu in gpus:
        assert (gpu.vendor, gpu.vendor_country) == ("NVIDIA", "US")
    assert "United States" in catalog.vendors["nvidia"].disclosure


def test_sizes_that_look_like_gpus_and_are_not_are_listed_as_cpu_nodes(catalog: Catalog) -> None:
    for name in ("g4s.kube.medium", "g4s.kube.large"):
        node_type = catalog.node_type("civo", name)
        assert node_type is not None
        assert node_type.gpu is None
        assert "CPU only" in node_type.note


def test_the_images_a_stack_mirrors_are_known_without_tag_or_digest(catalog: Catalog) -> None:
    everywhere = {name for name, image in catalog.images.items() if not image.clouds}
    assert everywhere == {"vllm", "llama-cpp", "haproxy", "weights-fetcher"}
    for image in catalog.images.values():
        host, _, path = image.upstream.partition("/")
        assert "." in host
        assert path
        assert ":" not in path
        assert "@" not in path


@pytest.mark.parametrize(
    ("cloud", "codes"),
    [
        ("ovh", "GRA5 GRA7 GRA9 GRA11 SBG5 EU-WEST-RBX EU-WEST-PAR EU-SOUTH-MIL DE1 WAW1 UK1 BHS5 SGP1 SYD1"),
        ("ovh", "AP-SOUTH-MUM US-WEST-OR-1 US-EAST-VA-1 GRA SBG RBX DE UK WAW BHS SGP SYD US"),
        ("ovh", "eu-west-gra-snc eu-west-rbx-snc eu-west-sbg-snc eu-west-eri eu-west-lim af-north-lz-rba"),
        ("scaleway", "fr-par nl-ams pl-waw it-mil fr-par-1 fr-par-2 fr-par-3 nl-ams-1 pl-waw-2 it-mil-1"),
        ("hetzner", "nbg1 fsn1 hel1 ash hil sin eu-central us-east us-west ap-southeast"),
        ("civo", "LON1 FRA1 NYC1 PHX1 MUM1"),
    ],
)
def test_places_are_known_so_that_a_message_can_say_where_they_are(
    catalog: Catalog, cloud: str, codes: str
) -> None:
    for code in codes.split():
        place = catalog.place(cloud, code)
        assert place is not None, code
        assert place.country, code


def test_ovh_storage_codes_are_told_from_regions(catalog: Catalog) -> None:
    kinds = {place.code: place.kind for place in catalog.places("ovh")}
    assert kinds["GRA"] is PlaceKind.STORAGE_REGION
    assert kinds["GRA11"] is PlaceKind.REGION
    assert kinds["eu-west-par-a"] is PlaceKind.ZONE
    assert kinds["EU-WEST-LZ-LUX-A"] is PlaceKind.LOCAL_ZONE


def test_nothing_that_decides_where_a_stack_may_stand_rests_on_memory(catalog: Catalog) -> None:
    for place in every_place(catalog):
        assert place.source.checked is not Checked.MEMORY, place.code


def test_loading_everything_takes_well_under_150_ms() -> None:
    data = resources.files("catalog").joinpath("data")
    read_catalog(data)
    fastest = min(_seconds_to_read() for _ in range(3))
    assert fastest < 0.15


def _seconds_to_read() -> float:
    """Seconds of our own work: what else the machine does is none of this test's business."""
    started = time.process_time()
    read_catalog(resources.files("catalog").joinpath("data"))
    return time.process_time() - started
