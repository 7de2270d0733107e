"""A made-up lock is complete, repeatable, and cannot be taken for a real one."""

from pathlib import Path

import pytest
import yaml

from rehearsal.errors import LockRequestError
from rehearsal.lock import write_made_up_locks

WANTED = """
stack: eu
jurisdiction: eu
registry: rg.fr-par.scw.cloud/sovereign-eu
images: {vllm: {source: upstream/vllm}}
models: {mistralai/Mistral-7B-Instruct-v0.3: {files: [params.json, consolidated.safetensors], gguf: q4.gguf}}
"""


def made_up(text: str, directory: Path) -> Path:
    (path,) = write_made_up_locks(text, directory)
    return path


def test_each_document_gives_a_lock_of_its_own_and_none_gives_none(tmp_path: Path) -> None:
    away = WANTED.replace("stack: eu", "stack: eu-ovh-gra11")
    written = write_made_up_locks(f"{WANTED}---\n{away}", tmp_path)
    assert [path.name for path in written] == ["eu.yaml", "eu-ovh-gra11.yaml"]
    assert write_made_up_locks("", tmp_path) == []


def test_every_wanted_thing_is_pinned_and_marked_as_made_up(tmp_path: Path) -> None:
    path = made_up(WANTED, tmp_path)
    lock = yaml.safe_load(path.read_text())
    assert path.read_text().startswith("# MADE UP")
    assert lock["rehearsal"] is True
    assert lock["images"]["vllm"]["repository"] == "rg.fr-par.scw.cloud/sovereign-eu/rehearsal/vllm"
    model = lock["models"]["mistralai/Mistral-7B-Instruct-v0.3"]
    assert [file["path"] for file in model["files"]] == ["params.json", "consolidated.safetensors"]
    assert len({file["sha256"] for file in [*model["files"], model["gguf"]]}) == 3


def test_the_programs_of_nodes_are_pinned_too_where_a_stack_wants_some(tmp_path: Path) -> None:
    wish = WANTED + "binaries: {k3s: {source: https://upstream/k3s, path: binaries/k3s/k3s}}\n"
    lock = yaml.safe_load(made_up(wish, tmp_path).read_text())
    assert lock["binaries"]["k3s"]["path"] == "binaries/k3s/k3s"
    assert len(lock["binaries"]["k3s"]["sha256"]) == 64
    assert lock["binaries"]["k3s"]["bytes"] > 0
    assert "binaries" not in yaml.safe_load(made_up(WANTED, tmp_path).read_text())


def test_the_same_wish_gives_the_same_lock(tmp_path: Path) -> None:
    first = made_up(WANTED, tmp_path).read_text()
    assert made_up(WANTED, tmp_path).read_text() == first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\n---\n", "empty"),
        ("stack: [", "not valid YAML"),
        ("stack: eu", "no usable 'registry'"),
        (WANTED.replace("stack: eu", "stack: ../eu"), "stack name"),
        (WANTED + "binaries: [k3s]\n", "no usable 'binaries'"),
        (WANTED + "binaries: {k3s: {source: https://upstream/k3s}}\n", "no usable 'path'"),
        (WANTED.replace("files: [params.json, consolidated.safetensors], ", ""), "no usable 'files'"),
    ],
)
def test_a_malformed_wish_ends_in_one_clear_message(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(LockRequestError, match=message):
        write_made_up_locks(text, tmp_path)
