"""Hole 3: a rule that trips over what it sees ends the run; it neither passes nor turns into a warning."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.holes.gate import Preview, new_project, preview

pytestmark = pytest.mark.engine

TRIPPING = """
from dataclasses import replace

from policies.rules.residency_ignore_changes import RULE as MODEL


def _check(resource, context):
    if resource.name == "tripping":
        raise KeyError("region")
    return ()


RULE = replace(MODEL, id="tripping-rule", check=_check)
"""
PROGRAM = 'scaleway.network.Vpc("tripping", region="fr-par", opts=eu)\n'


def test_a_rule_that_trips_ends_the_run_instead_of_passing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = tmp_path / "policies"
    shutil.copytree(REPOSITORY / "policies", pack, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / ".venv").symlink_to(REPOSITORY / ".venv")
    (pack / "rules" / "tripping_rule.py").write_text(TRIPPING)
    project = new_project(tmp_path / "project", PROGRAM)

    without = preview(project)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    report = Preview.of(project.pulumi("preview", "--policy-pack", str(pack)))

    assert report.refused
    assert "failed to run policy" in report.text, "the run says what went wrong"
    assert "tripping" not in {name for _, name in report.blamed}, "the rule failed, not the network"
    assert not without.refused, "the same program passes without the rule that trips"
