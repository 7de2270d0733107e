"""Machines keep their addresses whatever is added to the network beside them."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.clouds.hetzner.addresses import (
    LAST_SLOT,
    MEMBERS,
    NETWORK,
    AddressPlan,
    AddressPlanError,
    Slot,
)

numbers = st.integers(0, MEMBERS - 1)


def test_every_role_has_a_subnet_of_its_own_inside_the_network() -> None:
    plan = AddressPlan()
    subnets = [plan.subnet(slot) for slot in Slot]
    assert all(subnet.subnet_of(plan.network) for subnet in subnets)
    assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))


@given(slot=st.integers(0, LAST_SLOT), one=numbers, other=numbers)
def test_members_are_inside_their_subnet_and_nobody_shares_an_address(
    slot: int, one: int, other: int
) -> None:
    plan = AddressPlan()
    first, second = plan.member(slot, one), plan.member(slot, other)
    subnet = plan.subnet(slot)
    assert first in subnet
    assert first not in (subnet.network_address, subnet.broadcast_address, plan.router, subnet[1])
    assert (first == second) == (one == other)


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


@pytest.mark.parametrize("network", ["10.42.0.0/16", "10.43.0.0/16", "10.64.0.0/20", "10.0.0.0/8"])
def test_a_network_that_cannot_work_is_refused(network: str) -> None:
    with pytest.raises(AddressPlanError, match=r"overlaps with|allowed: a /16"):
        AddressPlan(network=IPv4Network(network))


@pytest.mark.parametrize("slot", [-1, LAST_SLOT + 1])
def test_a_slot_that_the_network_does_not_have_is_refused(slot: int) -> None:
    with pytest.raises(AddressPlanError, match=rf"found slot {slot}, allowed: 0 to 255"):
        AddressPlan().subnet(slot)


def test_the_network_is_private_and_leaves_room_for_pods_and_services() -> None:
    assert NETWORK.is_private
    assert not any(NETWORK.overlaps(IPv4Network(taken)) for taken in ("10.42.0.0/16", "10.43.0.0/16"))
