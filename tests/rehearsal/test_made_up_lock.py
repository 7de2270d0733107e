"""A made-up lock is complete, repeatable, and cannot be taken for a real one."""

from pathlib import Path

import pytest
import yaml

from rehearsal.errors import LockRequestError
from rehearsal.lock import write_made_up_lock

WANTED = """
stack: eu
jurisdiction: eu
registry: rg.fr-par.scw.cloud/sovereign-eu
images: {vllm: {source: upstream/vllm}}
models: {mistralai/Mistral-7B-Instruct-v0.3: {files: [params.json, consolidated.safetensors], gguf: q4.gguf}}
"""


def test_every_wanted_thing_is_pinned_and_marked_as_made_up(tmp_path: Path) -> None:
    path = write_made_up_lock(WANTED, tmp_path)
    lock = yaml.safe_load(path.read_text())
    assert path.read_text().startswith("# MADE UP")
    assert lock["rehearsal"] is True
    assert lock["images"]["vllm"]["repository"] == "rg.fr-par.scw.cloud/sovereign-eu/rehearsal/vllm"
    model = lock["models"]["mistralai/Mistral-7B-Instruct-v0.3"]
    assert [file["path"] for file in model["files"]] == ["params.json", "consolidated.safetensors"]
    assert len({file["sha256"] for file in [*model["files"], model["gguf"]]}) == 3


def test_the_programs_of_nodes_are_pinned_too_where_a_stack_wants_some(tmp_path: Path) -> None:
    wish = WANTED + "binaries: {k3s: {source: https://upstream/k3s, path: binaries/k3s/k3s}}\n"
    lock = yaml.safe_load(write_made_up_lock(wish, tmp_path).read_text())
    assert lock["binaries"]["k3s"]["path"] == "binaries/k3s/k3s"
    assert len(lock["binaries"]["k3s"]["sha256"]) == 64
    assert lock["binaries"]["k3s"]["bytes"] > 0
    assert "binaries" not in yaml.safe_load(write_made_up_lock(WANTED, tmp_path).read_text())


def test_the_same_wish_gives_the_same_lock(tmp_path: Path) -> None:
    first = write_made_up_lock(WANTED, tmp_path).read_text()
    assert write_made_up_lock(WANTED, tmp_path).read_text() == first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
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
        write_made_up_lock(text, tmp_path)
