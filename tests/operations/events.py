"""Engine events, as the engine writes them for a small stack."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from operations.verdict import Expected
from policies.pack import PACK_NAME

STACK_URN: Final = "urn:pulumi:eu::sovereign::pulumi:pulumi:Stack::sovereign-eu"
BUCKET_URN: Final = "urn:pulumi:eu::sovereign::ovh:CloudProject/storage:Storage::prompts"
BROKEN: Final = "\n".join(
    (
        "Every cloud resource stands in the jurisdiction of its stack",
        "  rule:      residency",
        '  resource:  ovh:CloudProject/storage:Storage "prompts"',
        f"  urn:       {BUCKET_URN}",
        '  found:     property `regionName` = "UK"',
        "  allowed:   DE, GRA",
        "  fix:       set it to an allowed code",
        "  exception: none",
    )
)
EXPECTED: Final = Expected(
    PACK_NAME, frozenset({"residency", "model-ip"}), frozenset({"residency-parent"}), True
)

Event = Mapping[str, Any]


def step(urn: str, operation: str = "create") -> Event:
    return {"resourcePreEvent": {"metadata": {"op": operation, "urn": urn, "type": urn.split("::")[2]}}}


def judged(urn: str, passed: Iterable[str] = ("model-ip", "residency"), pack: str = PACK_NAME) -> Event:
    return {
        "policyAnalyzeSummaryEvent": {"resourceUrn": urn, "policyPackName": pack, "passed": sorted(passed)}
    }


def stack_judged(*passed: str) -> Event:
    return {"policyAnalyzeStackSummaryEvent": {"policyPackName": PACK_NAME, "passed": list(passed)}}


def policy(
    message: str, *, level: str = "mandatory", name: str = "residency", urn: str = BUCKET_URN
) -> Event:
    return {
        "policyEvent": {
            "resourceUrn": urn,
            "message": message + "\n",
            "policyName": name,
            "policyPackName": PACK_NAME,
            "enforcementLevel": level,
        }
    }


def diagnostic(message: str, severity: str = "error", urn: str = "") -> Event:
    return {"diagnosticEvent": {"message": message + "\n", "severity": severity, "urn": urn}}


def summary(result: str = "succeeded", pack: str | None = PACK_NAME) -> Event:
    packs = {} if pack is None else {f"{pack}|local|/somewhere/policies": "0.1.0"}
    return {"summaryEvent": {"result": result, "PolicyPacks": packs}}


HONEST: Final[tuple[Event, ...]] = (
    judged(STACK_URN),
    step(STACK_URN),
    judged(BUCKET_URN),
    step(BUCKET_URN),
    stack_judged("residency-parent"),
    summary(),
)


def log(*events: Event) -> list[str]:
    """The lines of an event log."""
    return [json.dumps({"sequence": number, **event}) + "\n" for number, event in enumerate(events)]
