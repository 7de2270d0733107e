"""SARIF and JUnit: a violation appears on its line, under its rule's id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from operations.findings import GATE_CHECKS, Finding, Level, descriptions
from operations.junit import render_junit
from operations.locations import Location, Locations
from operations.sarif import SCHEMA, render_sarif
from policies.rule import rule_ids
from tests.operations.events import BROKEN, BUCKET_URN, STACK_URN

# What SARIF 2.1.0 (OASIS, sections 3.13 to 3.52) asks of the objects used here.
_TEXT: Final = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string", "minLength": 1}},
}
_LEVEL: Final = {"enum": ["none", "note", "warning", "error"]}
_RULE: Final = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string"},
        "shortDescription": _TEXT,
        "fullDescription": _TEXT,
        "help": _TEXT,
        "defaultConfiguration": {"type": "object", "properties": {"level": _LEVEL}},
        "properties": {
            "type": "object",
            "properties": {"tags": {"type": "array", "uniqueItems": True, "items": {"type": "string"}}},
        },
    },
}
_LOCATION: Final = {
    "type": "object",
    "required": ["physicalLocation"],
    "additionalProperties": False,
    "properties": {
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation", "region"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "properties": {"uri": {"type": "string", "pattern": r"^[^/\\ ][^\\ ]*$"}},
                },
                "region": {"type": "object", "properties": {"startLine": {"type": "integer", "minimum": 1}}},
            },
        },
        "logicalLocations": {
            "type": "array",
            "items": {"type": "object", "required": ["fullyQualifiedName"]},
        },
    },
}
_RESULT: Final = {
    "type": "object",
    "required": ["message", "ruleId", "ruleIndex", "level", "locations"],
    "additionalProperties": False,
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": _LEVEL,
        "message": _TEXT,
        "locations": {"type": "array", "minItems": 1, "items": _LOCATION},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
SARIF: Final = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": SCHEMA},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "version", "rules"],
                                "properties": {
                                    "rules": {"type": "array", "uniqueItems": True, "items": _RULE}
                                },
                            }
                        },
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": _RESULT},
                },
            },
        },
    },
}

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
    jsonschema.validate(document, SARIF)
    return document["runs"][0]


def junit(*findings: Finding) -> ET.Element:
    return ET.fromstring(render_junit(findings, descriptions(), LOCATIONS, "policies of stack eu").encode())  # noqa: S314


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
