"""Acceptances hold only when they are whole, only for a while, and everybody can see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies import acceptances as module
from policies.acceptances import (
    ACCEPTABLE_RULES,
    DEFAULT_PATH,
    MAX_DAYS,
    MODEL_RULES,
    WARNING_DAYS,
    Acceptance,
    accepted,
    judge,
    load_acceptances,
)
from policies.context import build_context
from policies.facts import StackFacts
from policies.rule import Context, Family, load_rules
from policies.rules import acceptances as listing
from tests.policies.stacks import TODAY, explicit_provider, make_urn, resource

ENTRY = {
    "rule": "model-ip",
    "subject": "Qwen/Qwen3-8B",
    "jurisdiction": "eu",
    "owner": "J. Doe",
    "reason": "r",
    "ticket": "T-1",
    "expires": TODAY.isoformat(),
}


def read(tmp_path: Path, *entries: dict[str, Any]) -> Any:
    path = tmp_path / "acceptances.yaml"
    path.write_text(yaml.safe_dump({"acceptances": list(entries)}), encoding="utf-8")
    return load_acceptances(TODAY, path)


def test_the_last_day_still_counts(tmp_path: Path) -> None:
    assert len(read(tmp_path, ENTRY).live) == 1


def test_the_day_after_does_not(tmp_path: Path) -> None:
    acceptances = read(tmp_path, ENTRY | {"expires": (TODAY - timedelta(days=1)).isoformat()})

    assert acceptances.live == ()
    assert "expired on 2026-11-22" in acceptances.problems[0].text


def test_nobody_accepts_anything_for_longer_than_half_a_year(tmp_path: Path) -> None:
    longest = ENTRY | {"expires": (TODAY + timedelta(days=MAX_DAYS)).isoformat()}
    too_long = ENTRY | {"expires": (TODAY + timedelta(days=MAX_DAYS + 1)).isoformat()}

    assert len(read(tmp_path, longest, too_long).live) == 1
    assert "180 days" in read(tmp_path, too_long).problems[0].text


def test_residency_cannot_be_accepted(tmp_path: Path) -> None:
    acceptances = read(tmp_path, ENTRY | {"rule": "residency"})

    assert acceptances.live == ()
    assert "cannot be accepted" in acceptances.problems[0].text


@pytest.mark.parametrize("field", sorted(ENTRY))
def test_an_entry_with_a_field_missing_accepts_nothing_and_says_which(tmp_path: Path, field: str) -> None:
    acceptances = read(tmp_path, {key: value for key, value in ENTRY.items() if key != field})

    assert acceptances.live == ()
    assert field in acceptances.problems[0].text


@pytest.mark.parametrize(
    "change",
    [
        {"expires": "soon"},
        {"expires": "2026-13-01"},
        {"expires": 1798761600},
        {"expires": "2026-12-01T00:00:00"},
        {"owner": "J.\nDoe"},
        {"owner": " "},
        {"expries": "2027-01-01"},
        {"subject": 7},
    ],
)
def test_a_malformed_entry_accepts_nothing(tmp_path: Path, change: dict[str, Any]) -> None:
    acceptances = read(tmp_path, ENTRY | change, ENTRY)

    assert len(acceptances.live) == 1
    assert "entry 1 is malformed" in acceptances.problems[0].text


@pytest.mark.parametrize(
    "text", ["", "[]", "acceptances: none", "other: []", "{", "acceptances: []\nacceptances: []"]
)
def test_a_file_that_cannot_be_read_accepts_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "acceptances.yaml"
    path.write_text(text, encoding="utf-8")

    acceptances = load_acceptances(TODAY, path)

    assert acceptances.live == ()
    assert acceptances.problems


def test_a_file_that_is_not_there_accepts_nothing(tmp_path: Path) -> None:
    assert load_acceptances(TODAY, tmp_path / "none.yaml").problems


def test_the_project_starts_with_nothing_accepted() -> None:
    acceptances = load_acceptances(TODAY, DEFAULT_PATH)

    assert acceptances.live == acceptances.problems == ()


def test_the_example_in_the_file_would_be_accepted_once_uncommented() -> None:
    lines = DEFAULT_PATH.read_text(encoding="utf-8").splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("#  - rule:"))
    example = "\n".join(line.removeprefix("#") for line in lines[start:] if line.startswith("#"))
    entry = yaml.safe_load(example)[0]

    assert set(entry) == set(ENTRY)


ROOT = resource("pulumi:pulumi:Stack", "sovereign-eu", {}, provider=None)
IMAGE = f"rg.fr-par.scw.cloud/s/vllm@sha256:{'0' * 64}"


def pod(model: str, name: str = "p") -> Any:
    properties = {"spec": {"containers": [{"name": "v", "image": IMAGE, "args": [f"/models/{model}"]}]}}
    return resource("kubernetes:core/v1:Pod", name, properties, provider=explicit_provider("kubernetes"))


def context(*entries: dict[str, Any], jurisdiction: str = "eu") -> Context:
    base = build_context(jurisdiction, rehearsal=False, today=TODAY)
    return replace(base, acceptances=judge(entries, TODAY).live)


def told(acceptances: Context, *resources: Any) -> list[str]:
    return [each.found for each in listing.RULE.check(StackFacts((ROOT, *resources)), acceptances)]


def test_the_rules_that_say_they_can_be_accepted_are_those_that_can() -> None:
    assert {rule.id for rule in load_rules() if rule.acceptable} == ACCEPTABLE_RULES
    assert MODEL_RULES <= ACCEPTABLE_RULES


def test_no_rule_about_a_place_a_hyperscaler_or_the_router_can_be_accepted() -> None:
    never = {Family.RESIDENCY, Family.HYPERSCALERS, Family.ROUTER, Family.CALL_HOME, Family.IMAGES}

    assert not [rule.id for rule in load_rules() if rule.acceptable and rule.family in never]


@pytest.mark.parametrize(
    ("days", "says"), [(WARNING_DAYS, "ends in 14 days"), (1, "ends in 1 day"), (0, "ends today")]
)
def test_an_acceptance_that_ends_within_a_fortnight_says_so(days: int, says: str) -> None:
    entry = ENTRY | {"expires": (TODAY + timedelta(days=days)).isoformat()}

    assert told(context(entry), pod("Qwen/Qwen3-8B"))[0].endswith(f"; {says}")


def test_one_that_runs_longer_is_named_with_its_owner_reason_ticket_and_end() -> None:
    entry = ENTRY | {"expires": (TODAY + timedelta(days=WARNING_DAYS + 1)).isoformat()}

    assert told(context(entry), pod("Qwen/Qwen3-8B")) == [
        "model-ip is accepted for Qwen/Qwen3-8B in eu by J. Doe until 2026-12-08 (T-1: r)"
    ]


def test_one_that_nothing_needs_says_so() -> None:
    longest = ENTRY | {"expires": (TODAY + timedelta(days=90)).isoformat()}

    assert told(context(longest))[0].endswith("; nothing in this stack needs it")
    assert told(context(longest), pod("mistralai/Mistral-7B-Instruct-v0.3"))[0].endswith("needs it")


def test_nothing_is_called_unused_while_the_outputs_of_a_workload_are_not_known() -> None:
    blank = resource("kubernetes:core/v1:Pod", "p", {}, provider=explicit_provider("kubernetes"))

    assert not told(context(ENTRY), blank)[0].endswith("needs it")


def test_two_entries_for_the_same_thing_do_not_make_each_other_unused() -> None:
    later = ENTRY | {"expires": (TODAY + timedelta(days=90)).isoformat()}

    assert not [text for text in told(context(ENTRY, later), pod("Qwen/Qwen3-8B")) if "needs it" in text]


def test_the_entry_of_another_jurisdiction_concerns_only_its_own_stacks_once_that_exists() -> None:
    foreign = judge([ENTRY | {"jurisdiction": "uk", "owner": ""}, ENTRY | {"jurisdiction": "us"}], TODAY)

    assert ["'us'" in text for text in foreign.problems_in("eu", ["eu", "uk"])] == [True]
    assert len(foreign.problems_in("uk", ["eu", "uk"])) == 2


KUBE = "ovh:CloudProject/kube:Kube"


@pytest.fixture
def residency_like(monkeypatch: pytest.MonkeyPatch) -> str:
    """A rule about resources, as if it could be accepted."""
    monkeypatch.setattr(module, "ACCEPTABLE_RULES", frozenset({"model-ip", "about-resources"}))
    return "about-resources"


def test_an_accepted_resource_is_known_by_its_urn_and_its_type_together(residency_like: str) -> None:
    subject = {"urn": make_urn(KUBE, "k"), "type": KUBE}
    acceptance = Acceptance.model_validate(ENTRY | {"rule": residency_like, "subject": subject})
    kube = resource(KUBE, "k", {}, provider=None)

    def holds(each: Any, jurisdiction: str = "eu") -> bool:
        return (
            accepted([acceptance], rule=residency_like, jurisdiction=jurisdiction, today=TODAY, subject=each)
            is not None
        )

    assert holds(kube)
    assert not holds(kube, "uk")
    assert not holds(replace(kube, urn=make_urn(KUBE, "renamed"))), "a rename takes no acceptance along"
    assert not holds(replace(kube, type="ovh:CloudProject/storage:Storage")), "nor does its name keep one"
    assert not holds(KUBE), "a resource is no model"


@pytest.mark.parametrize(
    "subject",
    [
        {"urn": "k", "type": KUBE},
        {"urn": make_urn(KUBE, "k"), "type": "ovh:CloudProject/storage:Storage"},
        {"urn": make_urn(KUBE, "k")},
        {"name": "k", "type": KUBE},
        "k",
    ],
)
def test_a_resource_that_is_not_named_exactly_is_not_accepted(residency_like: str, subject: object) -> None:
    assert judge([ENTRY | {"rule": residency_like, "subject": subject}], TODAY).live == ()


def test_a_model_is_not_accepted_by_naming_the_resource_that_serves_it() -> None:
    subject = {"urn": make_urn(KUBE, "k"), "type": KUBE}

    assert "must be the exact model id" in judge([ENTRY | {"subject": subject}], TODAY).problems[0].text
