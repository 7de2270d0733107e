"""The gate on the real engine: what it lets through, what it refuses, what it leaves for a forge to show."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from policies.rule import rule_ids
from tests.conftest import REPOSITORY, Project

pytestmark = pytest.mark.engine

PASSED, BROKEN, NO_VERDICT = 0, 1, 2
BUCKET = """
    import pulumi
    import pulumi_ovh as ovh

    options = pulumi.ResourceOptions(provider=ovh.Provider("ovh", endpoint="ovh-eu"))
    ovh.cloudproject.Storage(
        "prompts",
        region_name="GRA",
        service_name="s",
        encryption={"sse_algorithm": "AES256"},
        opts=options,
    )
"""


@pytest.fixture
def bucket(project: Project) -> Project:
    """A stack of the EU with one honest bucket."""
    return of_stack(project, "eu", BUCKET)


def of_stack(project: Project, stack: str, program: str) -> Project:
    """The project with a stack of the jurisdiction of the same name."""
    settings = f"config:\n  sovereign:jurisdiction: {stack}\n  pulumi:disable-default-providers: ['*']\n"
    (project.directory / f"Pulumi.{stack}.yaml").write_text(settings)
    project.program(program)
    return Project(project.directory, stack)


def gate(project: Project, *arguments: str) -> Any:
    """`rehearse python -m operations.gate …`."""
    command = ("-q", sys.executable, "-m", "operations.gate")
    return project.run(*command, "--stack", project.stack, *arguments)


def test_an_honest_stack_may_be_updated_and_every_rule_is_known_to_have_passed(bucket: Project) -> None:
    result = gate(bucket, "--report-dir", "reports")

    assert result.returncode == PASSED, result.stdout
    assert "stack eu: may be updated (3 resources, 0 errors, 0 notes)" in result.stdout
    suite = ET.parse(bucket.directory / "reports" / "policies-eu.xml").getroot()  # noqa: S314
    assert set(rule_ids()) <= {case.get("name") for case in suite.iter("testcase")}
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "0")


def test_a_violation_is_shown_on_the_line_that_declares_the_resource(bucket: Project) -> None:
    program = bucket.directory / "__main__.py"
    program.write_text(program.read_text().replace("GRA", "UK"))

    result = gate(bucket, "--report-dir", "reports")

    assert result.returncode == BROKEN, result.stdout
    assert '`regionName` = "UK"' in result.stdout
    document = json.loads((bucket.directory / "reports" / "policies-eu.sarif").read_text())
    (found,) = document["runs"][0]["results"]
    place = found["locations"][0]["physicalLocation"]
    line = program.read_text().splitlines()[place["region"]["startLine"] - 1]
    assert (found["ruleId"], place["artifactLocation"]["uri"]) == ("residency", "__main__.py")
    assert "ovh.cloudproject.Storage(" in line


def test_a_preview_that_leaves_something_out_is_no_verdict(bucket: Project) -> None:
    program = bucket.directory / "__main__.py"
    program.write_text(program.read_text() + 'pulumi.log.warn("chart x: Preview is incomplete.")\n')

    result = gate(bucket)

    assert result.returncode == NO_VERDICT
    assert "gate-incomplete" in result.stdout


def test_a_program_that_breaks_off_is_no_verdict(bucket: Project) -> None:
    program = bucket.directory / "__main__.py"
    program.write_text(program.read_text() + 'raise RuntimeError("broken off")\n')

    result = gate(bucket)

    assert result.returncode == NO_VERDICT
    assert "gate-engine" in result.stdout
    assert "broken off" in result.stdout


def test_targets_are_refused_before_the_engine_runs(bucket: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_OPTION_TARGET", "**nothing**")

    result = gate(bucket, "--", "--target-dependents")

    assert result.returncode == NO_VERDICT
    assert "PULUMI_OPTION_TARGET" in result.stdout
    assert "--target-dependents" in result.stdout


READER = """
    import pulumi
    import pulumi_ovh as ovh

    options = pulumi.ResourceOptions(provider=ovh.Provider("ovh", endpoint="ovh-eu"))
    if pulumi.get_stack() == "uk":
        bucket = ovh.cloudproject.Storage(
            "prompts",
            region_name="UK",
            service_name="s",
            encryption={"sse_algorithm": "AES256"},
            opts=options,
        )
        pulumi.export("id", bucket.id)
    else:
        ovh.cloudproject.Storage.get("prompts", pulumi.Config("sample").require("id"), opts=options)
"""


def test_what_a_program_only_reads_is_named_before_the_update_and_judged_after_it(project: Project) -> None:
    british = of_stack(project, "uk", READER)
    assert british.up().returncode == 0
    european = of_stack(project, "eu", READER)
    european.configure("sample:id", british.outputs()["id"])

    before = gate(european)
    assert european.up().returncode == 0
    after = gate(european, "--analyze", "--report-dir", "reports")

    assert before.returncode == PASSED, before.stdout
    assert "gate-read" in before.stdout
    assert after.returncode == BROKEN, after.stdout
    assert '`regionName` = "UK"' in after.stdout
    assert "__main__.py" in (european.directory / "reports" / "policies-eu.sarif").read_text()


def test_a_state_file_is_judged_by_the_jurisdiction_of_its_own_stack(bucket: Project) -> None:
    assert bucket.up().returncode == 0
    bucket.pulumi("stack", "export", "--file", "state.json")
    state = bucket.directory / "state.json"
    moved = bucket.directory / "moved.json"
    moved.write_text(state.read_text().replace('"GRA"', '"UK"'))

    assert gate(bucket, "--state", "state.json").returncode == PASSED
    assert gate(bucket, "--state", "moved.json").returncode == BROKEN
    other = Project(bucket.directory, "uk")
    assert gate(other, "--state", "state.json").returncode == NO_VERDICT


SERVING = """
    import pulumi

    pulumi.ComponentResource("sovereign:index:RegionalStack", "eu", {"models": ["Qwen/Qwen3-8B"]})
"""


@pytest.fixture
def checkout(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own, whose acceptances can be changed."""
    directory = tmp_path_factory.mktemp("checkout")
    for package in ("catalog", "operations", "policies"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / package, directory / package, ignore=ignored)
    monkeypatch.setenv("PYTHONPATH", str(directory))
    return directory


@pytest.mark.parametrize(
    ("days", "status", "refused", "noted"),
    [
        (30, PASSED, [], ["acceptances"]),
        (0, PASSED, [], ["acceptances"]),
        (-2, BROKEN, ["acceptances-expired", "model-ip"], []),
    ],
)
def test_an_acceptance_lets_its_model_pass_until_its_last_day_and_is_named_meanwhile(
    checkout: Path, project: Project, days: int, status: int, refused: list[str], noted: list[str]
) -> None:
    entry = {
        "rule": "model-ip",
        "subject": "Qwen/Qwen3-8B",
        "jurisdiction": "eu",
        "owner": "Jane Doe",
        "reason": "Counsel read the terms.",
        "ticket": "LEGAL-1",
        "expires": datetime.now(UTC).date() + timedelta(days=days),
    }
    (checkout / "policies" / "acceptances.yaml").write_text(yaml.safe_dump({"acceptances": [entry]}))

    result = gate(of_stack(project, "eu", SERVING))

    marks = [
        line.split(": ") for line in result.stdout.splitlines() if line.startswith(("refused: ", "note: "))
    ]
    assert result.returncode == status, result.stdout
    assert [rule for mark, rule in marks if mark == "refused"] == refused
    assert [rule for mark, rule in marks if mark == "note"] == noted
    assert "Qwen/Qwen3-8B" in result.stdout
