"""The engine gets its configuration without a write to a tracked file."""

from pathlib import Path

import pytest
import yaml

from rehearsal.errors import StackFileError
from rehearsal.shim import parse
from rehearsal.stackfile import StackFile, project_name, stack_names
from rehearsal.workspace import Workspace

CONFIG = "config:\n  sovereign:jurisdiction: eu\n  sovereign:replicas: 2\n"


@pytest.fixture
def file(tmp_path: Path) -> StackFile:
    (tmp_path / "Pulumi.yaml").write_text("name: sample\nruntime: python\n")
    (tmp_path / "Pulumi.eu.yaml").write_text(CONFIG)
    workspace = Workspace(tmp_path / ".rehearsal")
    workspace.prepare()
    return StackFile(tmp_path, "eu", workspace)


def test_the_copy_has_the_salt_and_the_original_does_not(file: StackFile) -> None:
    file.copy.write_text("encryptionsalt: v1:abc\n")
    file.keep_salt()
    file.write_copy()
    assert yaml.safe_load(file.copy.read_text())["encryptionsalt"] == "v1:abc"
    assert file.own.read_text() == CONFIG


def test_values_encrypted_for_the_real_backend_become_a_stand_in(file: StackFile) -> None:
    file.own.write_text(CONFIG + "  sovereign:token:\n    secure: v1:xyz\nencryptionsalt: v1:real\n")
    assert file.write_copy() == ["sovereign:token"]
    assert "v1:" not in file.copy.read_text()


def test_a_value_set_on_purpose_reaches_the_project(file: StackFile) -> None:
    file.write_copy()
    content = yaml.safe_load(file.copy.read_text())
    file.copy.write_text(
        yaml.safe_dump({**content, "config": {**content["config"], "sovereign:cloud": "civo"}})
    )
    file.take_back()
    assert yaml.safe_load(file.own.read_text())["config"]["sovereign:cloud"] == "civo"


def test_a_secret_encrypted_with_the_rehearsals_key_never_reaches_the_project(file: StackFile) -> None:
    file.copy.write_text("config:\n  sovereign:token:\n    secure: v1:xyz\n")
    with pytest.raises(StackFileError, match="sovereign:token was not stored"):
        file.take_back()
    assert file.own.read_text() == CONFIG


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("config:\n  a: [1\n", r"Pulumi.eu.yaml is not valid YAML: line \d+, column \d+"),
        ("- a\n", "Pulumi.eu.yaml holds a list; a mapping"),
        ("\0", "Pulumi.eu.yaml is not valid YAML"),
    ],
)
def test_a_file_that_does_not_parse_is_named_with_the_place(file: StackFile, text: str, message: str) -> None:
    file.own.write_text(text)
    with pytest.raises(StackFileError, match=message):
        file.write_copy()


def test_stacks_are_those_with_a_file(file: StackFile) -> None:
    (file.project / "Pulumi.uk.yaml").write_text("{}")
    assert stack_names(file.project) == ["eu", "uk"]
    assert project_name(file.project) == "sample"


@pytest.mark.parametrize(
    ("arguments", "words", "stack"),
    [
        ("preview --stack eu", ["preview"], "eu"),
        ("up -s uk --yes", ["up"], "uk"),
        ("--stack=eu stack output kubeconfig", ["stack", "output", "kubeconfig"], "eu"),
        ("stack init eu", ["stack", "init", "eu"], None),
        ("-C /tmp config set a b", ["config", "set", "a", "b"], None),
        ("version", ["version"], None),
    ],
)
def test_the_shim_finds_command_and_stack(arguments: str, words: list[str], stack: str | None) -> None:
    call = parse(arguments.split())
    assert (call.words, call.stack) == (words, stack)
