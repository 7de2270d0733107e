"""The pack, driven through the analyzer of a real run: protobuf in, diagnostics out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from pulumi_policy import policy as sdk

from policies.crossguard import from_wire, stack_facts
from policies.facts import UNKNOWN, Opaque, Secret, StackFacts, contains_unknown
from policies.pack import build_policies
from policies.rule import load_rules
from policies.rules.residency_labels import JURISDICTION_LABEL
from tests.policies.engine_messages import UNKNOWN_TEXT, Analyzer, served
from tests.policies.stacks import (
    INFORMING,
    Case,
    cases,
    explicit_provider,
    rehearsed,
    resource,
    violations_of,
)

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
ASSET = "c44067f5952c0a294b673a41bacd8c17"


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_the_pack_says_of_a_stack_what_the_rules_say(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Analyzer(monkeypatch, case.jurisdiction, case.context()).preview(case.stack())

    assert case.told(answer.policy for answer in answers) == case.broken, [a.message for a in answers]
    assert {answer.policy for answer in answers if not answer.mandatory} <= INFORMING
    assert not any("can't run policy" in answer.message for answer in answers)


def test_over_the_wire_the_pack_blames_the_same_resources_as_the_rules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every case through a real gRPC server: the sets of all rules and all resources are equal."""
    expected: set[tuple[str, str, str]] = set()
    answered: set[tuple[str, str, str]] = set()
    with served() as wire:
        for case in cases():
            expected |= {(case.id, v.rule, v.urn) for v in violations_of(case.stack(), case.context())}
            run = Analyzer(monkeypatch, case.jurisdiction, case.context())
            answers = run.preview(case.stack(), wire.to(run))
            answered |= {(case.id, answer.policy, answer.urn) for answer in answers}

    assert answered == expected
    spoken = {(name, rule) for name, rule, _ in answered}
    assert {(case.id, case.rule) for case in cases() if case.breaks} <= spoken


