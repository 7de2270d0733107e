"""Machines keep their addresses whatever is added to the network beside them."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.clouds.hetzner.addresses import (
    FIRST_POOL_SLOT,
    LAST_POOL_SLOT,
    MEMBERS,
    NETWORK,
    AddressPlan,
    AddressPlanError,
    Slot,
)

names = st.text(alphabet="abcdefgh", min_size=1, max_size=6)
pool_slots = st.integers(FIRST_POOL_SLOT + 1, LAST_POOL_SLOT)
pools = st.dictionaries(names, pool_slots, max_size=20).filter(
    lambda drawn: len(set(drawn.values())) == len(drawn)
)
numbers = st.integers(0, MEMBERS - 1)


@given(pools=pools)
def test_every_role_and_pool_has_a_subnet_of_its_own_inside_the_network(pools: dict[str, int]) -> None:
    plan = AddressPlan(pools=pools)
    subnets = [*(plan.subnet(slot) for slot in Slot), *(plan.pool(name) for name in pools)]
    assert all(subnet.subnet_of(plan.network) for subnet in subnets)
    assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))


@given(slot=st.integers(0, LAST_POOL_SLOT), one=numbers, other=numbers)
def test_members_are_inside_their_subnet_and_nobody_shares_an_address(
    slot: int, one: int, other: int
) -> None:
    plan = AddressPlan()
    first, second = plan.member(slot, one), plan.member(slot, other)
    subnet = plan.subnet(slot)
    assert first in subnet
    assert first not in (subnet.network_address, subnet.broadcast_address, plan.router, subnet[1])
    assert (first == second) == (one == other)


@given(pools=pools, name=names, slot=pool_slots)
def test_adding_a_pool_anywhere_renumbers_nobody(pools: dict[str, int], name: str, slot: int) -> None:
    before = AddressPlan(pools=pools)
    if name in pools or slot in pools.values():
        return
    after = AddressPlan(pools={name: slot, **pools})
    for role in Slot:
        assert [before.member(role, n) for n in range(3)] == [after.member(role, n) for n in range(3)]
    for old in pools:
        assert before.pool(old) == after.pool(old)


@given(pools=pools.filter(bool), data=st.data())
def test_removing_a_pool_renumbers_nobody(pools: dict[str, int], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted(pools)))
    after = AddressPlan(pools={name: slot for name, slot in pools.items() if name != gone})
    for name in after.pools:
        assert after.pool(name) == AddressPlan(pools=pools).pool(name)


@given(smaller=st.integers(1, MEMBERS), larger=st.integers(1, MEMBERS))
def test_growing_a_pool_keeps_its_first_members(smaller: int, larger: int) -> None:
    smaller, larger = sorted((smaller, larger))
    plan = AddressPlan()
    grown = [plan.member(Slot.CPU_POOL, number) for number in range(larger)]
    assert [plan.member(Slot.CPU_POOL, number) for number in range(smaller)] == grown[:smaller]


def test_the_addresses_people_meet_are_these() -> None:
    plan = AddressPlan()
    assert str(plan.router) == "10.64.0.1"
    assert str(plan.member(Slot.GATEWAY, 0)) == "10.64.0.10"
    assert str(plan.member(Slot.CONTROL_PLANE, 2)) == "10.64.1.12"
    assert str(plan.member(Slot.LOAD_BALANCERS, 0)) == "10.64.2.10"
    assert str(plan.member(Slot.CPU_POOL, 0)) == "10.64.16.10"


def test_a_full_subnet_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(AddressPlanError, match=r"member 245 of 10\.64\.16\.0/24: allowed: 0 to 244.*own"):
        AddressPlan().member(Slot.CPU_POOL, MEMBERS)


@pytest.mark.parametrize("slot", [0, FIRST_POOL_SLOT - 1, LAST_POOL_SLOT + 1])
def test_a_pool_in_a_reserved_slot_is_refused(slot: int) -> None:
    with pytest.raises(AddressPlanError, match=rf"pool 'gpu': found slot {slot}, allowed: 17 to 255"):
        AddressPlan(pools={"gpu": slot})


@pytest.mark.parametrize(
    ("pools", "holder"), [({"a": 20, "b": 20}, "pool 'a'"), ({"a": FIRST_POOL_SLOT}, "the CPU pool")]
)
def test_two_pools_in_one_slot_are_refused(pools: dict[str, int], holder: str) -> None:
    with pytest.raises(AddressPlanError, match=f"belongs to {holder}"):
        AddressPlan(pools=pools)


@pytest.mark.parametrize("network", ["10.42.0.0/16", "10.43.0.0/16", "10.64.0.0/20", "10.0.0.0/8"])
def test_a_network_that_cannot_work_is_refused(network: str) -> None:
    with pytest.raises(AddressPlanError, match=r"overlaps with|allowed: a /16"):
        AddressPlan(network=IPv4Network(network))


def test_an_unknown_pool_is_named_with_those_there_are() -> None:
    with pytest.raises(AddressPlanError, match=r"no pool 'gpu' in the plan; there are: cheap"):
        AddressPlan(pools={"cheap": 17}).pool("gpu")


def test_the_network_is_private_and_leaves_room_for_pods_and_services() -> None:
    assert NETWORK.is_private
    assert not any(NETWORK.overlaps(IPv4Network(taken)) for taken in ("10.42.0.0/16", "10.43.0.0/16"))
