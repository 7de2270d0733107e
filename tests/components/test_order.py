"""In which order a stack goes: what is billed by the hour before what may refuse to go."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from .recording import Choice, Registered, Tree, record

REGISTRY = {"eu": "registry.eu.example.com/sovereign", "uk": "registry.uk.example.com/sovereign"}
STACKS = [
    Choice("eu", "scaleway", "fr-par-2"),
    Choice("eu", "ovh", "GRA11", registry=REGISTRY["eu"]),
    Choice("uk", "civo", "LON1", registry=REGISTRY["uk"]),
    Choice("eu", "hetzner", "nbg1", registry=REGISTRY["eu"]),
]


def reached(start: Registered, by_urn: Mapping[str, Registered]) -> set[str]:
    """URNs of all that a resource, or a component around it, waits for: they are deleted after it."""
    found: set[str] = set()
    ahead = [start]
    while ahead:
        each = ahead.pop()
        for urn in (each.parent, each.provider.rpartition("::")[0], *each.waits_for):
            if urn in by_urn and urn not in found:
                found.add(urn)
                ahead.append(by_urn[urn])
    return found


def outliving(tree: Tree) -> list[str]:
    """What could still be there when the bucket refuses to go, beside what is made with it."""
    by_urn = {each.urn: each for each in tree.resources}
    [bucket] = [each.urn for each in tree.resources if each.type.endswith(":WeightsBucket")]
    others = [each for each in tree.made if each.parent != bucket]
    assert len(others) >= 4
    return [each.name for each in others if bucket not in reached(each, by_urn)]


@pytest.mark.parametrize("choice", STACKS, ids=lambda choice: choice.cloud)
@pytest.mark.parametrize("locked", [True, False], ids=["all", "foundation"])
def test_everything_goes_before_the_bucket_because_a_filled_one_refuses(choice: Choice, locked: bool) -> None:
    """An engine that has been refused starts no further deletion: GPU nodes would stand on and be billed."""
    assert outliving(record(replace(choice, locked=locked))) == []
