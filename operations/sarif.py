"""Writes findings as SARIF 2.1.0, which forges show on the line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from operations.findings import Description, Finding
from operations.locations import Locations
from policies.pack import PACK_NAME

__all__ = ["SCHEMA", "render_sarif"]

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_SECURITY_SEVERITY: Final[Mapping[str, str]] = {
    "low": "3.0",
    "medium": "5.0",
    "high": "8.0",
    "critical": "9.5",
}
"""What forges sort by, on the scale of CVSS."""


def render_sarif(
    findings: Sequence[Finding], rules: Sequence[Description], locations: Locations, version: str
) -> str:
    """Return the text of a SARIF file. Every rule is described in it, whether it is broken or not."""
    index = {rule.id: number for number, rule in enumerate(rules)}
    driver = {
        "name": f"{PACK_NAME}-policies",
        "version": version,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, index, locations) for finding in findings],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Description) -> Mapping[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.why} {rule.fix}"},
        "defaultConfiguration": {"level": "warning" if rule.advisory else "error"},
        "properties": {
            "tags": ["security", rule.family],
            "problem.severity": "warning" if rule.advisory else "error",
            "security-severity": _SECURITY_SEVERITY[rule.severity],
        },
    }


def _result(finding: Finding, index: Mapping[str, int], locations: Locations) -> Mapping[str, Any]:
    location = locations.of(finding.rule, finding.urn)
    place: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": location.path, "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": location.line},
        }
    }
    if finding.urn:
        place["logicalLocations"] = [{"fullyQualifiedName": finding.urn, "kind": "resource"}]
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": finding.level.value,
        "message": {"text": finding.message},
        "locations": [place],
        "partialFingerprints": {"findingHash/v1": _fingerprint(finding)},
    }
    if finding.rule in index:
        result["ruleIndex"] = index[finding.rule]
    return result


def _fingerprint(finding: Finding) -> str:
    """Return what makes two runs' findings the same: not the line, which moves."""
    text = "\0".join((finding.rule, finding.urn, finding.message))
    return hashlib.sha256(text.encode()).hexdigest()
