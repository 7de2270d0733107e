"""Inputs that the provider would refuse are refused, with the property's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.sdk import describe_resource, installed_packages
from rehearsal.twins.check import check_inputs
from rehearsal.twins.values import UNKNOWN

POOL = {"clusterId": "fr-par/1", "nodeType": "L4-1-24G", "size": 1}


def refused(token: str, values: dict[str, object], *, coerces: bool = True) -> dict[str, str]:
    type_ = describe_resource(installed_packages()[token.split(":")[0]], token)
    assert type_ is not None
    return {failure.path: failure.reason for failure in check_inputs(values, type_.inputs, coerces=coerces)}


def pool(**changed: object) -> dict[str, str]:
    return refused("scaleway:kubernetes/pool:Pool", {**POOL, **changed})


def test_honest_inputs_pass() -> None:
    taints = [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]
    assert pool(taints=taints, tags=["jurisdiction:eu"], upgradePolicy={"maxSurge": 1}) == {}


def test_a_misspelt_input_is_named_with_the_right_one() -> None:
    assert pool(nodetype="x") == {"nodetype": "no such input; did you mean 'nodeType'?"}


def test_a_missing_required_input_is_named_with_its_type() -> None:
    assert refused("scaleway:kubernetes/pool:Pool", {"clusterId": "a", "size": 1}) == {
        "nodeType": "missing; 'nodeType' is required and takes a string"
    }


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"size": "two"}, "size"),
        ({"size": 1.5}, "size"),
        ({"size": [1]}, "size"),
        ({"autohealing": "perhaps"}, "autohealing"),
        ({"tags": "jurisdiction:eu"}, "tags"),
        ({"tags": [{"a": 1}]}, "tags[0]"),
        ({"labels": ["a"]}, "labels"),
        ({"upgradePolicy": {"maxSurge": "many"}}, "upgradePolicy.maxSurge"),
        ({"upgradePolicy": {"surge": 1}}, "upgradePolicy.surge"),
        ({"taints": [{"key": "a", "value": "b", "effect": "c"}, {"key": "a"}]}, "taints[1].effect"),
    ],
)
def test_a_wrong_type_is_named_at_any_depth(changed: dict[str, object], path: str) -> None:
    assert path in pool(**changed)


def test_a_value_not_known_yet_is_never_refused() -> None:
    assert pool(size=UNKNOWN, taints=UNKNOWN, upgradePolicy={"maxSurge": UNKNOWN}) == {}


def test_bridged_providers_take_numbers_as_text_and_kubernetes_does_not() -> None:
    assert pool(size="2", autohealing="true") == {}
    port = {"spec": {"ports": [{"port": "80"}]}}
    assert "spec.ports[0].port" in refused("kubernetes:core/v1:Service", port, coerces=False)


def test_a_refusal_never_shows_the_value_which_may_be_secret() -> None:
    assert "hunter2" not in str(pool(size="hunter2", tags={"a": "hunter2"}))


@given(st.text(min_size=1).filter(lambda name: not name.startswith("__")))
def test_no_unknown_input_gets_through(name: str) -> None:
    network = describe_resource(installed_packages()["hcloud"], "hcloud:index/network:Network")
    assert network is not None
    failures = check_inputs({"ipRange": "10.0.0.0/8", name: UNKNOWN}, network.inputs, coerces=True)
    assert [failure.path for failure in failures] == ([] if name in network.inputs else [name])
