"""Hole 19: an acceptance belongs to one model in one jurisdiction, and moves with no rename or alias."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.holes.gate import PRELUDE, Preview, new_project

pytestmark = pytest.mark.engine

ACCEPTED = "meta-llama/Llama-3.1-8B-Instruct"
OTHER = "Qwen/Qwen3-8B"
BEFORE = f'deployment("chat", vllm("--model", "{ACCEPTED}"))\n'
AFTER = f"""
def renamed(name):
    return ResourceOptions(provider=cluster.provider, aliases=[pulumi.Alias(name=name)])


deployment("talk", vllm("--model", "{ACCEPTED}"), opts=renamed("chat"))
deployment("heir", vllm("--model", "{OTHER}"), opts=renamed("chat-of-old"))
deployment("both", vllm("--model", "{ACCEPTED}", name="first"), vllm("{OTHER}"))
deployment("longer", vllm("--model", "{ACCEPTED}-abliterated"))
deployment("case", vllm("--model", "{ACCEPTED.lower()}"))
"""


def _entry(model: str, jurisdiction: str) -> str:
    until = datetime.now(UTC).date() + timedelta(days=30)
    what = f"rule: model-ip, subject: {model}, jurisdiction: {jurisdiction}"
    return f"  - {{{what}, owner: Jane Doe, reason: asked for, ticket: T-1, expires: {until.isoformat()}}}\n"


def test_an_acceptance_stays_with_its_model_and_jurisdiction_when_resources_are_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = tmp_path / "policies"
    shutil.copytree(REPOSITORY / "policies", pack, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / ".venv").symlink_to(REPOSITORY / ".venv")
    entries = _entry(ACCEPTED, "eu") + _entry(OTHER, "uk")
    (pack / "acceptances.yaml").write_text(f"acceptances:\n{entries}")
    project = new_project(tmp_path / "project", BEFORE + BEFORE.replace("chat", "chat-of-old"))
    assert project.up().returncode == 0

    project.program(PRELUDE + AFTER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    report = Preview.of(project.pulumi("preview", "--policy-pack", str(pack)))

    assert report.refused
    assert report.resources("model-ip") == {"heir", "both", "longer", "case"}
