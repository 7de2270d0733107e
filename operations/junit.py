"""Writes findings as JUnit XML, which every CI can show: one test case a rule, one failure a violation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from operations.findings import GATE_CHECKS, Description, Finding, Level
from operations.locations import Locations

__all__ = ["render_junit"]

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may hold, not even escaped."""


def render_junit(
    findings: Sequence[Finding], rules: Sequence[Description], locations: Locations, suite: str
) -> str:
    """Return the text of a JUnit file.

    A rule that only informs passes, and says its part in system-out. Without a verdict on the run no rule
    passes: those that are not broken are skipped.
    """
    doubtful = any(each.rule in GATE_CHECKS and each.level is Level.ERROR for each in findings)
    cases: list[ET.Element] = []
    described = {rule.id for rule in rules}
    strangers = sorted({each.rule for each in findings} - described)
    for rule, family in [(rule.id, rule.family) for rule in rules] + [(name, "other") for name in strangers]:
        mine = [each for each in findings if each.rule == rule]
        broken = [each for each in mine if each.level is Level.ERROR]
        for finding in broken or [None]:
            cases.append(_case(rule, family, finding, locations))
        if doubtful and not broken and rule not in GATE_CHECKS:
            ET.SubElement(cases[-1], "skipped", {"message": "the gate came to no verdict"})
        remarks = [each.message for each in mine if each.level is Level.WARNING]
        if remarks:
            ET.SubElement(cases[-1], "system-out").text = _clean("\n\n".join(remarks))
    failures = sum(each.find("failure") is not None for each in cases)
    skipped = sum(each.find("skipped") is not None for each in cases)
    numbers = {"tests": len(cases), "failures": failures, "errors": 0, "skipped": skipped}
    counts = {name: str(number) for name, number in numbers.items()}
    root = ET.Element("testsuites", {"name": "sovereign policies", **counts})
    ET.SubElement(root, "testsuite", {"name": _clean(suite), **counts}).extend(cases)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(rule: str, family: str, finding: Finding | None, locations: Locations) -> ET.Element:
    if finding is None:
        return ET.Element("testcase", {"classname": f"policies.{family}", "name": rule, "time": "0"})
    location = locations.of(rule, finding.urn)
    name = f"{rule}: {finding.urn.rpartition('::')[2]}" if finding.urn else rule
    case = ET.Element(
        "testcase",
        {
            "classname": f"policies.{family}",
            "name": _clean(name),
            "file": location.path,
            "line": str(location.line),
            "time": "0",
        },
    )
    title = finding.message.partition("\n")[0]
    failure = ET.SubElement(case, "failure", {"type": rule, "message": _clean(title)})
    failure.text = _clean(f"{finding.message}\n\n{location.path}:{location.line}")
    return case


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
