"""What a person reads when a rule is broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

import pytest

from policies.context import build_context
from policies.facts import Secret, StackFacts, Value, plain
from policies.redaction import redacted, secret_texts
from policies.secrets import secrets_in
from policies.violations import Violation, render, render_all
from tests.policies.stacks import TODAY, Case, cases, explicit_provider, resource, violations_of

LABELS: Final = ["rule", "resource", "urn", "found", "allowed", "fix", "exception"]
CONTEXT: Final = build_context("eu", rehearsal=False, today=TODAY)


def first(type_token: str, properties: dict[str, Any], rule: str = "residency") -> Violation:
    """The first violation of a rule by one resource in a stack of the EU."""
    package = type_token.partition(":")[0]
    each = resource(type_token, "thing", properties, provider=explicit_provider(package))
    return next(found for found in violations_of(StackFacts((each,)), CONTEXT) if found.rule == rule)


def test_a_message_says_which_resource_what_is_wrong_what_is_allowed_how_to_mend_it_and_whether_to_ask() -> (
    None
):
    text = render(first("ovh:CloudProject/kube:Kube", {"region": "eu-west-eri"}))

    assert [line[2:13].rstrip(" :") for line in text.splitlines()] == LABELS
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


BREAKING: Final = [case for case in cases() if case.breaks]


@pytest.mark.parametrize("case", BREAKING, ids=lambda case: case.id)
def test_every_violation_names_its_resource_what_was_found_what_is_allowed_the_fix_and_the_exception(
    case: Case,
) -> None:
    resources = case.stack().by_urn()
    spoken = [each for each in violations_of(case.stack(), case.context()) if each.rule == case.rule]

    assert spoken
    for violation in spoken:
        resource = resources[violation.urn]
        assert (violation.resource_type, violation.name) == (resource.type, resource.name)
        assert is_dataclass(violation)
        for each in fields(violation):
            text = getattr(violation, each.name)
            assert text.strip(), each.name
            assert "\n" not in text, each.name
        assert not violation.found == violation.allowed == violation.fix
        lines = render(violation).splitlines()
        assert [line[2:13].rstrip(" :") for line in lines] == LABELS


def _secrets(value: Value) -> Iterator[str]:
    match value:
        case Secret(inner):
            yield from _texts(inner)
        case tuple():
            yield from (text for element in value for text in _secrets(element))
        case Mapping():
            yield from (text for item in value.values() for text in _secrets(item))
        case _:
            return


def _texts(value: Value) -> Iterator[str]:
    match plain(value):
        case str() as text:
            yield text
        case tuple() as elements:
            yield from (text for element in elements for text in _texts(element))
        case Mapping() as items:
            yield from (text for item in items.values() for text in _texts(item))
        case _:
            return


@pytest.mark.parametrize("case", BREAKING, ids=lambda case: case.id)
def test_no_message_repeats_a_secret(case: Case) -> None:
    """Among what is allowed may be the secret code itself: it comes from the rule, not from the value."""
    secrets = {text for each in case.stack().resources for text in _secrets(each.properties) if text}

    for violation in violations_of(case.stack(), case.context()):
        for text in secrets:
            assert text not in violation.found + violation.fix + violation.exception
        assert "hush" not in render(violation)


def test_secrets_are_among_the_cases_that_break_a_rule() -> None:
    holding = [
        case for case in BREAKING if any(list(_secrets(each.properties)) for each in case.stack().resources)
    ]

    assert len(holding) >= 1


CANARY: Final = "canary9c51"


def _all_secret(value: Value) -> Value:
    """The same with every text in it secret, and with a word in each that stands nowhere else."""
    match value:
        case str() if value:
            return Secret(f"{value}-{CANARY}")
        case Secret(inner):
            return _all_secret(inner)
        case tuple():
            return tuple(_all_secret(each) for each in value)
        case Mapping():
            return {name: _all_secret(item) for name, item in value.items()}
        case _:
            return value


def test_whatever_is_secret_in_a_stack_that_breaks_a_rule_is_never_printed() -> None:
    spoken: set[str] = set()
    for case in BREAKING:
        stack = case.stack()
        hidden = [
            replace(each, properties={name: _all_secret(item) for name, item in each.properties.items()})
            for each in stack.resources
        ]
        for violation in violations_of(StackFacts(hidden), case.context()):
            text = render(redacted(violation, secret_texts(hidden)))
            assert CANARY not in text, (case.id, text)
            spoken.add(violation.rule)

    assert len(spoken) > 30, "most rules still speak, of values that are marked or of none at all"


def test_a_secret_code_is_judged_and_not_printed() -> None:
    violation = first("ovh:CloudProject/kube:Kube", {"region": Secret("UK1")})

    assert violation.rule == "residency"
    assert "UK1" not in violation.found


@pytest.mark.parametrize(
    ("command", "args"),
    [
        (["vllm", "serve", "hf_AbCdEfGhIjKlMnOpQrStUvWx"], []),
        (["vllm", "serve"], ["/models/mistralai/Mistral-7B-Instruct-v0.3", "--tokenizer", f"sk-{'Ab1' * 8}"]),
        (["/app/llama-server", "--offline", "-m", "/models/a/b/c", "--lora", f"ghp_{'Ab1' * 8}"], []),
    ],
)
def test_a_token_that_nobody_marked_is_not_printed_where_a_model_should_stand(
    command: list[str], args: list[str]
) -> None:
    pod = {"spec": {"containers": [{"name": "v", "image": "vllm", "command": command, "args": args}]}}
    token = next(word for word in (*command, *args) if list(secrets_in(word)))
    spoken = violations_of(
        StackFacts((resource("kubernetes:core/v1:Pod", "p", pod, provider=None),)), CONTEXT
    )
    told = [render(redacted(each, frozenset())) for each in spoken]

    assert any("model-ip" in text and "a secret value (not printed)" in text for text in told)
    assert not any(token in text for text in told)


def test_a_model_that_needs_an_acceptance_says_how_to_ask_for_one_and_a_refused_one_that_there_is_none() -> (
    None
):
    def pod(model: str) -> dict[str, Any]:
        image = f"registry.example/vllm@sha256:{'0' * 64}"
        return {"spec": {"containers": [{"name": "v", "image": image, "args": [f"/models/{model}"]}]}}

    needed = first("kubernetes:core/v1:Pod", pod("Qwen/Qwen3-8B"), "model-ip")
    refused = first("kubernetes:core/v1:Pod", pod("mistralai/Codestral-22B-v0.1"), "model-ip")

    assert "policies/acceptances.yaml" in needed.exception
    assert refused.exception.startswith("none")
    assert "Alibaba, CN" in needed.found
    assert "mistralai/Mistral-7B-Instruct-v0.3" not in needed.found


def test_several_violations_read_one_after_the_other_under_their_titles() -> None:
    violation = first("ovh:CloudProject/kube:Kube", {})

    text = render_all([("One", violation), ("Two", violation)])

    assert text.startswith("One\n  rule:")
    assert "\nTwo\n  rule:" in text
