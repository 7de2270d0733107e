"""A change is seen, and replaces exactly where the provider would."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.sdk import describe_resource, installed_packages
from rehearsal.sdk.replacement import replacing_inputs
from rehearsal.twins.diff import changes
from rehearsal.twins.values import UNKNOWN

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)
inputs = st.dictionaries(st.sampled_from(["region", "size", "tags"]), plain)


@given(inputs)
def test_the_same_inputs_are_no_change(values: dict[str, Any]) -> None:
    assert changes(values, values, replacing=["region"]) == []


@given(inputs, st.sampled_from(["region", "size", "tags"]), st.integers(10, 99))
def test_any_new_value_is_seen(before: dict[str, Any], name: str, value: int) -> None:
    found = changes(before, {**before, name: value}, replacing=["region"])
    assert [(change.path, change.replaces) for change in found] == [(name, name == "region")]


def test_a_change_names_the_nested_property() -> None:
    found = changes(
        {"pools": {"size": "a", "nodeCount": 1}}, {"pools": {"size": "a", "nodeCount": 2}}, ["pools"]
    )
    assert [(change.path, change.kind, change.replaces) for change in found] == [
        ("pools.nodeCount", "update", True)
    ]


def test_a_value_not_known_yet_counts_as_a_change() -> None:
    assert [change.path for change in changes({"tags": ["a"]}, {"tags": [UNKNOWN]}, [])] == ["tags[0]"]


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("scaleway:object/bucket:Bucket", "region"),
        ("scaleway:kubernetes/pool:Pool", "zone"),
        ("scaleway:kubernetes/pool:Pool", "nodeType"),
        ("scaleway:kubernetes/cluster:Cluster", "region"),
        ("civo:index/network:Network", "region"),
        ("hcloud:index/server:Server", "location"),
        ("hcloud:index/server:Server", "userData"),
        ("ovh:CloudProject/kube:Kube", "region"),
        ("ovh:CloudProject/kubeNodePool:KubeNodePool", "flavorName"),
        ("ovh:CloudProject/storage:Storage", "regionName"),
    ],
)
def test_what_cannot_move_is_replaced(token: str, name: str) -> None:
    type_ = describe_resource(installed_packages()[token.split(":")[0]], token)
    assert type_ is not None
    assert name in replacing_inputs(type_)


@pytest.mark.parametrize(
    ("token", "name"),
    [("scaleway:kubernetes/pool:Pool", "size"), ("hcloud:index/server:Server", "labels")],
)
def test_what_can_be_changed_in_place_is_updated(token: str, name: str) -> None:
    type_ = describe_resource(installed_packages()[token.split(":")[0]], token)
    assert type_ is not None
    assert name not in replacing_inputs(type_)
