"""Fetching weights: the plan as data, and the script itself run against a stand-in for the bucket."""

import hashlib
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalog import LockedFile, LockedModel
from components.inference import FetchPlan, ModelArtefacts, WeightsSource, bucket_prefix
from components.inference.artefacts import checksums, volume_size
from components.inference.weights import fetch_script

from .recording import MODEL, Tree, is_secret, without_secret_marks

REVISION = "0123456789abcdef0123456789abcdef01234567"

CURL = """\
#!/bin/sh
# Stands in for curl: notes how it was called and copies from a directory instead of a bucket.
echo "$@" >> "$BUCKET_DIR/calls"
while [ $# -gt 0 ]; do
    case $1 in
        --output) out=$2; shift ;;
        https://*) url=$1 ;;
    esac
    shift
done
cp "$BUCKET_DIR/${url#https://bucket.example/weights/}" "$out"
"""


def locked(files: dict[str, bytes]) -> tuple[LockedFile, ...]:
    return tuple(
        LockedFile(path=path, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
        for path, content in files.items()
    )


@dataclass(frozen=True)
class Run:
    status: int
    output: str
    models: Path
    calls: list[str]


@pytest.fixture
def fetch(tmp_path: Path) -> Callable[[dict[str, bytes], dict[str, bytes]], Run]:
    """Run the script: `fetch(what the lock says, what lies in the bucket)`."""
    bucket, bin_, models = tmp_path / "bucket", tmp_path / "bin", tmp_path / "models"
    for directory in (bucket, bin_):
        directory.mkdir()
    (bin_ / "curl").write_text(CURL)
    (bin_ / "curl").chmod(0o755)
    script = tmp_path / "fetch.sh"
    script.write_text(fetch_script())

    def run(wanted: dict[str, bytes], stored: dict[str, bytes]) -> Run:
        for path, content in stored.items():
            file = bucket / bucket_prefix(MODEL, REVISION) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        (tmp_path / "SHA256SUMS").write_text(checksums(locked(wanted)))
        (bucket / "calls").write_text("")
        done = subprocess.run(
            ["/bin/sh", str(script)],
            env={
                "PATH": f"{bin_}:{os.environ['PATH']}",
                "BUCKET_DIR": str(bucket),
                "CHECKSUMS": str(tmp_path / "SHA256SUMS"),
                "BUCKET_URL": "https://bucket.example/weights",
                "PREFIX": bucket_prefix(MODEL, REVISION),
                "REGION": "fr-par",
                "GATE": "egress-gate.egress.svc.cluster.local:8443",
                "CREDENTIALS": "/run/weights/curl.conf",
                "WEIGHTS_DIR": str(models / MODEL),
            },
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        calls = (bucket / "calls").read_text().splitlines()
        return Run(done.returncode, done.stdout, models / MODEL, calls)

    return run


Fetch = Callable[[dict[str, bytes], dict[str, bytes]], Run]


def test_locked_files_arrive_where_the_engine_looks(fetch: Fetch) -> None:
    files = {"params.json": b"{}", "sub/consolidated.safetensors": b"weights"}
    run = fetch(files, files)
    assert run.status == 0, run.output
    assert {path: (run.models / path).read_bytes() for path in files} == files


def test_a_file_that_is_not_the_locked_one_is_refused_and_removed(fetch: Fetch) -> None:
    run = fetch({"weights.gguf": b"right"}, {"weights.gguf": b"wrong"})
    assert run.status != 0
    assert "refused: sha256 is" in run.output
    assert [path for path in run.models.rglob("*") if path.is_file()] == []


def test_a_second_run_fetches_nothing(fetch: Fetch) -> None:
    files = {"params.json": b"{}"}
    assert len(fetch(files, files).calls) == 1
    assert fetch(files, files).calls == []


def test_a_damaged_file_is_fetched_again(fetch: Fetch) -> None:
    files = {"params.json": b"{}"}
    first = fetch(files, files)
    (first.models / "params.json").write_bytes(b"damaged")
    second = fetch(files, files)
    assert len(second.calls) == 1
    assert (second.models / "params.json").read_bytes() == b"{}"


def test_a_file_that_is_not_there_stops_the_pod(fetch: Fetch) -> None:
    assert fetch({"params.json": b"{}"}, {}).status != 0


def test_the_bucket_is_reached_through_the_gate_and_by_tls_only(fetch: Fetch) -> None:
    files = {"params.json": b"{}"}
    call = fetch(files, files).calls[0]
    assert "--connect-to bucket.example:443:egress-gate.egress.svc.cluster.local:8443" in call
    assert "--proto =https" in call
    assert "--location" not in call, "a redirect could lead anywhere"
    assert "--config /run/weights/curl.conf" in call


@pytest.mark.parametrize("path", ["a b", "a;b", "$(id)", "-rf", "a'b", "ü", "a\nb"])
def test_names_that_a_shell_or_a_url_could_misread_are_refused(path: str) -> None:
    model = LockedModel(
        revision=REVISION, files=(LockedFile.model_construct(path=path, sha256="0" * 64, bytes=1),)
    )
    with pytest.raises(ValueError, match="has letters other than"):
        ModelArtefacts(model_id=MODEL, locked=model)


def test_a_new_lock_gives_the_list_a_new_name() -> None:
    source = WeightsSource(image="i", bucket_url="https://b/w", region="fr-par", gate="g:1")

    def name(content: bytes) -> str:
        files = locked({"params.json": content})
        model = LockedModel(revision=REVISION, files=files)
        artefacts = ModelArtefacts(model_id=MODEL, locked=model)
        return FetchPlan(app="vllm", source=source, artefacts=artefacts, files=files).config_map

    assert name(b"one") == name(b"one")
    assert name(b"one") != name(b"two")


def test_the_volume_holds_the_files_and_one_that_is_arriving() -> None:
    gib = 2**30
    files = (
        LockedFile(path="a", sha256="0" * 64, bytes=10 * gib),
        LockedFile(path="b", sha256="0" * 64, bytes=2 * gib),
    )
    assert volume_size(files) == "23Gi"


def test_the_key_to_the_bucket_is_a_secret_in_a_file(eu: Tree) -> None:
    secret = eu.only("kubernetes:core/v1:Secret", "weights-access").inputs["stringData"]
    assert is_secret(secret)
    assert without_secret_marks(secret) == {"curl.conf": 'user = "ACCESS:SECRET"\n'}


def test_each_engine_fetches_only_its_own_files(eu: Tree) -> None:
    def listed(app: str) -> list[str]:
        data = eu.only("kubernetes:core/v1:ConfigMap", f"{app}-weights").inputs["data"]
        return [line.split()[1] for line in data["SHA256SUMS"].splitlines()]

    assert listed("vllm") == ["params.json", "consolidated.safetensors", "tokenizer.model.v3"]
    assert listed("llama-cpp") == ["model-Q4_K_M.gguf"]