@pytest.mark.parametrize(
    "case", [case for case in cases() if case.rule == "residency"], ids=lambda case: case.id
)
def test_the_pack_reads_the_jurisdiction_from_the_stack_configuration(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Analyzer(monkeypatch, case.jurisdiction, context=None).preview(case.stack())

    assert case.told(answer.policy for answer in answers) == case.broken


def test_the_pack_knows_a_rehearsal_by_its_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up = f"rg.fr-par.scw.cloud/rehearsal/haproxy@sha256:{'0' * 64}"
    pod = resource(
        "kubernetes:core/v1:Pod",
        "p",
        {"spec": {"containers": [{"name": "c", "image": made_up}]}},
        provider=explicit_provider("kubernetes"),
    )

    outside = Analyzer(monkeypatch, "eu", context=None).preview(StackFacts((pod,)))
    for name, value in rehearsed(Path("/somewhere")).items():
        monkeypatch.setenv(name, value)
    inside = Analyzer(monkeypatch, "eu", context=None).preview(StackFacts((pod,)))

    assert {answer.policy for answer in outside} == {"images-rehearsal", "images-lock"}
    assert {answer.policy for answer in inside} == {"images-lock"}, (
        "a stack of ours needs its lock there as well"
    )


def test_a_stack_without_a_jurisdiction_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    root = resource("pulumi:pulumi:Stack", "sovereign-eu", {}, provider=None)

    answers = Analyzer(monkeypatch, None, context=None).preview(StackFacts((root,)))

    assert [answer.policy for answer in answers] == ["residency-jurisdiction"]
    assert "eu, uk" in answers[0].message


def test_every_rule_is_one_policy_of_its_own_name_and_mandatory_unless_it_only_informs() -> None:
    policies = {policy.name: policy for policy in build_policies()}
    advisory = {
        name for name, each in policies.items() if each.enforcement_level is EnforcementLevel.ADVISORY
    }

    assert set(policies) == {rule.id for rule in load_rules()}
    assert {policies[name].enforcement_level for name in set(policies) - advisory} == {
        EnforcementLevel.MANDATORY
    }
    assert advisory == INFORMING


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


def wire(raw: object) -> struct_pb2.Value:
    """Plain data as the engine sends it."""
    struct = struct_pb2.Struct()
    struct.update({"it": raw})
    return struct.fields["it"]


def secret(raw: object) -> object:
    """A value with the engine's mark of a secret."""
    return {SIGNATURE: SECRET, "value": raw}


def test_every_unknown_is_seen_and_nothing_before_or_behind_it_is_lost() -> None:
    raw = {"a": [UNKNOWN_TEXT, {"b": UNKNOWN_TEXT, "c": 1.0}, "x"], "d": UNKNOWN_TEXT, "e": [], "f": None}

    value = from_wire(wire(raw))

    assert isinstance(value, Mapping)
    assert value == {"a": (UNKNOWN, {"b": UNKNOWN, "c": 1.0}, "x"), "d": UNKNOWN, "e": (), "f": None}
    assert contains_unknown(value)


def test_a_secret_stays_marked_and_one_that_holds_more_marks_each_thing_inside() -> None:
    raw = {"a": secret("x"), "b": secret({"c": ["y", UNKNOWN_TEXT, None], "d": secret(True)}), "e": "z"}

    value = from_wire(wire(raw))

    inside = {"c": (Secret("y"), UNKNOWN, None), "d": Secret(True)}
    assert value == {"a": Secret("x"), "b": inside, "e": "z"}


def test_an_unknown_output_of_the_stack_keeps_its_mark_and_loses_it_elsewhere() -> None:
    unknown = secret(UNKNOWN_TEXT)
    message = analyzer_pb2.AnalyzeStackRequest()
    for type_token in ("pulumi:pulumi:Stack", "random:index/randomPassword:RandomPassword"):
        each = message.resources.add(type=type_token, urn=type_token)
        each.properties.update({"it": unknown, "in": [unknown], "open": UNKNOWN_TEXT})

    root, other = stack_facts(message, {}).resources

    assert root.properties == {"it": Secret(UNKNOWN), "in": (Secret(UNKNOWN),), "open": UNKNOWN}
    assert other.properties == {"it": UNKNOWN, "in": (UNKNOWN,), "open": UNKNOWN}


def test_a_value_with_a_signature_that_nobody_knows_stops_the_run() -> None:
    with pytest.raises(TypeError, match="no rule can read"):
        from_wire(wire({SIGNATURE: "something new", "value": "x"}))


def test_a_file_is_seen_as_one_and_not_read() -> None:
    assert from_wire(wire({SIGNATURE: ASSET, "path": "/etc/passwd"})) == Opaque("file asset")


def test_lists_become_tuples_so_that_rules_can_compare_them() -> None:
    value = from_wire(wire({"regions": ["GRA11", "DE1"]}))

    assert isinstance(value, Mapping)
    assert isinstance(value["regions"], Sequence)
    assert value["regions"] == ("GRA11", "DE1")


@pytest.mark.parametrize("inner", ["canary-7f3a", "canary-7f3a/model", "/models/canary-7f3a/x", "abc", True])
def test_no_message_shows_a_secret_whole_or_in_part(inner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    container = {
        "name": "vllm",
        "image": Secret("rg.fr-par.scw.cloud/canary-7f3a/vllm:abc"),
        "args": ["--model", Secret(inner)],
    }
    pod = resource(
        "kubernetes:core/v1:Pod",
        "p",
        {"spec": {"containers": [container]}, "metadata": {"labels": {JURISDICTION_LABEL: Secret(inner)}}},
        provider=explicit_provider("kubernetes"),
    )

    answers = Analyzer(monkeypatch, "eu", context=None).preview(StackFacts((pod,)))

    assert {"images-digest", "model-ip", "residency-labels"} <= {answer.policy for answer in answers}
    found = [line for answer in answers for line in answer.message.splitlines() if "found:" in line]
    assert found
    assert not any("canary" in line or "abc" in line or "True" in line for line in found), found


def test_the_sdk_own_server_cannot_run_the_rules_by_mistake() -> None:
    request = analyzer_pb2.AnalyzeRequest(type="random:index/randomPet:RandomPet", urn="u", name="n")
    server: Any = sdk._PolicyAnalyzerServicer("s", "1.0.0", build_policies(), EnforcementLevel.MANDATORY)

    with pytest.raises(RuntimeError, match="install"):
        server.Analyze(request, None)
    with pytest.raises(RuntimeError, match="install"):
        server.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(), None)
