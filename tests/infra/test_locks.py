"""Which lock a stack runs, and which it refuses."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import LockError
from infra.locks import FoundLock, LockRefusedError, find_lock

REGISTRY = "rg.fr-par.scw.cloud/eu-inference"


def write(directory: Path, *, rehearsal: bool, registry: str = REGISTRY, **changes: Any) -> Path:
    segment = "/rehearsal" if rehearsal else ""
    content: dict[str, Any] = {
        "rehearsal": rehearsal,
        "stack": "eu",
        "jurisdiction": "eu",
        "images": {"vllm": {"repository": f"{registry}{segment}/vllm", "digest": f"sha256:{'0' * 64}"}},
        "models": {},
        **changes,
    }
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "eu.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


def find(project: Path, workspace: Path | None) -> FoundLock:
    return find_lock(project, "eu", "eu", REGISTRY, workspace)


def test_the_projects_own_lock_comes_first(tmp_path: Path, workspace: Path) -> None:
    write(tmp_path / "locks", rehearsal=False)
    write(workspace / "locks", rehearsal=True)
    found = find(tmp_path, workspace)
    assert found.lock is not None
    assert found.lock.rehearsal is False


def test_a_rehearsal_falls_back_on_its_made_up_lock(tmp_path: Path, workspace: Path) -> None:
    write(workspace / "locks", rehearsal=True)
    found = find(tmp_path, workspace)
    assert found.lock is not None
    assert found.lock.rehearsal is True


@pytest.mark.parametrize(
    ("in_rehearsal", "command"), [(True, "make lock STACK=eu"), (False, "docs/locks.md")]
)
def test_without_a_lock_one_is_told_what_to_run(
    tmp_path: Path, workspace: Path, in_rehearsal: bool, command: str
) -> None:
    found = find(tmp_path, workspace if in_rehearsal else None)
    assert found.lock is None
    assert command in found.advice
    assert "foundation" in found.advice


def test_a_made_up_lock_is_refused_outside_a_rehearsal(tmp_path: Path) -> None:
    write(tmp_path / "locks", rehearsal=True)
    with pytest.raises(LockRefusedError, match="rehearsal: found true, a made-up lock"):
        find(tmp_path, None)


def test_the_lock_of_another_stack_or_jurisdiction_is_refused_with_every_reason(tmp_path: Path) -> None:
    write(tmp_path / "locks", rehearsal=False, stack="uk", jurisdiction="uk")
    with pytest.raises(LockRefusedError) as refused:
        find(tmp_path, None)
    assert "stack: found 'uk', allowed: 'eu'" in str(refused.value)
    assert "jurisdiction: found 'uk', allowed: 'eu'" in str(refused.value)


def test_a_real_lock_with_images_from_elsewhere_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "locks", rehearsal=False, registry="docker.io/library")
    with pytest.raises(LockRefusedError) as refused:
        find(tmp_path, None)
    assert f"found 'docker.io/library/vllm', allowed: a path below {REGISTRY}/" in str(refused.value)


def test_a_registry_whose_name_only_begins_alike_is_elsewhere(tmp_path: Path) -> None:
    write(tmp_path / "locks", rehearsal=False, registry=f"{REGISTRY}-of-somebody-else")
    with pytest.raises(LockRefusedError, match="allowed: a path below"):
        find(tmp_path, None)


def test_after_a_move_a_made_up_lock_counts_as_none(tmp_path: Path, workspace: Path) -> None:
    write(workspace / "locks", rehearsal=True, registry="rg.nl-ams.scw.cloud/eu-inference")
    found = find(tmp_path, workspace)
    assert found.lock is None
    assert "make lock STACK=eu" in found.advice


def test_a_broken_lock_is_not_taken_for_a_missing_one(tmp_path: Path) -> None:
    write(tmp_path / "locks", rehearsal=False).write_text("rehearsal: maybe")
    with pytest.raises(LockError):
        find(tmp_path, None)
