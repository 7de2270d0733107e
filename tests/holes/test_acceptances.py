"""Hole 19: an acceptance belongs to one model in one jurisdiction, and moves with no rename or alias.

And what everybody sees of acceptances: which hold, which end soon, which nobody needs, which do not hold.
"""

from __future__ import annotations

import re
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
deployment("unknown", vllm("--model", unknown))
deployment("absent", vllm())
deployment("secret", vllm("--model", Output.secret("{OTHER}")))
deployment("secret-accepted", vllm("--model", Output.secret("{ACCEPTED}")))
deployment("longer", vllm("--model", "{ACCEPTED}-abliterated"))
deployment("case", vllm("--model", "{ACCEPTED.lower()}"))
"""


def _day(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def _entry(model: str, jurisdiction: str, days: int = 30, owner: str = "Jane Doe") -> str:
    what = f"rule: model-ip, subject: {model}, jurisdiction: {jurisdiction}"
    return f"  - {{{what}, owner: {owner}, reason: asked for, ticket: T-1, expires: {_day(days)}}}\n"


def _pack(directory: Path, *entries: str) -> Path:
    """A copy of the pack in which these entries stand."""
    pack = directory / "policies"
    shutil.copytree(REPOSITORY / "policies", pack, ignore=shutil.ignore_patterns("__pycache__"))
    (directory / ".venv").symlink_to(REPOSITORY / ".venv")
    (pack / "acceptances.yaml").write_text(f"acceptances:\n{''.join(entries)}")
    return pack


def _found(report: Preview, rule: str) -> list[str]:
    """What each message of a rule found."""
    pattern = rf"^ *rule: +{rule}\n *resource:[^\n]*\n *urn:[^\n]*\n *found: +([^\n]*)$"
    return re.findall(pattern, report.text, re.MULTILINE)


def test_what_is_accepted_is_printed_and_what_does_not_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run over a file with an entry of every kind."""
    pack = _pack(
        tmp_path,
        _entry(ACCEPTED, "eu"),
        _entry(OTHER, "eu", days=5),
        _entry("example/unneeded", "eu", days=90),
        _entry("example/foreign", "uk"),
        _entry("example/expired", "eu", days=-1),
        _entry("example/endless", "eu", days=181),
        _entry("example/ownerless", "eu", owner='""'),
    )
    program = BEFORE + BEFORE.replace("chat", "second").replace(ACCEPTED, OTHER)
    project = new_project(tmp_path / "project", program)

    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    report = Preview.of(project.pulumi("preview", "--policy-pack", str(pack)))

    assert report.refused
    by = "in eu by Jane Doe until"
    assert set(_found(report, "acceptances")) == {
        f"model-ip is accepted for {OTHER} {by} {_day(5)} (T-1: asked for); ends in 5 days",
        f"model-ip is accepted for {ACCEPTED} {by} {_day(30)} (T-1: asked for)",
        f"model-ip is accepted for example/unneeded {by} {_day(90)} (T-1: asked for); nothing in this stack "
        "needs it",
    }
    refused = _found(report, "acceptances-expired")
    reasons = ["expired on", "more than 180 days", "is malformed, so it counts as expired: owner"]
    assert len(refused) == len(reasons)
    assert all(any(reason in text for text in refused) for reason in reasons), refused
    assert report.resources("model-ip") == set()


def test_without_a_problem_the_run_passes_and_still_prints_what_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard says it as well, when somebody updates without the pack."""
    pack = _pack(tmp_path, _entry(ACCEPTED, "eu"), _entry(OTHER, "eu", days=5))
    guard = 'from policies import guard\n\nguard.install(jurisdiction="eu", rehearsal=True)\n'
    project = new_project(tmp_path / "project", guard)

    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    previewed = Preview.of(project.pulumi("preview", "--policy-pack", str(pack)))
    updated = Preview.of(project.up())

    assert not previewed.refused
    assert len(_found(previewed, "acceptances")) == 2
    assert not updated.refused
    assert f"acceptances: model-ip is accepted for {ACCEPTED} in eu by Jane Doe" in updated.text
    assert f"warning: acceptances: model-ip is accepted for {OTHER}" in updated.text
    assert "ends in 5 days" in updated.text


def test_an_acceptance_stays_with_its_model_and_jurisdiction_when_resources_are_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = _pack(tmp_path, _entry(ACCEPTED, "eu"), _entry(OTHER, "uk"))
    project = new_project(tmp_path / "project", BEFORE + BEFORE.replace("chat", "chat-of-old"))
    assert project.up().returncode == 0

    project.program(PRELUDE + AFTER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    report = Preview.of(project.pulumi("preview", "--policy-pack", str(pack)))

    assert report.refused
    assert report.resources("model-ip") == {
        "heir",
        "both",
        "unknown",
        "absent",
        "secret",
        "longer",
        "case",
    }
