"""Which address ranges are everybody, and which rules of a firewall let everybody in."""

from __future__ import annotations

import ipaddress
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.facts import UNKNOWN, Secret, freeze
from policies.network import openings, reach
from tests.policies.stacks import explicit_provider, resource

CIVO: Final = "civo:index/firewall:Firewall"


@pytest.mark.parametrize(
    "ranges",
    [
        ["0.0.0.0/0"],
        ["::/0"],
        "0.0.0.0/0",
        ["203.0.113.0/24", " 0.0.0.0/0 "],
        ["0.0.0.0/1", "128.0.0.0/1"],
        ["1.2.3.4/0"],
        ["2000::/3"],
        [Secret("0.0.0.0/0")],
        [UNKNOWN],
        UNKNOWN,
        ["any"],
        ["*"],
        [None],
        [0],
    ],
)
def test_everybody_is_recognised_however_written(ranges: Any) -> None:
    assert reach(freeze(ranges)) is not None


@pytest.mark.parametrize(
    "ranges", [[], ["203.0.113.7"], ["203.0.113.0/24", "2001:db8::/48"], ["10.0.0.0/8", "fd00::/8"]]
)
def test_named_ranges_are_let_through(ranges: Any) -> None:
    assert reach(freeze(ranges)) is None


@given(st.integers(min_value=1, max_value=10))
def test_no_way_to_split_everybody_up_gets_through(bits: int) -> None:
    parts = [str(part) for part in ipaddress.ip_network("0.0.0.0/0").subnets(prefixlen_diff=bits)]

    assert reach(freeze(parts)) is not None


@pytest.mark.parametrize(
    ("ports", "shown"),
    [
        ("443", "port 443"),
        (443.0, "port 443"),
        ("80-443", "ports 80 to 443"),
        ("80:443", "ports 80 to 443"),
        ("any", "every port"),
        ("", "every port"),
        (None, "every port"),
        (UNKNOWN, "every port"),
    ],
)
def test_ports_are_read_and_what_cannot_be_read_is_every_port(ports: Any, shown: str) -> None:
    rule = {"action": "allow", "portRange": ports, "cidrs": ["0.0.0.0/0"]}
    firewall = resource(CIVO, "f", {"ingressRules": [rule]}, provider=explicit_provider("civo"))

    assert [opening.shown_ports for opening in openings(firewall)] == [shown]


def test_a_rule_whose_action_is_unknown_counts_as_one_that_lets_in() -> None:
    rule = {"action": UNKNOWN, "portRange": "22", "cidrs": ["0.0.0.0/0"]}
    firewall = resource(CIVO, "f", {"ingressRules": [rule]}, provider=explicit_provider("civo"))

    assert [opening.path for opening in openings(firewall)] == ["ingressRules[0]"]
