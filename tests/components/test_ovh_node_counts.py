"""OVHcloud: how many nodes a pool that grows by itself is asked to have when its bounds change."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pulumi_ovh as ovh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.clouds import PoolSize
from components.clouds.ovh.node_counts import node_count

from .recording import programmed
from .test_ovh import arguments

POOL: Mapping[str, object] = {"kubeId": "cluster", "name": "a-pool"}


def size(minimum: int, maximum: int, **held: object) -> PoolSize:
    return PoolSize(
        node_type="b3-32", minimum=minimum, maximum=maximum, held={**POOL, **held} if held else {}
    )


def asked_for(pool: PoolSize) -> tuple[int, Sequence[str]]:
    """What the pool is asked to have; a cloud that is asked here fails the test."""
    found: list[tuple[int, Sequence[str]]] = []
    programmed("eu", lambda: found.append(node_count(arguments("GRA11").site, pool)))
    return found[0]


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The pool has four nodes by now; returns what the cloud was asked."""
    questions: list[dict[str, Any]] = []

    def answer(**question: Any) -> SimpleNamespace:
        questions.append(question)
        return SimpleNamespace(desired_nodes=4)

    monkeypatch.setattr(ovh.cloudproject, "get_kube_node_pool", answer)
    return questions


IGNORED = ("desiredNodes",)


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        (size(3, 3, minNodes=2, maxNodes=4, desiredNodes=4), (3, ())),
        (size(2, 4), (2, IGNORED)),
        (size(2, 4, nodeType="a pool of another cloud"), (2, IGNORED)),
        (size(2, 4, minNodes=2.0, maxNodes=4.0, desiredNodes=3.0), (2, IGNORED)),
    ],
    ids=["does not grow", "new", "another cloud", "nothing changed"],
)
def test_a_pool_whose_bounds_stay_belongs_to_the_autoscaler(
    pool: PoolSize, expected: tuple[int, Sequence[str]]
) -> None:
    assert asked_for(pool) == expected


@pytest.mark.parametrize(
    ("pool", "count"),
    [
        (size(3, 5, minNodes=2, maxNodes=5, desiredNodes=2), 4),
        (size(5, 6, minNodes=2, maxNodes=6, desiredNodes=2), 5),
        (size(1, 3, minNodes=1, maxNodes=5, desiredNodes=5), 3),
        (size(2, 5, minNodes=2, maxNodes=4, desiredNodes=2), 4),
        (size(2, 5, minNodes=2, maxNodes=5, desiredNodes=1), 4),
    ],
    ids=["minimum up", "minimum above", "maximum below", "maximum up", "state out of bounds"],
)
def test_new_bounds_keep_the_nodes_that_there_are_as_far_as_they_allow(
    pool: PoolSize, count: int, live: list[dict[str, Any]]
) -> None:
    """The count in the state is older: sending that would take nodes away under the pods on them."""
    assert asked_for(pool) == (count, ())
    assert [(each["kube_id"], each["name"]) for each in live] == [("cluster", "a-pool")]
    assert live[0]["service_name"], "else the project comes from the environment"


def test_of_a_pool_that_the_cloud_does_not_know_the_state_is_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**_: Any) -> None:
        message = "invoke of ovh:CloudProject/getKubeNodePool:getKubeNodePool failed: not found"
        raise RuntimeError(message)

    monkeypatch.setattr(ovh.cloudproject, "get_kube_node_pool", refuse)
    assert asked_for(size(3, 5, minNodes=2, maxNodes=5, desiredNodes=2)) == (3, ())


@given(
    bounds=st.tuples(st.integers(1, 9), st.integers(1, 9)).map(sorted),
    held=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)).map(sorted),
)
def test_no_count_is_ever_sent_that_the_api_refuses(bounds: list[int], held: list[int]) -> None:
    minimum, maximum = bounds
    before = {"minNodes": held[0], "desiredNodes": held[1], "maxNodes": held[2]}
    count, ignored = asked_for(PoolSize(node_type="b3-32", minimum=minimum, maximum=maximum, held=before))
    sent = held[1] if ignored else count
    assert minimum <= sent <= maximum
