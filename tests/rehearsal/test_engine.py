"""The right engine is found, and one that cannot be built says why and what to do."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rehearsal.engine import build, find_engine
from rehearsal.engine.locate import SHIM_MARK
from rehearsal.engine.toolchain import find_go
from rehearsal.engine.tools import HELM, PULUMI
from rehearsal.errors import EngineError
from tests.conftest import REHEARSE, REPOSITORY

Program = Callable[[str, str], Path]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Puts a shell script first on PATH."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory), prepend=os.pathsep)

    def write(name: str, script: str) -> Path:
        path = directory / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_an_engine_on_path_that_is_new_enough_is_taken(program: Program) -> None:
    path = program("pulumi", "echo v3.249.0")
    engine = find_engine()
    assert (engine.path, engine.version, engine.origin) == (path, "3.249.0", "PATH")


@pytest.mark.parametrize(
    "script", ["echo v3.248.9", "echo nonsense", "exit 1", f"{SHIM_MARK}\necho v3.300.0"]
)
def test_an_engine_too_old_broken_or_our_own_shim_is_passed_over(program: Program, script: str) -> None:
    program("pulumi", script)
    assert find_engine().origin == "built"


def test_the_pinned_versions_are_those_of_the_modules() -> None:
    assert PULUMI.version == "v3.253.0"
    assert HELM.version.startswith("v3.")
    assert PULUMI.pin != HELM.pin


def test_a_go_that_is_too_old_is_not_used(program: Program, empty_cache: Path) -> None:
    program("go", "echo go1.25.9")
    ready = empty_cache / "sovereign" / "go" / "1.26.6" / "go" / "bin"
    ready.mkdir(parents=True)
    (ready / "go").write_text("")
    assert find_go() == ready / "go"


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("write /tmp/x: no space left on device", "The disk is full"),
        ("dial tcp: lookup example.invalid: no such host", "GOPROXY"),
        ("compile: signal: killed", "lack of memory"),
        ("undefined: something", "install pulumi yourself"),
    ],
)
def test_a_failed_build_says_why_and_what_to_do(
    program: Program, empty_cache: Path, said: str, advice: str
) -> None:
    program("go", f'[ "$1" = env ] && echo go1.26.0 && exit\necho "{said}" >&2\nexit 1')
    with pytest.raises(EngineError) as failure:
        build.built(PULUMI)
    assert said in str(failure.value)
    assert advice in str(failure.value)
    assert list((empty_cache / "sovereign" / "pulumi").iterdir()) == [], "half a build must not stay behind"


def test_a_cache_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch, program: Program) -> None:
    program("pulumi", "exit 1")
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    result = subprocess.run([str(REHEARSE), "engine"], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "cannot create the cache directory /proc/nowhere/sovereign" in result.stderr
    assert "XDG_CACHE_HOME" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.engine
def test_a_plain_pulumi_keeps_state_at_home_without_being_asked(tmp_path: Path) -> None:
    """Outside a rehearsal too: `Pulumi.yaml` itself names a local backend."""
    for file in REPOSITORY.glob("Pulumi*.yaml"):
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "state").mkdir()
    variables = {**os.environ, "PULUMI_HOME": str(tmp_path / "home"), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    result = subprocess.run(
        [str(find_engine().path), "stack", "ls", "--non-interactive"],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "state" / ".pulumi").is_dir()
