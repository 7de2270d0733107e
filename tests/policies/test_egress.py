"""Closed networks around pods that serve: what closes one, what opens it, and where that is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.context import build_context
from policies.facts import UNKNOWN, Resource, StackFacts
from policies.rules._destinations import is_private_network
from policies.rules.call_home_egress import RULE
from policies.violations import Violation
from tests.policies.stacks import TODAY, default_provider, explicit_provider, resource

IMAGE: Final = f"rg.fr-par.scw.cloud/s/vllm@sha256:{'0' * 64}"
CONTEXT: Final = build_context("eu", rehearsal=False, today=TODAY)
PROVIDER: Final = explicit_provider("kubernetes")
_CLOSED: Final = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def policy(name: str, spec: Any, *, namespace: str = "models") -> Resource:
    """A network policy."""
    properties = {"metadata": {"namespace": namespace}, "spec": spec}
    return resource("kubernetes:networking.k8s.io/v1:NetworkPolicy", name, properties, provider=PROVIDER)


def opening(egress: Any, selector: Any = None) -> Resource:
    """A network policy with egress rules."""
    spec = {"podSelector": selector or {}, "policyTypes": ["Egress"], "egress": egress}
    return policy("opening", spec)


CLOSED: Final = policy("closed", _CLOSED)
SERVER: Final = resource(
    "kubernetes:apps/v1:Deployment",
    "server",
    {
        "metadata": {"namespace": "models"},
        "spec": {
            "template": {
                "metadata": {"labels": {"app": "v"}},
                "spec": {"containers": [{"name": "v", "image": IMAGE}]},
            }
        },
    },
    provider=PROVIDER,
)


def judged(*resources: Resource) -> Sequence[Violation]:
    """What the rule says about a stack."""
    return list(RULE.check(StackFacts(resources), CONTEXT))


def test_a_closed_namespace_passes_in_whatever_order_it_is_declared() -> None:
    assert judged(CLOSED, SERVER) == []
    assert judged(SERVER, CLOSED) == []


def test_a_policy_in_another_cluster_closes_nothing() -> None:
    elsewhere = replace(CLOSED, provider=default_provider("kubernetes"))

    assert [violation.name for violation in judged(elsewhere, SERVER)] == ["server"]


def test_what_opens_a_namespace_is_said_on_the_resource_that_comes_last() -> None:
    """So that the guard, which judges one resource after the other, refuses one of the two."""
    everything = opening([{}])

    assert [violation.name for violation in judged(CLOSED, everything, SERVER)] == ["server"]
    assert [violation.name for violation in judged(CLOSED, SERVER, everything)] == ["opening"]


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"to": []},
        {"ports": [{"port": 53, "protocol": "UDP"}]},
        {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443}]},
        {"to": [{"ipBlock": {"cidr": "::/0"}}]},
        {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["0.0.0.0/1"]}}]},
        {"to": [{"ipBlock": {"cidr": "203.0.113.9/32"}}]},
        {"to": [{"ipBlock": {"cidr": "169.254.169.254/32"}}]},
        {"to": [{"ipBlock": {"cidr": "10.0.0.0/7"}}]},
        {"to": [{"ipBlock": {"cidr": "not a network"}}]},
        {"to": [{"ipBlock": {"cidr": UNKNOWN}}]},
        {"to": [{"podSelector": {"matchLabels": {"app": "gate"}}}, {"ipBlock": {"cidr": "1.0.0.0/8"}}]},
        {"to": [{}]},
        {"to": UNKNOWN},
        {"to": [UNKNOWN]},
        UNKNOWN,
    ],
)
def test_a_rule_that_may_lead_outside_is_refused(rule: Any) -> None:
    assert judged(CLOSED, opening([rule]), SERVER)


@pytest.mark.parametrize(
    "rule",
    [
        {"to": [{"podSelector": {}, "namespaceSelector": {"matchLabels": {"a": "b"}}}]},
        {"to": [{"namespaceSelector": {}}]},
        {"to": [{"podSelector": {}}]},
        {"to": [{"ipBlock": {"cidr": "172.20.0.0/14"}}, {"ipBlock": {"cidr": "fd12::/64"}}]},
    ],
)
def test_a_rule_that_stays_inside_passes(rule: Any) -> None:
    assert judged(CLOSED, opening([rule]), SERVER) == []


@pytest.mark.parametrize(
    ("selector", "is_refused"),
    [
        ({"matchLabels": {"app": "v"}}, True),
        ({"matchLabels": {"app": "gate"}}, False),
        ({"matchLabels": {"app": "v", "more": "x"}}, False),
        ({"matchLabels": {"app": UNKNOWN}}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["v"]}]}, True),
        (UNKNOWN, True),
    ],
)
def test_an_opening_counts_for_the_pods_that_it_may_select(selector: Any, is_refused: bool) -> None:
    assert bool(judged(CLOSED, opening([{}], selector), SERVER)) == is_refused


@given(st.ip_addresses(), st.integers(min_value=0, max_value=128))
@settings(max_examples=300, deadline=None)
def test_a_network_with_a_public_address_in_it_is_never_private(address: Any, length: int) -> None:
    if is_private_network(f"{address}/{min(length, address.max_prefixlen)}"):
        assert address.is_private or str(address).startswith("100.")
