"""The pack, driven through the analyzer of a real run: protobuf in, proxies, diagnostics out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from pulumi_policy.proxy import unknown_checking_proxy

from policies.crossguard import from_proxies
from policies.facts import UNKNOWN, StackFacts, contains_unknown
from policies.pack import build_policies
from policies.rule import load_rules
from tests.policies.engine_messages import UNKNOWN_TEXT, Analyzer
from tests.policies.stacks import Case, cases, explicit_provider, resource


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.id)
def test_the_pack_says_of_a_stack_what_the_rules_say(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Analyzer(monkeypatch, case.jurisdiction, case.context()).preview(case.stack())

    assert {answer.policy for answer in answers} == case.broken, [answer.message for answer in answers]
    assert all(answer.mandatory for answer in answers)
    assert not any("can't run policy" in answer.message for answer in answers)


@pytest.mark.parametrize(
    "case", [case for case in cases() if case.rule == "residency"], ids=lambda case: case.id
)
def test_the_pack_reads_the_jurisdiction_from_the_stack_configuration(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Analyzer(monkeypatch, case.jurisdiction, context=None).preview(case.stack())

    assert {answer.policy for answer in answers} == case.broken


def test_the_pack_knows_a_rehearsal_by_its_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up = f"rg.fr-par.scw.cloud/rehearsal/haproxy@sha256:{'0' * 64}"
    pod = resource(
        "kubernetes:core/v1:Pod",
        "p",
        {"spec": {"containers": [{"name": "c", "image": made_up}]}},
        provider=explicit_provider("kubernetes"),
    )

    outside = Analyzer(monkeypatch, "eu", context=None).preview(StackFacts((pod,)))
    monkeypatch.setenv("SOVEREIGN_REHEARSAL", "/somewhere")
    inside = Analyzer(monkeypatch, "eu", context=None).preview(StackFacts((pod,)))

    assert [answer.policy for answer in outside] == ["images-rehearsal"]
    assert inside == []


def test_a_stack_without_a_jurisdiction_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    root = resource("pulumi:pulumi:Stack", "sovereign-eu", {}, provider=None)

    answers = Analyzer(monkeypatch, None, context=None).preview(StackFacts((root,)))

    assert [answer.policy for answer in answers] == ["residency-jurisdiction"]
    assert "eu, uk" in answers[0].message


def test_every_rule_is_one_mandatory_policy_of_its_own_name() -> None:
    policies = {policy.name: policy for policy in build_policies()}

    assert set(policies) == {rule.id for rule in load_rules()}
    assert all(policy.enforcement_level is EnforcementLevel.MANDATORY for policy in policies.values())


def test_the_pack_never_rewrites_a_resource() -> None:
    policies = [each for each in build_policies() if isinstance(each, ResourceValidationPolicy)]

    assert policies
    assert not any(policy.has_remediation() for policy in policies)


def test_the_harness_would_notice_a_policy_that_trips_over_an_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What happens to a policy that touches an unknown value itself: a warning, and the preview succeeds."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.props["region"] != "GRA11":
            report("never reached", None)

    naive: list[Policy] = [ResourceValidationPolicy(name="naive", description="naive", validate=validate)]
    kube = resource("ovh:CloudProject/kube:Kube", "k", {"region": UNKNOWN}, provider=explicit_provider("ovh"))

    answers = Analyzer(monkeypatch, "eu", None, naive).preview(StackFacts((kube,)))

    assert [(answer.mandatory, "can't run policy" in answer.message) for answer in answers] == [(False, True)]


def test_every_unknown_inside_a_proxy_is_seen_and_nothing_before_or_behind_it_is_lost() -> None:
    raw = {"a": [UNKNOWN_TEXT, {"b": UNKNOWN_TEXT, "c": 1.0}, "x"], "d": UNKNOWN_TEXT, "e": [], "f": None}

    value = from_proxies(unknown_checking_proxy(raw))

    assert isinstance(value, Mapping)
    assert value == {"a": (UNKNOWN, {"b": UNKNOWN, "c": 1.0}, "x"), "d": UNKNOWN, "e": (), "f": None}
    assert contains_unknown(value)


def test_a_value_that_is_neither_text_nor_list_nor_object_stops_the_run() -> None:
    with pytest.raises(TypeError, match="no rule can read"):
        from_proxies({"a": object()})


def test_lists_become_tuples_so_that_rules_can_compare_them() -> None:
    value = from_proxies(unknown_checking_proxy({"regions": ["GRA11", "DE1"]}))

    assert isinstance(value, Mapping)
    assert isinstance(value["regions"], Sequence)
    assert value["regions"] == ("GRA11", "DE1")
