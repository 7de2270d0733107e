"""What the rule ``hardware`` says, and how often."""

from __future__ import annotations

from typing import Any

import pytest

from policies.facts import UNKNOWN, Secret, StackFacts
from policies.rules.hardware import RULE
from tests.policies.stacks import CASES, cases, explicit_provider, resource

TEMPLATE = "scaleway:autoscaling/instanceTemplate:InstanceTemplate"
POOL = "scaleway:kubernetes/pool:Pool"
SERVER = "hcloud:index/server:Server"


def told(*machines: tuple[str, dict[str, Any]], asked_one_by_one: bool = False) -> list[str]:
    """What is said, in the pack or in the guard, which has seen what came before the last one."""
    context = next(case for case in cases() if case.rule == CASES.joinpath("hardware").stem).context()
    facts = tuple(
        resource(token, f"m{index}", properties, provider=explicit_provider(token.partition(":")[0]))
        for index, (token, properties) in enumerate(machines)
    )
    newest = facts[-1] if asked_one_by_one else None
    stack = StackFacts(facts, complete=newest is None, newest=newest)
    return [each.found for each in RULE.check(stack, context)]


@pytest.mark.parametrize(
    ("token", "properties", "expected"),
    [
        (TEMPLATE, {"commercialType": "H100-1-80G"}, ("1 x H100 PCIe", "NVIDIA, US", "designed by AMD")),
        (POOL, {"nodeType": "PRO2-S"}, ("`nodeType` = PRO2-S: no GPU", "designed by AMD")),
        (TEMPLATE, {"commercialType": "COPARM1-4C-16G"}, ("Ampere Computing", "not in the catalogue")),
        (SERVER, {"serverType": "cpx32"}, ("no GPU", "designed by AMD")),
        (SERVER, {"serverType": "cx33"}, ("no GPU", "does not say who designs its CPUs")),
        ("scaleway:elasticmetal/server:Server", {"offer": "EM-A"}, ('"EM-A": not in the catalogue',)),
        (POOL, {"nodeType": UNKNOWN}, ("only known after the update, so nobody can tell whose silicon",)),
    ],
)
def test_each_machine_is_told_of(token: str, properties: dict[str, Any], expected: tuple[str, ...]) -> None:
    (found,) = told((token, properties))

    for part in expected:
        assert part in found


@pytest.mark.parametrize("name", ["H100-1-80G", "POP2-8C-32G", "GEX-of-nobody"])
def test_a_secret_node_type_is_told_of_and_not_printed(name: str) -> None:
    (found,) = told((POOL, {"nodeType": Secret(name)}))

    assert "is a secret, so its node type is not printed" in found
    assert name not in found
    assert "H100" not in found


def test_a_kind_of_machine_is_told_of_once_in_a_stack() -> None:
    pool = (POOL, {"nodeType": "L4-1-24G"})

    assert len(told(pool, pool, (TEMPLATE, {"commercialType": "L4-1-24G"}))) == 1
    assert told(pool, pool, asked_one_by_one=True) == []
    assert len(told((SERVER, {"serverType": "cx33"}), pool, asked_one_by_one=True)) == 1
    assert len(told(pool, (POOL, {"nodeType": "POP2-8C-32G"}))) == 2
    assert len(told((POOL, {"nodeType": UNKNOWN}), (POOL, {"nodeType": UNKNOWN}))) == 2
