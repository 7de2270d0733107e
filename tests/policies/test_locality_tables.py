"""The tables cover the installed SDKs: every type, no type too many, and only properties that exist."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import astuple
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

import policies
from catalog import load_catalog
from policies.locality import LocalityError, load_locality
from policies.locality.table import TABLES
from policies.models.machines import SCRIPTS
from policies.rules.hyperscalers_plugins import PUBLISHED
from policies.workloads.serverless import SERVERLESS

SDKS: Final = {
    "civo": "pulumi_civo",
    "hcloud": "pulumi_hcloud",
    "minio": "pulumi_minio",
    "ovh": "pulumi_ovh",
    "scaleway": "pulumiverse_scaleway",
}

NOT_INSTALLED: Final = {"time": "github://api.github.com/pulumiverse/pulumi-time"}
"""What the SDK of a package says that only other programs use: pulumiverse-time 0.1.1, read 2026-11-24."""

POLICIES: Final = Path(str(policies.__file__)).parent


@cache
def installed_types(package: str) -> Mapping[str, tuple[str, str]]:
    """Every resource type of an SDK, with the module and the class that declare it."""
    sdk = importlib.import_module(SDKS[package])
    source = Path(str(sdk.__file__)).read_text(encoding="utf-8")
    found = re.search(r'resource_modules="""\s*(\[.*?\])\s*"""', source, re.DOTALL)
    assert found is not None
    modules: list[dict[str, Any]] = json.loads(found.group(1))
    return {token: (module["fqn"], name) for module in modules for token, name in module["classes"].items()}


def inputs_of(package: str, token: str) -> set[str]:
    """The names of a type's inputs as Pulumi spells them."""
    module, name = installed_types(package)[token]
    cls: Any = getattr(importlib.import_module(module), name)
    snake = inspect.signature(cls._internal_init).parameters
    return {_camel(each) for each in snake} | set(snake)


def _camel(name: str) -> str:
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


@pytest.mark.parametrize("package", SDKS)
def test_every_type_of_a_cloud_is_classified_and_nothing_else_is(package: str) -> None:
    assert set(load_locality().clouds[package].types) == set(installed_types(package))


@pytest.mark.parametrize("package", SDKS)
def test_every_property_in_a_table_is_an_input_of_its_type(package: str) -> None:
    wrong = [
        f"{token}: {name}"
        for token, locality in load_locality().clouds[package].types.items()
        for name in locality.locality_properties
        if name not in inputs_of(package, token)
    ]

    assert wrong == []


@pytest.mark.parametrize("package", SDKS)
def test_every_step_of_a_nested_path_exists_in_the_sdk(package: str) -> None:
    known = "\n".join(
        path.read_text(encoding="utf-8")
        for path in Path(str(importlib.import_module(SDKS[package]).__file__)).parent.rglob("_inputs.py")
    )
    for token, locality in load_locality().clouds[package].types.items():
        for path in (*locality.place, *locality.also):
            for step in path.split(".")[1:]:
                snake = re.sub(r"(?<!^)(?=[A-Z])", "_", step).lower()
                assert re.search(rf"\b{snake}: ", known), f"{token}: {path}"


@pytest.mark.parametrize("package", SDKS)
def test_a_parent_is_itself_a_type_that_has_a_place(package: str) -> None:
    types = load_locality().clouds[package].types
    for token, locality in types.items():
        for parents in locality.parents.values():
            for parent in parents:
                assert parent in types, f"{token} names the unknown parent {parent}"
                assert types[parent].place or types[parent].parents, (
                    f"{parent}, parent of {token}, has no place"
                )


@pytest.mark.parametrize("package", SDKS)
def test_a_type_with_an_input_that_sounds_like_a_place_is_not_taken_for_one_without(package: str) -> None:
    """`zone` is the name of a DNS zone on these types; anywhere else such an input must be in the table."""
    dns = {"ZoneRecord", "ZoneRedirection", "ZoneRrset"}
    for token, locality in load_locality().clouds[package].types.items():
        names = inputs_of(package, token) & {
            "region",
            "regionName",
            "regions",
            "zone",
            "location",
            "networkZone",
        }
        if locality.refusal is None and token.rpartition(":")[2] not in dns:
            assert names <= locality.locality_properties, token


def test_every_cloud_of_the_catalogue_has_a_table() -> None:
    tables = load_locality().clouds.values()
    clouds = {table.cloud: table.package for table in tables if table.cloud}

    assert clouds == {key: cloud.provider for key, cloud in load_catalog().clouds.items()}


