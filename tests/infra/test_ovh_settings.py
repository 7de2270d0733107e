"""A stack on OVHcloud: cloud, location and project alone; its registry names itself after one update."""

from datetime import date
from pathlib import Path

import pytest

from catalog import load_catalog
from infra.locks import LockRefusedError, find_lock
from infra.settings import parse
from infra.wanted import UnnamedRegistryError, registry_of, wanted
from policies.context import Context
from policies.facts import Resource
from policies.rules.images_registry import RULE

from .test_locks import write
from .test_settings import EU, UK, the_mistake

CATALOG = load_catalog()
OVH: dict[str, object] = {
    **{key: value for key, value in EU.items() if key != "sovereign:projectId"},
    "sovereign:cloud": "ovh",
    "sovereign:location": "GRA11",
    "sovereign:serviceName": "0123456789abcdef0123456789abcdef",
}
LONDON: dict[str, object] = {
    **UK,
    "sovereign:cloud": "ovh",
    "sovereign:location": "UK1",
    "sovereign:serviceName": "fedcba9876543210fedcba9876543210",
}
HARBOR = "abc.c1.gra9.container-registry.ovh.net/sovereign"
PLACES = [
    (jurisdiction, place.code)
    for jurisdiction in ("eu", "uk")
    for place in CATALOG.stack_locations("ovh", jurisdiction)
]


@pytest.mark.parametrize(("jurisdiction", "code"), PLACES)
def test_cloud_location_and_project_alone_move_a_stack_to_every_place(jurisdiction: str, code: str) -> None:
    settings = parse({**(OVH if jurisdiction == "eu" else LONDON), "sovereign:location": code}, CATALOG)
    assert settings.place.code == code
    assert settings.cpu_node_type.vcpus == 8
    assert [candidate.node_type.name for candidate in settings.gpu] == (["l4-90"] if code == "GRA11" else [])


@pytest.mark.parametrize(
    "written", ["6f1b8a2e-0d3c-4f5a-9b7e-2c1d0e9f8a7b", "0123456789ABCDEF0123456789ABCDEF", "my-project"]
)
def test_a_project_of_another_form_is_refused_with_the_right_one(written: str) -> None:
    message = the_mistake({**OVH, "sovereign:serviceName": written})
    assert message.startswith(f"sovereign:serviceName: found '{written}', allowed: the 32 hexadecimal digits")


def test_a_missing_project_is_missed_and_a_placeholder_is_none() -> None:
    without = {key: value for key, value in OVH.items() if key != "sovereign:serviceName"}
    assert "sovereign:serviceName: missing" in the_mistake(without)
    assert "still the placeholder" in the_mistake({**OVH, "sovereign:serviceName": "0" * 32})
    assert parse(without, CATALOG, rehearsal=True).project == "0" * 32


@pytest.mark.parametrize("written", [None, "registry.eu.example.com/sovereign"])
def test_before_the_first_update_nobody_needs_to_know_the_registry(written: str | None) -> None:
    config = OVH if written is None else {**OVH, "sovereign:registry": written}
    settings = parse(config, CATALOG)
    assert settings.registry is None, "the placeholder of the shipped file is no name"
    assert registry_of(settings) is None
    with pytest.raises(UnnamedRegistryError, match="pulumi stack output registry --stack eu"):
        wanted("eu", settings, CATALOG)


def test_after_it_the_settings_name_the_registry() -> None:
    settings = parse({**OVH, "sovereign:registry": HARBOR}, CATALOG)
    assert wanted("eu", settings, CATALOG)["registry"] == HARBOR


@pytest.mark.parametrize(
    ("jurisdiction", "region", "passes"),
    [
        *[("eu", region, True) for region in ("gra9", "de1", "eu-west-par", "eu-south-mil")],
        *[("eu", "bhs5", False), ("uk", "gra9", False)],
    ],
)
def test_images_of_a_named_registry_pass_only_if_it_stands_in_the_jurisdiction(
    jurisdiction: str, region: str, passes: bool
) -> None:
    """OVHcloud writes the region into the host, so a registry named by mistake across the border is seen."""
    registry = f"abc.c1.{region}.container-registry.ovh.net/sovereign"
    context = Context(jurisdiction=jurisdiction, catalog=CATALOG, today=date(2026, 11, 24), registry=registry)
    image = f"{registry}/vllm@sha256:{'0' * 64}"
    pod = {"spec": {"containers": ({"name": "vllm", "image": image},)}}
    resource = Resource("urn:pulumi:eu::s::kubernetes:core/v1:Pod::p", "kubernetes:core/v1:Pod", "p", pod)
    assert (list(RULE.check(resource, context)) == []) == passes


def test_where_ovhcloud_has_no_registry_one_must_be_named() -> None:
    without = {key: value for key, value in LONDON.items() if key != "sovereign:registry"}
    message = the_mistake(without)
    assert message.startswith("sovereign:registry: missing; OVHcloud UK1 has no image registry")
    assert parse(LONDON, CATALOG).registry == UK["sovereign:registry"]


def test_a_lock_without_a_named_registry_is_refused_and_no_lock_builds_the_foundation(tmp_path: Path) -> None:
    nothing = find_lock(tmp_path, "eu", "eu", None, None)
    assert nothing.lock is None
    assert "builds the foundation" in nothing.advice
    write(tmp_path / "locks", rehearsal=False, registry=HARBOR)
    with pytest.raises(LockRefusedError, match="sovereign:registry is missing"):
        find_lock(tmp_path, "eu", "eu", None, None)
    assert find_lock(tmp_path, "eu", "eu", HARBOR, None).lock is not None
