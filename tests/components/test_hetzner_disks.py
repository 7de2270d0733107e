"""Which change of a node's type Hetzner would refuse when the node is off already."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Place, load_catalog
from components.clouds.hetzner.disks import mistake

CATALOG = load_catalog()
DISKS = {
    node.name: node.disk_gb
    for node in CATALOG.node_types("hetzner")
    if node.disk_gb is not None and "nbg1" in node.places
}


def place(code: str = "nbg1") -> Place:
    found = CATALOG.place("hetzner", code)
    assert found is not None
    return found


def said(has: object, wanted: str, *, now: str = "cx999") -> str:
    held = {"serverType": now, "primaryDiskSize": has}
    return mistake("eu-cluster-cpu-1", held, {"serverType": wanted}, place(), CATALOG)


def test_every_cpu_type_that_a_stack_may_choose_has_a_known_disk() -> None:
    """Else the program could not tell, and a node would be left off."""
    for node in CATALOG.node_types("hetzner"):
        assert node.gpu is not None or node.disk_gb is not None, node.name


@given(st.sampled_from(sorted(DISKS)), st.sampled_from(sorted(DISKS)))
def test_what_is_allowed_is_taken_and_nothing_else_is(made_as: str, wanted: str) -> None:
    found = said(DISKS[made_as], wanted, now=made_as)
    assert bool(found) == (DISKS[wanted] < DISKS[made_as])
    if found:
        listed = found.partition("allowed in nbg1: ")[2].partition(";")[0].split(", ")
        assert listed == sorted(name for name, disk in DISKS.items() if disk >= DISKS[made_as])
        assert not any(said(DISKS[made_as], name, now=made_as) for name in listed)


@pytest.mark.parametrize("has", [None, "", 0])
def test_a_disk_that_the_state_does_not_tell_is_not_judged(has: object) -> None:
    assert said(has, "cx23") == ""


def test_a_type_that_the_catalogue_does_not_know_and_the_type_of_today_are_not_judged() -> None:
    assert said(320, "cx999x") == ""
    assert said(320, "cx43", now="cx43") == ""


def test_nobody_is_sent_to_a_type_that_is_not_sold_there() -> None:
    held = {"serverType": "cpx42", "primaryDiskSize": 200.0}
    found = mistake("eu-cluster-cpu-1", held, {"serverType": "cx33"}, place("hel1"), CATALOG)
    assert "found 'cx33', whose disk of 80 GB is smaller than the 200 GB of eu-cluster-cpu-1" in found
    assert "allowed in hel1: cpx42;" in found
