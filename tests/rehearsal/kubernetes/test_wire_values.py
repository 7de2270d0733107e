"""What the twin adds to the wire's values: secrets kept where they were, nested paths that replace."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.errors import CloudError
from rehearsal.twins.diff import changes
from rehearsal.twins.values import from_struct, secret, to_struct, with_secrets_of
from tests.rehearsal.kubernetes.conftest import Plugin

PLAIN = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abc"), PLAIN, min_size=1), st.data())
def test_a_secret_stays_one_at_its_place_and_nothing_else_becomes_one(
    values: dict[str, Any], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(values)))
    sent = to_struct({**values, name: secret(values[name])})
    assert with_secrets_of(values, sent) == {**values, name: secret(values[name])}
    assert from_struct(sent) == values


def test_a_secret_deep_in_a_list_is_found() -> None:
    values = {"env": [{"name": "A", "value": "x"}, {"name": "B", "value": "y"}]}
    sent = to_struct({"env": [{"name": "A", "value": "x"}, {"name": "B", "value": secret("y")}]})
    longer = {"env": [*values["env"], {"name": "C", "value": "z"}]}
    marked = with_secrets_of(longer, sent)["env"]
    assert marked == [longer["env"][0], {"name": "B", "value": secret("y")}, longer["env"][2]]


@pytest.mark.parametrize(
    ("before", "after", "replaces"),
    [
        ({"spec": {"selector": {"a": "b"}}}, {"spec": {"selector": {"a": "c"}}}, True),
        ({"spec": {"selector": {"a": "b"}}}, {"spec": {"selector": {"a": "b"}, "more": 1}}, False),
        ({}, {"spec": {"selector": {"a": "b"}}}, True),
        ({}, {"spec": {"more": 1}}, False),
        ({"spec": {"items": [{"image": "a"}]}}, {"spec": {"items": [{"image": "b"}]}}, True),
        ({"spec": {"items": [{"image": "a"}]}}, {"spec": {"items": [{"image": "a", "tty": True}]}}, False),
        ({"spec": {"items": []}}, {"spec": {"items": [{"image": "a"}]}}, True),
        ({"spec": {"items": []}}, {"spec": {"items": [{"tty": True}]}}, False),
        ({"spec": {"selectors": 1}}, {"spec": {"selectors": 2}}, False),
    ],
)
def test_a_nested_path_replaces_and_its_neighbours_do_not(
    before: dict[str, Any], after: dict[str, Any], replaces: bool
) -> None:
    found = changes(before, after, {"spec.selector", "spec.items.image"})
    assert found
    assert any(change.replaces for change in found) is replaces


def test_only_the_ignored_path_is_ignored() -> None:
    before, after = {"spec": {"replicas": 1, "paused": False}}, {"spec": {"replicas": 2, "paused": True}}
    assert [change.path for change in changes(before, after, (), ["spec.replicas"])] == ["spec.paused"]
    assert changes(before, after, (), ["spec"]) == []


def test_components_of_kustomize_and_unknown_ones_are_refused(plugin: Plugin) -> None:
    def construct(type_: str) -> Any:
        request = SimpleNamespace(type=type_, inputs=to_struct({}), name="c")
        return plugin.twin.construct(request, plugin.settings, lambda message, urn: None)

    with pytest.raises(CloudError, match="does not run Kustomize"):
        construct("kubernetes:kustomize/v2:Directory")
    assert construct("kubernetes:no/v1:Such") is None
    with pytest.raises(CloudError, match="c: file: missing"):
        construct("kubernetes:yaml/v2:ConfigFile")
