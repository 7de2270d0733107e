"""What a person reads when a rule is broken."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, Final

import pytest

from policies.context import build_context
from policies.facts import Secret, StackFacts
from policies.violations import Violation, render, render_all
from tests.policies.stacks import TODAY, Case, cases, explicit_provider, resource, violations_of

CONTEXT: Final = build_context("eu", rehearsal=False, today=TODAY)


def first(type_token: str, properties: dict[str, Any]) -> Violation:
    """The first violation of one resource in a stack of the EU."""
    package = type_token.partition(":")[0]
    each = resource(type_token, "thing", properties, provider=explicit_provider(package))
    return violations_of(StackFacts((each,)), CONTEXT)[0]


def test_a_message_says_which_resource_what_is_wrong_what_is_allowed_how_to_mend_it_and_whether_to_ask() -> (
    None
):
    text = render(first("ovh:CloudProject/kube:Kube", {"region": "eu-west-eri"}))

    labels = [line[2:13].rstrip(" :") for line in text.splitlines()]
    assert labels == ["rule", "resource", "urn", "found", "allowed", "fix", "exception"]
    assert 'ovh:CloudProject/kube:Kube "thing"' in text
    assert (
        '`region` = "eu-west-eri", Erith, GB, jurisdiction uk; this stack belongs to jurisdiction eu' in text
    )
    assert "eu places of ovh: " in text
    assert "GRA11" in text
    assert "UK1" not in text
    assert "move the resource to the stack of its own jurisdiction" in text
    assert "exception: none. Residency cannot be accepted" in text


@pytest.mark.parametrize(
    ("type_token", "properties", "found"),
    [
        ("ovh:CloudProject/kube:Kube", {"region": "nowhere"}, "not a place of ovh in the catalogue"),
        ("ovh:CloudProject/kube:Kube", {}, "`region` not set"),
        ("ovh:CloudProject/kube:Kube", {"region": 1}, "not the code of a place"),
        ("ovh:CloudProject/kube:Kube", {"region": "BHS5"}, "CA, in no jurisdiction of the catalogue"),
        ("hcloud:index/volume:Volume", {}, "`location` or `serverId` not set"),
        (
            "scaleway:kubernetes/pool:Pool",
            {"region": "fr-par", "zone": "nl-ams-1"},
            "which is no zone of fr-par",
        ),
    ],
)
def test_each_way_to_miss_the_place_has_its_own_text(
    type_token: str, properties: dict[str, Any], found: str
) -> None:
    assert found in first(type_token, properties).found


@pytest.mark.parametrize("case", [case for case in cases() if case.breaks], ids=lambda case: case.id)
def test_no_message_has_an_empty_line_or_repeats_a_secret(case: Case) -> None:
    for violation in violations_of(case.stack(), case.context()):
        assert is_dataclass(violation)
        for each in fields(violation):
            text = getattr(violation, each.name)
            assert text.strip(), each.name
            assert "\n" not in text, each.name
            assert "hush" not in text


def test_a_secret_code_is_judged_and_not_printed() -> None:
    violation = first("ovh:CloudProject/kube:Kube", {"region": Secret("UK1")})

    assert violation.rule == "residency"
    assert "UK1" not in violation.found


def test_a_model_that_needs_an_acceptance_says_how_to_ask_for_one_and_a_refused_one_that_there_is_none() -> (
    None
):
    def pod(model: str) -> dict[str, Any]:
        image = f"registry.example/vllm@sha256:{'0' * 64}"
        return {"spec": {"containers": [{"name": "v", "image": image, "args": [f"/models/{model}"]}]}}

    needed = first("kubernetes:core/v1:Pod", pod("Qwen/Qwen3-8B"))
    refused = first("kubernetes:core/v1:Pod", pod("mistralai/Codestral-22B-v0.1"))

    assert "policies/acceptances.yaml" in needed.exception
    assert refused.exception.startswith("none")
    assert "Alibaba, CN" in needed.found
    assert "mistralai/Mistral-7B-Instruct-v0.3" not in needed.found


def test_several_violations_read_one_after_the_other_under_their_titles() -> None:
    violation = first("ovh:CloudProject/kube:Kube", {})

    text = render_all([("One", violation), ("Two", violation)])

    assert text.startswith("One\n  rule:")
    assert "\nTwo\n  rule:" in text
