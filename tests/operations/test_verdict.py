"""The gate trusts a preview only when every rule judged everything in it."""

from __future__ import annotations

import pytest

from operations.engine_events import EventLogError, read_events
from operations.findings import GATE_CHECKS, Finding, Level
from operations.verdict import Expected, findings_of
from policies.pack import PACK_NAME
from policies.rule import rule_ids
from tests.operations.events import (
    BROKEN,
    BUCKET_URN,
    EXPECTED,
    HONEST,
    STACK_URN,
    Event,
    diagnostic,
    judged,
    log,
    policy,
    stack_judged,
    step,
    summary,
)


def findings(*events: Event, expected: Expected = EXPECTED) -> tuple[Finding, ...]:
    return findings_of(read_events(log(*events), PACK_NAME), expected)


def errors(*events: Event) -> list[str]:
    return [each.rule for each in findings(*events) if each.level is Level.ERROR]


def without(kind: str) -> tuple[Event, ...]:
    return tuple(event for event in HONEST if kind not in event)


def test_an_honest_preview_has_no_finding() -> None:
    assert findings(*HONEST) == ()


def test_a_broken_rule_is_an_error_on_its_resource() -> None:
    assert findings(policy(BROKEN), *HONEST[:-1], summary("failed")) == (
        Finding("residency", Level.ERROR, BROKEN, BUCKET_URN),
    )


def test_what_only_informs_does_not_fail_the_gate() -> None:
    found = findings(policy("Whose silicon it is", level="advisory", name="hardware"), *HONEST)

    assert [(each.rule, each.level) for each in found] == [("hardware", Level.WARNING)]


def test_a_rule_that_tripped_over_an_unknown_is_an_error_though_the_engine_only_warns() -> None:
    assert errors(
        policy("can't run policy 'residency' during preview: unknown", level="advisory"), *HONEST
    ) == ["gate-policy-crash"]


@pytest.mark.parametrize("severity", ["warning", "info", "error"])
def test_an_incomplete_preview_is_no_preview(severity: str) -> None:
    message = "chart x has unknown values. Preview is incomplete."

    assert errors(diagnostic(message, severity), *HONEST) == ["gate-incomplete"]


def test_a_run_without_the_pack_is_no_verdict() -> None:
    assert errors(step(STACK_URN), summary(pack=None)) == ["gate-pack"]
    assert errors(step(STACK_URN), summary(pack="somebody-elses")) == ["gate-pack"]


def test_another_packs_verdicts_do_not_count() -> None:
    foreign = [judged(urn, pack="other") for urn in (STACK_URN, BUCKET_URN)]

    assert errors(*without("policyAnalyzeSummaryEvent"), *foreign) == ["gate-pack"]


def test_a_rule_that_was_switched_off_is_missed() -> None:
    found = findings(
        *without("policyAnalyzeSummaryEvent"), judged(STACK_URN), judged(BUCKET_URN, ["model-ip"])
    )

    assert [(each.rule, each.urn) for each in found] == [("gate-pack", BUCKET_URN)]
    assert "not judged by residency" in found[0].message


def test_a_rule_about_the_stack_is_missed_as_well() -> None:
    assert errors(*without("policyAnalyzeStackSummaryEvent")) == ["gate-pack"]
    assert errors(*without("policyAnalyzeStackSummaryEvent"), stack_judged()) == ["gate-pack"]


@pytest.mark.parametrize("operation", ["create", "same", "update", "replace", "import"])
def test_a_resource_that_no_rule_saw_is_named(operation: str) -> None:
    found = findings(*HONEST, step("urn:pulumi:eu::sovereign::a:b:C::hidden", operation))

    assert [each.rule for each in found] == ["gate-pack"]
    assert "hidden" in found[0].message


def test_what_is_deleted_needs_no_verdict() -> None:
    assert errors(*HONEST, step("urn:pulumi:eu::sovereign::a:b:C::old", "delete")) == []


def test_a_run_that_planned_nothing_judged_nothing() -> None:
    assert errors(stack_judged("residency-parent"), summary()) == ["gate-pack"]


def test_what_is_only_read_is_named_because_no_rule_sees_it() -> None:
    found = findings(*HONEST, step("urn:pulumi:eu::sovereign::a:b:C::read", "read"))

    assert [(each.rule, each.level) for each in found] == [("gate-read", Level.WARNING)]


def test_an_engine_error_is_no_verdict_and_its_followers_are_not_told() -> None:
    found = findings(
        diagnostic("boom", urn=BUCKET_URN), diagnostic("preview failed"), judged(STACK_URN), summary("failed")
    )

    assert found == (Finding("gate-engine", Level.ERROR, "boom", BUCKET_URN),)


@pytest.mark.parametrize("events", [without("summaryEvent"), (*HONEST[:-1], summary("canceled"))])
def test_a_run_that_did_not_end_well_is_no_verdict_even_without_an_error(events: tuple[Event, ...]) -> None:
    assert set(errors(*events)) <= {"gate-engine", "gate-pack"} != set()
    assert errors(*events)


def test_a_violation_that_guard_and_pack_both_report_is_told_once() -> None:
    ending = "2 violations of sovereignty rules, each described above; nothing is changed"
    other = BROKEN.replace("regionName", "replication.rules[0].region")

    found = findings(
        diagnostic(f"{BROKEN}\n{other}"), diagnostic(ending), policy(BROKEN), *HONEST[:-1], summary("failed")
    )

    assert {each.message for each in found} == {BROKEN, other}
    assert {(each.rule, each.urn) for each in found} == {("residency", BUCKET_URN)}


def test_a_remark_of_the_guard_is_no_error_and_told_once() -> None:
    remark = BROKEN.replace("residency", "hardware")

    found = findings(
        diagnostic(remark, "warning"), policy(remark, level="advisory", name="hardware"), *HONEST
    )

    assert found == (Finding("hardware", Level.WARNING, remark, BUCKET_URN),)


def test_a_state_is_judged_without_word_of_each_rule_but_not_without_the_pack() -> None:
    expected = Expected(EXPECTED.pack, EXPECTED.resource_rules, EXPECTED.stack_rules, tells_verdicts=False)

    assert findings(summary(), expected=expected) == ()
    assert [each.rule for each in findings(summary(pack=None), expected=expected)] == ["gate-pack"]


def test_the_gate_expects_every_rule_there_is() -> None:
    expected = Expected.every_rule(tells_verdicts=True)

    assert expected.resource_rules | expected.stack_rules == set(rule_ids())
    assert not expected.resource_rules & expected.stack_rules
    assert not set(rule_ids()) & set(GATE_CHECKS)


@pytest.mark.parametrize("line", ["no JSON", "[]", '"text"'])
def test_what_is_no_event_is_not_taken_for_silence(line: str) -> None:
    with pytest.raises(EventLogError, match="line 1"):
        read_events([line], PACK_NAME)
