"""OVHcloud: what places may not share, pools that are slow, at work or broken, what the API says of stock."""

import ipaddress
from itertools import combinations

import pytest

from catalog import CatalogError, Place
from components.clouds import Stock, cloud_module
from components.clouds.ovh.cluster import PoolNotReadyError, refuse_if_broken
from components.clouds.ovh.network import SLOTS, address_plan
from components.clouds.ovh.stock import told

from .recording import programmed
from .test_ovh import PLACES, POOL, at, place_of


def in_slot(slot: int | None) -> Place:
    place = place_of("GRA11")
    assert place.defaults is not None
    return place.model_copy(update={"defaults": place.defaults.model_copy(update={"network_slot": slot})})


def test_no_two_places_share_a_vlan_or_an_address_as_a_vrack_is_one_lan_over_all_regions() -> None:
    plans = [address_plan(place) for place in PLACES]
    assert len(plans) > 8
    assert len({plan.vlan_id for plan in plans}) == len(plans)
    assert not [(a, b) for a, b in combinations(plans, 2) if a.subnet.overlaps(b.subnet)]


def test_every_slot_is_apart_from_all_others_and_from_what_clusters_use_themselves() -> None:
    plans = [address_plan(in_slot(slot)) for slot in range(SLOTS)]
    assert len({plan.vlan_id for plan in plans}) == len({plan.subnet for plan in plans}) == SLOTS
    assert all(1 <= plan.vlan_id <= 4094 for plan in plans), "0 is the untagged LAN of the whole vRack"
    merged = list(ipaddress.collapse_addresses(plan.subnet for plan in plans))
    assert sum(net.num_addresses for net in merged) == SLOTS * plans[0].subnet.num_addresses, "disjoint"
    for cidr in ("10.2.0.0/16", "10.3.0.0/16", "172.17.0.0/16", "10.240.0.0/13"):
        assert not [net for net in merged if net.overlaps(ipaddress.ip_network(cidr))]


@pytest.mark.parametrize(("slot", "found"), [(None, "missing"), (SLOTS, f"found {SLOTS}")])
def test_a_place_without_a_slot_is_refused_by_name(slot: int | None, found: str) -> None:
    with pytest.raises(CatalogError, match=rf"places\[GRA11\]\.defaults\.network_slot: {found}; allowed: "):
        address_plan(in_slot(slot))


WORKING = (
    *(
        "READY",
        "INSTALLING",
        "UPDATING",
        "REDEPLOYING",
        "RESIZING",
        "UPSCALING",
        "DOWNSCALING",
        "MAINTENANCE",
    ),
    *("REOPENING", "RESETTING", "UNKNOWN", "USER_ERROR", "USER_NODE_NOT_FOUND_ERROR", "USER_QUOTA_ERROR"),
    "USER_WEBHOOK_PREVENTING_OPERATIONS_ERROR",
)
BROKEN = ("ERROR", "SUSPENDED", "SUSPENDING", "USER_NODE_SUSPENDED_SERVICE", "DELETING", "DELETED")


@pytest.mark.parametrize("status", WORKING)
def test_a_pool_at_work_that_has_a_node_stops_no_update(status: str) -> None:
    """An autoscaled pool is resized at any time, and an update of something else must not wait for it."""
    refuse_if_broken("a-pool", status, 1, "l4-90")
    with pytest.raises(PoolNotReadyError, match=f"status found: {status} with 0 nodes available"):
        refuse_if_broken("a-pool", status, 0, "l4-90")


@pytest.mark.parametrize("status", BROKEN)
@pytest.mark.parametrize("available", [0, 1, 5])
def test_a_broken_pool_is_an_error_whatever_nodes_it_still_has(status: str, available: int) -> None:
    with pytest.raises(PoolNotReadyError, match=f"node pool a-pool: status found: {status} with {available}"):
        refuse_if_broken("a-pool", status, available, "l4-90")


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("ERROR", "Open a ticket"),
        ("USER_QUOTA_ERROR", "Open a ticket"),
        ("INSTALLING", "wait, run `pulumi refresh`"),
        ("SUSPENDED", "find out why"),
        ("DELETED", "find out why"),
    ],
)
def test_a_pool_without_nodes_says_what_to_do(status: str, advice: str) -> None:
    """The provider itself takes a pool in status ERROR as created."""
    with pytest.raises(PoolNotReadyError, match=advice):
        refuse_if_broken("a-pool", status, 0, "l4-90")


def test_a_pool_that_is_slow_is_waited_for_as_else_it_is_billed_and_in_no_state() -> None:
    pools = at("GRA11").of_type(POOL)
    assert len(pools) == 2
    for pool in pools:
        assert pool.timeouts == {"create": "3h", "update": "3h"}, pool.name
        assert "pulumi:providers:ovh::cloud::" in pool.provider
        assert pool.parent, "the other options are kept"


def test_stock_without_a_project_is_not_asked() -> None:
    """Else the provider would ask for the project that the environment names."""
    module, place = cloud_module("ovh"), place_of("GRA11")

    def program() -> None:
        with pytest.raises(ValueError, match="sovereign:serviceName is missing"):
            module.stock("l4-90", place, module.provider("ovh", place, None))

    programmed("eu", program)


@pytest.mark.parametrize(
    ("flavours", "stock"),
    [
        ([], Stock.UNTOLD),
        ([(True, 2.0)], Stock.AVAILABLE),
        ([(True, 0.0)], Stock.OUT),
        ([(False, 2.0)], Stock.OUT),
        ([(False, 2.0), (True, 0.0)], Stock.OUT),
        ([(False, 0.0), (True, 1.0)], Stock.AVAILABLE),
    ],
)
def test_a_flavour_is_there_if_it_is_available_and_the_quota_allows_one(
    flavours: list[tuple[bool, float]], stock: Stock
) -> None:
    assert told(flavours) is stock
