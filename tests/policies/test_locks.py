"""Which lock the pack holds a stack to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.locks import is_own, lock_of


def write(directory: Path, **changes: Any) -> Path:
    """A lock file in a directory."""
    segment = "rehearsal/" if changes.get("rehearsal") else ""
    image = {"repository": f"rg.fr-par.scw.cloud/s/{segment}haproxy", "digest": f"sha256:{'0' * 64}"}
    lock = {
        "rehearsal": False,
        "stack": "eu",
        "jurisdiction": "eu",
        "images": {"haproxy": image},
        "models": {},
    }
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "eu.yaml"
    file.write_text(yaml.safe_dump(lock | changes))
    return file


def test_a_stack_of_ours_is_held_to_the_lock_beside_the_pack(tmp_path: Path) -> None:
    write(tmp_path)

    found = lock_of("eu", "eu", None, tmp_path)

    assert found.lock is not None
    assert found.problem == ""


def test_in_a_rehearsal_the_made_up_lock_of_its_workspace_counts(tmp_path: Path) -> None:
    write(tmp_path / "locks", rehearsal=True)

    assert lock_of("eu", "eu", tmp_path, tmp_path / "nothing").lock is not None
    assert lock_of("eu", "eu", None, tmp_path / "nothing").lock is None


def test_a_real_lock_comes_before_a_made_up_one(tmp_path: Path) -> None:
    write(tmp_path / "locks", rehearsal=True)
    write(tmp_path / "real")

    lock = lock_of("eu", "eu", tmp_path, tmp_path / "real").lock

    assert lock is not None
    assert not lock.rehearsal


@pytest.mark.parametrize(
    ("changes", "jurisdiction", "problem"),
    [
        ({"stack": "other"}, "eu", "stack: found 'other', allowed: 'eu'"),
        ({"jurisdiction": "uk"}, "eu", "jurisdiction: found 'uk', allowed: 'eu'"),
        ({}, None, "jurisdiction: found 'eu', allowed: none, as the stack states no jurisdiction"),
        ({"rehearsal": True}, "eu", "rehearsal: found true, a made-up lock"),
        (
            {"stack": "other", "rehearsal": True},
            "eu",
            "docs/locks.md says; stack: found 'other', allowed: 'eu'",
        ),
        ({"images": {"x": 1}}, "eu", "cannot be read"),
    ],
)
def test_a_lock_that_is_not_this_stacks_own_lets_nothing_run(
    tmp_path: Path, changes: dict[str, Any], jurisdiction: str | None, problem: str
) -> None:
    write(tmp_path, **changes)

    found = lock_of("eu", jurisdiction, None, tmp_path)

    assert found.lock is None
    assert problem in found.problem
    assert "\n" not in found.problem


@pytest.mark.parametrize(
    ("workspace", "advice"), [(None, "docs/locks.md"), (Path("w"), "make lock STACK=eu")]
)
def test_without_a_lock_a_stack_of_ours_is_told_what_to_run(
    tmp_path: Path, workspace: Path | None, advice: str
) -> None:
    found = lock_of("eu", "eu", workspace, tmp_path)

    assert found.lock is None
    assert advice in found.problem


def test_a_program_of_somebody_else_needs_no_lock_and_ours_does_under_every_name() -> None:
    ours = {"jurisdiction": "eu", "cloud": "scaleway"}

    assert not is_own("theirs", {"jurisdiction": "eu"}.get)
    assert is_own("sovereign", {}.get)
    assert is_own("renamed", ours.get)
