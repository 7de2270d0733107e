"""The files people fill in, and the schema by which their editors help."""

from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
import yaml

from catalog import load_catalog
from infra.schema import PAGE, SCHEMA_FILE, build_schema, page, rendered
from infra.settings import parse

REPOSITORY = Path(__file__).parents[2]
STACKS = ("eu", "uk")


def content(name: str) -> dict[str, Any]:
    return yaml.safe_load((REPOSITORY / name).read_text())


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    schema = build_schema(load_catalog())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def complaints(validator: jsonschema.Draft7Validator, document: object) -> list[str]:
    errors: Any = validator.iter_errors(cast("Any", document))  # pyright: ignore[reportUnknownMemberType]
    return [error.message for error in errors]


def test_the_schema_file_is_current() -> None:
    assert SCHEMA_FILE.read_text() == rendered(load_catalog()), "run: make docs"
    assert PAGE.read_text() == page(), "run: make docs"


@pytest.mark.parametrize("stack", STACKS)
def test_the_shipped_stack_files_are_right_in_a_rehearsal(stack: str) -> None:
    config = content(f"Pulumi.{stack}.yaml")["config"]
    assert parse(config, load_catalog(), rehearsal=True).jurisdiction == stack


@pytest.mark.parametrize("stack", STACKS)
def test_the_shipped_stack_files_satisfy_the_editors_schema(
    stack: str, validator: jsonschema.Draft7Validator
) -> None:
    assert complaints(validator, content(f"Pulumi.{stack}.yaml")) == []


@pytest.mark.parametrize("stack", STACKS)
def test_editors_find_the_schema(stack: str) -> None:
    first = (REPOSITORY / f"Pulumi.{stack}.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=infra/settings.schema.json"
    assert (REPOSITORY / "infra/settings.schema.json").samefile(SCHEMA_FILE)


@pytest.mark.parametrize("stack", STACKS)
def test_no_provider_is_ever_set_up_by_itself(stack: str) -> None:
    assert content(f"Pulumi.{stack}.yaml")["config"]["pulumi:disable-default-providers"] == ["*"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sovereign:replica", 2),
        ("sovereign:replicas", 0),
        ("sovereign:replicas", "two"),
        ("sovereign:jurisdiction", "us"),
        ("sovereign:cloud", "aws"),
        ("sovereign:location", "LON1"),
        ("sovereign:apiAccess", "203.0.113.0/24"),
        ("sovereign:registryAuth", "user:password"),
    ],
)
def test_editors_mark_a_mistake(key: str, value: object, validator: jsonschema.Draft7Validator) -> None:
    document = content("Pulumi.eu.yaml")
    document["config"][key] = value
    assert complaints(validator, document)


@pytest.mark.parametrize(
    "site",
    [
        {"cloud": "ovh"},
        {"cloud": "ovh", "location": "fr-par-2"},
        {"cloud": "ovh", "location": "GRA11", "replicas": 2},
        {"cloud": "ovh", "location": "GRA11", "cpuNodesMin": 0},
    ],
)
def test_editors_mark_a_mistake_in_a_further_site(
    site: dict[str, object], validator: jsonschema.Draft7Validator
) -> None:
    document = content("Pulumi.eu.yaml")
    document["config"]["sovereign:sites"] = [{"cloud": "ovh", "location": "GRA11", "cpuNodesMin": "3"}]
    assert complaints(validator, document) == []
    document["config"]["sovereign:sites"] = [site]
    assert complaints(validator, document)


def test_editors_take_numbers_as_pulumi_writes_them(validator: jsonschema.Draft7Validator) -> None:
    document = content("Pulumi.eu.yaml")
    document["config"]["sovereign:replicas"] = "3"
    document["config"]["sovereign:registryAuth"] = {"secure": "v1:abc"}
    assert complaints(validator, document) == []


def test_the_state_stays_out_of_the_repository() -> None:
    assert content("Pulumi.yaml")["backend"]["url"] == "file://./state"
    ignored = (REPOSITORY / "state/.gitignore").read_text().splitlines()
    assert "*" in ignored
    assert "!.gitignore" in ignored, "the directory must be there: the engine does not make it"


def test_the_projects_name_is_the_namespace_of_the_settings() -> None:
    assert content("Pulumi.yaml")["name"] == "sovereign"
