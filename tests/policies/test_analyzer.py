"""The pack's server: it will not run with a rule switched off, and it hears the stack's configuration."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import grpc
import pulumi
import pytest
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import policy as sdk

from policies import analyzer
from policies.analyzer import StrictAnalyzer, mistakes_in, partial_run
from policies.facts import StackFacts
from policies.rule import load_rules, rule_ids
from tests.policies.engine_messages import Analyzer
from tests.policies.stacks import explicit_provider, resource

VPC = "scaleway:network/vpc:Vpc"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
SPEC = {"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}
PAGE = {"name": "page", "image": f"rg.fr-par.scw.cloud/team/page@sha256:{'0' * 64}"}
MANDATORY, ADVISORY, DISABLED = analyzer_pb2.MANDATORY, analyzer_pb2.ADVISORY, analyzer_pb2.DISABLED


class _RefusedError(Exception):
    pass


class _Call:
    """A gRPC call whose abort ends the handler, as the real one does."""

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise _RefusedError(code, details)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> StrictAnalyzer:
    return Analyzer(monkeypatch, None, None).server


def configuration(**levels: Any) -> Any:
    """What the engine sends after it has merged a pack configuration into the defaults."""
    usual = {rule.id: ADVISORY if rule.advisory else MANDATORY for rule in load_rules()}
    merged = usual | {name.replace("_", "-"): level for name, level in levels.items()}
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    for name, level in merged.items():
        request.policyConfig[name].enforcementLevel = level
    return request


def test_the_configuration_that_the_engine_always_sends_is_fine(server: StrictAnalyzer) -> None:
    server.Configure(configuration(), _Call())
    server.Configure(configuration(all=MANDATORY), _Call())


@pytest.mark.parametrize("level", [ADVISORY, DISABLED, analyzer_pb2.REMEDIATE])
def test_a_rule_cannot_be_switched_off(server: StrictAnalyzer, level: Any) -> None:
    with pytest.raises(_RefusedError, match=r"makes 'model-ip' \w+; every rule that blocks is mandatory"):
        server.Configure(configuration(model_ip=level), _Call())


@pytest.mark.parametrize("level", [DISABLED, analyzer_pb2.REMEDIATE])
def test_a_rule_that_only_informs_cannot_be_silenced(server: StrictAnalyzer, level: Any) -> None:
    with pytest.raises(_RefusedError, match=r"makes 'acceptances' \w+; it only informs"):
        server.Configure(configuration(acceptances=level), _Call())


def test_all_rules_cannot_be_switched_off_at_once(server: StrictAnalyzer) -> None:
    levels = {rule.replace("-", "_"): DISABLED for rule in rule_ids()}

    with pytest.raises(_RefusedError, match="makes 'all' disabled"):
        server.Configure(configuration(all=DISABLED, **levels), _Call())


def test_a_misspelt_rule_is_named_with_the_rules_there_are(server: StrictAnalyzer) -> None:
    with pytest.raises(_RefusedError, match=r"names 'regoin', which is no rule; rules are acceptances, "):
        server.Configure(configuration(regoin=MANDATORY), _Call())


def test_every_mistake_of_a_configuration_is_listed() -> None:
    assert len(mistakes_in([("a", "mandatory"), ("b", "advisory"), ("c", "mandatory")], ["b", "c"])) == 2


@pytest.mark.parametrize(("stated", "policies"), [("uk", ["residency"]), ("eu", [])])
def test_the_stack_configuration_is_taken_from_the_call_of_newer_engines(
    monkeypatch: pytest.MonkeyPatch, stated: str, policies: list[str]
) -> None:
    run = Analyzer(monkeypatch, None, context=None)
    bucket = resource(
        "ovh:CloudProject/storage:Storage",
        "b",
        {"regionName": "GRA", "encryption": {"sseAlgorithm": "AES256"}},
        provider=explicit_provider("ovh"),
    )

    run.server.ConfigureStack(
        analyzer_pb2.AnalyzerStackConfigureRequest(
            stack="eu", project="sovereign", config={"sovereign:jurisdiction": stated}
        ),
        _Call(),
    )

    assert [answer.policy for answer in run.preview(StackFacts((bucket,)))] == policies


def _configure(run: Analyzer, jurisdiction: str) -> None:
    config = {"sovereign:jurisdiction": jurisdiction}
    request = analyzer_pb2.AnalyzerStackConfigureRequest(stack="eu", project="sovereign", config=config)
    run.server.ConfigureStack(request, _Call())


def test_what_was_known_of_an_earlier_configuration_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration is read once for all resources of a run, and anew when another one comes."""
    run = Analyzer(monkeypatch, None, context=None)
    network = resource(VPC, "n", {"region": "fr-par"}, provider=explicit_provider("scaleway"))
    said: list[list[str]] = []

    for jurisdiction in ("eu", "uk", "eu"):
        _configure(run, jurisdiction)
        said.append([answer.policy for answer in run.preview(StackFacts((network,)))])

    assert said == [[], ["residency"], []]


def _steps(run: Analyzer, count: int) -> int:
    """How many functions are called while the pack judges a stack of so many resources of four kinds."""
    cloud, cluster = explicit_provider("scaleway"), explicit_provider("kubernetes")
    resources = [resource("pulumi:pulumi:Stack", "sovereign-eu", {"endpoint": "x" * 20}, provider=None)]
    for index in range(0, count, 4):
        resources += [
            resource(VPC, f"n{index}", {"region": "fr-par"}, provider=cloud),
            resource(
                "kubernetes:core/v1:Pod", f"p{index}", {"spec": {"containers": [PAGE]}}, provider=cluster
            ),
            resource(
                "kubernetes:core/v1:ConfigMap", f"c{index}", {"data": {"key": "value"}}, provider=cluster
            ),
            resource(POLICY, f"s{index}", SPEC | {"metadata": {"namespace": f"n{index}"}}, provider=cluster),
        ]
    steps = 0

    def count_one(_frame: object, event: str, _argument: object) -> None:
        nonlocal steps
        steps += event == "call"

    stack = StackFacts(tuple(resources))
    sys.setprofile(count_one)
    try:
        answers = run.preview(stack)
    finally:
        sys.setprofile(None)
    assert {answer.policy for answer in answers} <= {"images-lock"}
    return steps


def test_a_stack_four_times_as_large_takes_the_pack_four_times_as_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few, many = (Analyzer(monkeypatch, "eu", context=None) for _ in range(2))
    _steps(Analyzer(monkeypatch, "eu", context=None), 8)  # fills what is read once

    assert _steps(many, 400) < 4.4 * _steps(few, 100)


def test_the_pack_starts_with_this_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk, "_PolicyAnalyzerServicer", sdk._PolicyAnalyzerServicer)

    analyzer.install()

    assert sdk._PolicyAnalyzerServicer is StrictAnalyzer
    pulumi.runtime.set_all_config({})


def test_a_variable_that_would_leave_out_a_part_of_the_stack_ends_the_run(
    server: StrictAnalyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_OPTION_TARGET", "urn:pulumi:eu::sovereign::a:b:C::d")

    with pytest.raises(_RefusedError, match="PULUMI_OPTION_TARGET is set"):
        server.Configure(configuration(), _Call())


def test_no_variable_no_complaint() -> None:
    assert partial_run({"PULUMI_OPTION_TARGET": "", "PULUMI_OPTION_DIFF": "true"}) == []
