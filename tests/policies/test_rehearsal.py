"""A rehearsal is known by what it rests on, so that no variable alone lets made-up things near a cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.context import in_rehearsal, lock_of_stack
from policies.rehearsal import BACKEND, STAND_INS, WORKSPACE, played_packages, rehearsal_workspace
from tests.policies.stacks import rehearsed

HERE = Path("/w")


def test_a_rehearsal_is_known_and_made_up_locks_are_found_in_its_workspace() -> None:
    assert rehearsal_workspace(rehearsed(HERE)) == HERE
    assert in_rehearsal(rehearsed(HERE))


@pytest.mark.parametrize("missing", [WORKSPACE, BACKEND, STAND_INS])
def test_no_variable_may_be_missing(missing: str) -> None:
    variables = rehearsed(HERE)
    for left in ("", None):
        given = {key: value for key, value in variables.items() if key != missing}
        assert rehearsal_workspace(given if left is None else {**given, missing: left}) is None


@pytest.mark.parametrize("package", sorted(played_packages()))
def test_one_real_provider_makes_it_a_real_run(package: str) -> None:
    variables = rehearsed(HERE)
    others = [each for each in variables[STAND_INS].split(",") if not each.startswith(f"{package}:")]

    assert len(others) == len(played_packages()) - 1
    assert rehearsal_workspace({**variables, STAND_INS: ",".join(others)}) is None


@pytest.mark.parametrize(
    "backend", ["s3://state-eu", "file:///w2/state", "file://~", "file:///elsewhere/w/state"]
)
def test_state_that_is_kept_elsewhere_makes_it_a_real_run(backend: str) -> None:
    assert rehearsal_workspace({**rehearsed(HERE), BACKEND: backend}) is None


def test_a_lock_that_somebody_points_to_by_the_variable_alone_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "eu.yaml").write_text(
        "rehearsal: true\nstack: eu\njurisdiction: eu\nimages: {}\nmodels: {}\n", encoding="utf-8"
    )

    pointed = lock_of_stack("eu", "eu", {WORKSPACE: str(tmp_path)})
    rehearsing = lock_of_stack("eu", "eu", rehearsed(tmp_path))

    assert pointed.lock is None
    assert "docs/locks.md" in pointed.problem
    assert rehearsing.lock is not None
