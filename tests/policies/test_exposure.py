"""What the exposure and host rules say while a program still runs, and what their messages never say."""

from __future__ import annotations

from typing import Any, Final

import pytest

from policies.context import build_context
from policies.facts import UNKNOWN, Resource, Secret, StackFacts
from policies.violations import Violation
from tests.policies.stacks import TODAY, explicit_provider, resource, violations_of

CONTEXT: Final = build_context("eu", rehearsal=False, today=TODAY)


def _resource(type_token: str, properties: dict[str, Any]) -> Resource:
    return resource(type_token, "r", properties, provider=explicit_provider(type_token.partition(":")[0]))


def _about(type_token: str, properties: dict[str, Any], *, complete: bool = True) -> list[Violation]:
    stack = StackFacts((_resource(type_token, properties),), complete=complete)
    return violations_of(stack, CONTEXT)


@pytest.mark.parametrize(
    ("type_token", "properties", "rule"),
    [
        ("scaleway:kubernetes/cluster:Cluster", {"region": "fr-par"}, "exposure-api"),
        ("ovh:CloudProject/kube:Kube", {"region": "GRA11"}, "exposure-api"),
        ("scaleway:object/bucket:Bucket", {"region": "fr-par", "name": "b"}, "exposure-encryption"),
        ("hcloud:index/server:Server", {"location": "fsn1"}, "exposure-server"),
    ],
)
def test_what_may_still_come_is_not_called_missing_before_the_program_has_ended(
    type_token: str, properties: dict[str, Any], rule: str
) -> None:
    assert [each.rule for each in _about(type_token, properties, complete=False)] == []
    assert [each.rule for each in _about(type_token, properties)] == [rule]


def test_a_host_from_a_secret_is_judged_by_its_suffix_and_never_shown() -> None:
    found = _about(
        "kubernetes:core/v1:ConfigMap", {"data": {"a": Secret("https://canary.eks.amazonaws.com/canary")}}
    )

    assert "hyperscalers-hosts" in {each.rule for each in found}
    assert not any("canary" in each.found for each in found)


def test_a_key_that_is_not_a_name_is_not_shown() -> None:
    found = _about("kubernetes:core/v1:ConfigMap", {"data": {"canary hush": "x.amazonaws.com"}})

    assert [each.found.partition(" ")[0] for each in found] == ["`data`"]


@pytest.mark.parametrize("value", [UNKNOWN, Secret("0.0.0.0/0"), "0.0.0.0/0", "not a range"])
def test_a_range_that_is_unknown_secret_or_unreadable_is_everybody(value: Any) -> None:
    rule = {"direction": "in", "protocol": "tcp", "port": "22", "sourceIps": [value]}

    assert [each.rule for each in _about("hcloud:index/firewall:Firewall", {"rules": [rule]})] == [
        "exposure-firewall"
    ]


@pytest.mark.parametrize("value", [UNKNOWN, Secret("public-read"), "public-read", "PRIVATE", 1])
def test_a_bucket_is_private_only_if_it_says_so_letter_by_letter(value: Any) -> None:
    found = _about("scaleway:object/bucketAcl:BucketAcl", {"region": "fr-par", "bucket": "b", "acl": value})

    assert "exposure-bucket" in {each.rule for each in found}
    assert not any("public-read" in each.found for each in found if isinstance(value, Secret))
