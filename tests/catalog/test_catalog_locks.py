"""A lock is taken only if everything in it is pinned, and its mistakes are told all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from catalog import LockedFile, LockedImage, LockError, load_lock

Write = Callable[[object], Path]
MODEL = "mistralai/Mistral-7B-Instruct-v0.3"
HEX64 = "ab" * 32


def refusal(path: Path) -> str:
    with pytest.raises(LockError) as caught:
        load_lock(path)
    return str(caught.value)


def test_an_image_is_referred_to_by_digest(good_lock: dict[str, Any], write_lock: Write) -> None:
    lock = load_lock(write_lock(good_lock))
    assert lock.images["vllm"].reference == f"rg.fr-par.scw.cloud/sovereign/vllm@sha256:{HEX64}"
    assert lock.models[MODEL].files[0].bytes == 202
    assert lock.models[MODEL].gguf is not None


def test_programs_of_nodes_are_locked_by_sha256_where_there_are_any(
    good_lock: dict[str, Any], write_lock: Write
) -> None:
    assert load_lock(write_lock(good_lock)).binaries == {}
    good_lock["binaries"] = {"k3s": {"path": "binaries/k3s/k3s", "sha256": HEX64, "bytes": 70_000_000}}
    assert load_lock(write_lock(good_lock)).binaries["k3s"].sha256 == HEX64
    good_lock["binaries"]["k3s"]["sha256"] = "latest"
    assert "binaries.k3s.sha256: expected <64 hexadecimal digits" in refusal(write_lock(good_lock))


def test_a_stack_without_cpu_fallback_needs_no_gguf(good_lock: dict[str, Any], write_lock: Write) -> None:
    del good_lock["models"][MODEL]["gguf"]
    assert load_lock(write_lock(good_lock)).models[MODEL].gguf is None


def test_all_mistakes_come_in_one_message_each_with_its_key(
    good_lock: dict[str, Any], write_lock: Write
) -> None:
    good_lock["jurisdiction"] = "fr"
    good_lock["images"]["vllm"]["digest"] = "latest"
    good_lock["images"]["haproxy"] = {
        "repository": "rg.fr-par.scw.cloud/rehearsal/haproxy",
        "digest": f"sha256:{HEX64}",
    }
    good_lock["models"][MODEL]["revision"] = "main"
    good_lock["models"][MODEL]["files"][0]["bytes"] = 0
    good_lock["note"] = "made by hand"
    del good_lock["stack"]
    with pytest.raises(LockError) as caught:
        load_lock(write_lock(good_lock))
    keys = sorted(mistake.split(": ")[0] for mistake in caught.value.mistakes)
    assert keys == [
        "images.haproxy.repository",
        "images.vllm.digest",
        "jurisdiction",
        f"models[{MODEL}].files[0].bytes",
        f"models[{MODEL}].revision",
        "note",
        "stack",
    ]
    assert "7 mistakes" in str(caught.value)
    assert "allowed: eu, uk" in str(caught.value)


def test_a_made_up_image_never_hides_in_a_real_lock(good_lock: dict[str, Any], write_lock: Write) -> None:
    good_lock["images"]["vllm"]["repository"] = "rg.fr-par.scw.cloud/rehearsal/vllm"
    message = refusal(write_lock(good_lock))
    assert "images.vllm.repository" in message
    assert "has a path segment 'rehearsal', but the lock says rehearsal: false" in message


def test_a_made_up_lock_marks_every_image(good_lock: dict[str, Any], write_lock: Write) -> None:
    good_lock["rehearsal"] = True
    assert "has no path segment 'rehearsal', but the lock says rehearsal: true" in refusal(
        write_lock(good_lock)
    )
    good_lock["images"]["vllm"]["repository"] = "rg.fr-par.scw.cloud/sovereign/rehearsal/vllm"
    assert load_lock(write_lock(good_lock)).rehearsal


@pytest.mark.parametrize("repository", ["rehearsal.example.com/vllm", "r.example.com/rehearsals/vllm"])
def test_only_a_whole_path_segment_marks_an_image(
    repository: str, good_lock: dict[str, Any], write_lock: Write
) -> None:
    good_lock["images"]["vllm"]["repository"] = repository
    assert load_lock(write_lock(good_lock)).images["vllm"].repository == repository


@pytest.mark.parametrize("value", ["yes", "false", 0, None])
def test_rehearsal_is_true_or_false_and_nothing_like_it(
    good_lock: dict[str, Any], write_lock: Write, value: object
) -> None:
    good_lock["rehearsal"] = value
    assert "rehearsal: Input should be a valid boolean" in refusal(write_lock(good_lock))


@pytest.mark.parametrize(
    "repository",
    [
        "vllm",
        "vllm/vllm-openai",
        "docker.io/vllm/vllm-openai:latest",
        "r.example.com/vllm@sha256:" + HEX64,
        "https://r.example.com/vllm",
        "r.example.com",
        "r.example.com/",
        "r.example.com//vllm",
        "r.example.com/../vllm",
        "R.example.com/vllm",
        "r.example.com/vllm\n",
        "r.example.com:port/vllm",
        "",
    ],
)
def test_a_repository_is_a_host_and_a_path_without_tag(repository: str) -> None:
    with pytest.raises(ValidationError):
        LockedImage(repository=repository, digest=f"sha256:{HEX64}")


@pytest.mark.parametrize(
    "repository", ["localhost:5000/vllm", "r.example.com:5000/a/b-c/d_e.f", "10.0.0.1/vllm"]
)
def test_a_registry_may_have_a_port_and_a_deep_path(repository: str) -> None:
    assert LockedImage(repository=repository, digest=f"sha256:{HEX64}").repository == repository


@given(digest=st.text(alphabet="abcdef0123456789sSHA:XZ \n", max_size=75))
def test_only_a_full_sha256_is_a_digest(digest: str) -> None:
    whole = len(digest) == 71 and digest.startswith("sha256:") and set(digest[7:]) <= set("abcdef0123456789")
    if whole:
        assert LockedImage(repository="r.example.com/vllm", digest=digest).digest == digest
    else:
        with pytest.raises(ValidationError):
            LockedImage(repository="r.example.com/vllm", digest=digest)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/", ".", "", "a\\b"])
def test_a_file_stays_inside_the_bucket(path: str) -> None:
    with pytest.raises(ValidationError):
        LockedFile(path=path, sha256=HEX64, bytes=1)


def test_a_file_listed_twice_is_refused(good_lock: dict[str, Any], write_lock: Write) -> None:
    good_lock["models"][MODEL]["files"] *= 2
    assert "given twice: params.json" in refusal(write_lock(good_lock))


def test_a_model_without_files_is_refused(good_lock: dict[str, Any], write_lock: Write) -> None:
    good_lock["models"][MODEL]["files"] = []
    assert f"models[{MODEL}]: files lists nothing" in refusal(write_lock(good_lock))


def test_a_missing_lock_says_which_command_writes_one(tmp_path: Path) -> None:
    message = refusal(tmp_path / "uk.yaml")
    assert "no such lock file" in message
    assert "docs/locks.md" in message
    assert "make lock" in message


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words\n"])
def test_a_lock_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "eu.yaml"
    path.write_text(text, encoding="utf-8")
    assert "the document: Input should be a valid dictionary" in refusal(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("images: {vllm: 1}\nimages: {vllm: 2}\n", "line 2: the key 'images' is given twice"),
        ("images: [\n", "cannot be read as YAML"),
        ("a: 1\n---\nb: 2\n", "cannot be read as YAML"),
    ],
)
def test_yaml_that_two_readers_could_take_differently_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "eu.yaml"
    path.write_text(text, encoding="utf-8")
    assert message in refusal(path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "eu.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read as YAML" in refusal(path)