def test_every_reason_can_be_read_by_a_person() -> None:
    for table in load_locality().clouds.values():
        for token, locality in table.types.items():
            if locality.refusal is not None:
                assert locality.instead, token
            if not locality.place and not locality.parents and not locality.hosted:
                assert locality.global_reason or locality.refusal, token


def test_a_table_that_classifies_a_type_twice_is_refused(tmp_path: Path) -> None:
    for path in TABLES.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "civo-more.yaml").write_text(
        "package: civo\ncloud: civo\nprovider_place: {region: region}\n"
        "global:\n  - {why: because, types: [civo:index/volume:Volume]}\n",
        encoding="utf-8",
    )

    with pytest.raises(LocalityError, match=r"civo:index/volume:Volume is classified twice"):
        load_locality(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("package: civo\npackage: ovh\n", "given twice"),
        ("package: civo\nprovider_place: {}\n", "give cloud, or provider_host"),
        ("package: s3\nprovider_place: {}\nprovider_host: server\n", "give cloud, or provider_host"),
        ("package: civo\ncloud: civo\nprovider_place: {}\nlocatd: []\n", "locatd"),
        (
            "package: civo\ncloud: civo\nprovider_place: {}\nlocated: [{place: {a: planet}, types: []}]\n",
            "place",
        ),
        (
            "package: civo\ncloud: civo\nprovider_place: {}\nalso: {civo:a/b:C: {region: region}}\n",
            "no class",
        ),
        (
            "package: civo\ncloud: civo\nprovider_place: {}\nglobal: [{why: x, types: [ovh:a/b:C]}]\n",
            "not a type of civo",
        ),
        ("{", "expected"),
    ],
)
def test_a_mistake_in_a_table_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "packages.yaml").write_text("placeless: []\n", encoding="utf-8")
    (tmp_path / "civo.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(LocalityError, match=message):
        load_locality(tmp_path)


def test_every_type_of_a_cloud_that_a_rule_names_exists() -> None:
    """A rule that waits for a type which the SDK spells otherwise never speaks, and nobody would notice."""
    known = {token for table in load_locality().clouds.values() for token in table.types}
    packages = "|".join(SDKS)
    named = {
        (path.name, token)
        for path in POLICIES.rglob("*.py")
        for token in re.findall(rf"\b((?:{packages}):[\w./]+:\w+)", path.read_text(encoding="utf-8"))
    }

    assert len(named) > 50
    assert {(file, token) for file, token in named if token not in known} == set()


@pytest.mark.parametrize(
    ("token", "path"),
    [(token, path) for token, paths in SCRIPTS.items() for path in paths if token.partition(":")[0] in SDKS],
)
def test_a_start_script_is_looked_for_where_the_sdk_takes_one(token: str, path: str) -> None:
    assert path.partition(".")[0] in inputs_of(token.partition(":")[0], token)


@pytest.mark.parametrize("package", SDKS)
def test_every_input_that_sounds_like_a_start_script_is_read_as_one(package: str) -> None:
    sounds = re.compile(r"(?i)user_?data|cloud_?init|ignition|(?<!boot)(?<!boot_)script(?!ion)")
    for token, locality in load_locality().clouds[package].types.items():
        named = {_camel(name) for name in inputs_of(package, token) if sounds.search(name)}
        if locality.refusal is None:
            assert named <= {path.partition(".")[0] for path in SCRIPTS.get(token, ())}, token


@pytest.mark.parametrize("token", sorted(SERVERLESS))
def test_what_a_cloud_runs_itself_is_read_from_properties_that_the_sdk_takes(token: str) -> None:
    images, *others = astuple(SERVERLESS[token])

    assert {*images, *others} - {""} <= inputs_of(token.partition(":")[0], token)


def test_plugins_come_from_where_the_installed_sdks_have_them() -> None:
    packages = {**SDKS, **{name: f"pulumi_{name}" for name in ("command", "kubernetes", "random", "tls")}}
    said = {
        package: importlib.import_module(f"{sdk}._utilities").get_plugin_download_url()
        for package, sdk in packages.items()
    }

    assert {package: url for package, url in {**said, **NOT_INSTALLED}.items() if url} == dict(PUBLISHED)
    assert said.keys().isdisjoint(NOT_INSTALLED)
