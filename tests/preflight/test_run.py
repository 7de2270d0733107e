"""A whole preflight on the real engine, as a person or CI runs it."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import REPOSITORY, Project

pytestmark = pytest.mark.engine


def preflight(stack: Project) -> tuple[int, dict[str, Any]]:
    run = stack.run("-q", sys.executable, "-m", "preflight", "--stack", stack.stack, "--json")
    text = run.stdout
    return run.returncode, json.loads(text[text.index("{") :]) if "{" in text else {"said": text}


def with_pack(stack: Project) -> Project:
    """Preflight looks for the pack where the project is."""
    (stack.directory / "policies").symlink_to(REPOSITORY / "policies")
    return stack


def verdicts(told: dict[str, Any]) -> dict[str, str]:
    return {answer["about"]: answer["verdict"] for answer in told["answers"]}


@pytest.mark.parametrize("jurisdiction", ["eu", "uk"])
def test_a_default_stack_passes_and_leaves_nothing_behind(
    sovereign: Callable[[str], Project], jurisdiction: str
) -> None:
    stack = with_pack(sovereign(jurisdiction))
    stack.lock()
    status, told = preflight(stack)
    assert status == 0, told
    assert told["passed"] is True
    found = verdicts(told)
    assert found["residency"] == found["licence"] == found["lock"] == found["telemetry off"] == "good"
    assert found["quota"] == "not told"
    assert stack.cloud() == [], "nothing was created"
    stacks = stack.run("-q", "pulumi", "stack", "ls", "--all", "--json").stdout
    assert "preflight" not in stacks


@pytest.mark.parametrize(
    ("jurisdiction", "cloud", "location"),
    [("eu", "ovh", "GRA11"), ("uk", "ovh", "UK1"), ("eu", "hetzner", "hel1")],
)
def test_every_cloud_is_asked_for_its_place_and_machines(
    sovereign: Callable[[str], Project], jurisdiction: str, cloud: str, location: str
) -> None:
    stack = with_pack(sovereign(jurisdiction))
    stack.configure("sovereign:cloud", cloud)
    stack.configure("sovereign:location", location)
    stack.configure("sovereign:dnsZone", "example.com")
    status, told = preflight(stack)
    assert "answers" in told, told
    account = {a["about"]: a for a in told["answers"] if a["section"] == "Account"}
    assert all(answer["verdict"] in {"good", "not told"} for answer in account.values()), account
    assert any(location in about and answer["verdict"] == "good" for about, answer in account.items())
    assert status == 0


def test_what_is_out_of_stock_or_not_lawful_fails(sovereign: Callable[[str], Project]) -> None:
    stack = sovereign("eu")
    stack.configure("sovereign:model", "mistralai/Codestral-22B-v0.1")
    assert stack.run("cloud", "out-of-stock", "POP2-*", "fr-par-2").returncode == 0
    assert stack.run("cloud", "out-of-stock", "L4-*", "fr-par-2").returncode == 0
    status, told = preflight(stack)
    assert status == 1, told
    found = verdicts(told)
    assert found["POP2-8C-32G in fr-par-2"] == found["L4-1-24G in fr-par-2"] == "fail"
    assert found["licence"] == "fail"
    assert found["GPU pool"] == "look", "a stack comes up without GPUs"


def test_machines_that_nobody_chose_are_asked_for_as_well(sovereign: Callable[[str], Project]) -> None:
    """Every stack on Hetzner has a gateway and a control plane, of types that no setting names."""
    stack = with_pack(sovereign("eu"))
    stack.configure("sovereign:cloud", "hetzner")
    stack.configure("sovereign:location", "hel1")
    assert stack.run("cloud", "out-of-stock", "cx33", "hel1").returncode == 0
    status, told = preflight(stack)
    assert status == 1, told
    found = verdicts(told)
    assert (found["cx23 in hel1"], found["cx33 in hel1"]) == ("good", "fail")
    (answer,) = (each for each in told["answers"] if each["about"] == "cx33 in hel1")
    assert answer["remedy"].startswith("choose another sovereign:location")


def test_a_domain_of_which_hetzner_holds_no_zone_is_told_before_the_start(
    sovereign: Callable[[str], Project],
) -> None:
    stack = with_pack(sovereign("eu"))
    stack.configure("sovereign:cloud", "hetzner")
    stack.configure("sovereign:location", "hel1")
    status, told = preflight(stack)
    assert status == 1, told
    (answer,) = (each for each in told["answers"] if each["verdict"] == "fail")
    assert answer["about"] == "DNS zone inference.example.com"
    assert "sovereign:dnsZone" in answer["remedy"]
    stack.configure("sovereign:dnsZone", "example.com")
    status, told = preflight(stack)
    assert status == 0, told
    assert verdicts(told)["DNS zone example.com"] == "good"


def test_wrong_settings_end_in_their_own_message(sovereign: Callable[[str], Project]) -> None:
    stack = sovereign("eu")
    stack.configure("sovereign:location", "LON1")
    status, told = preflight(stack)
    assert status == 2
    assert "sovereign:location: found 'LON1'" in told["said"]
    assert "Traceback" not in told["said"]


def test_every_site_is_asked_about_one_that_fails_fails_all_and_the_costs_are_added_up(
    sovereign: Callable[[str], Project],
) -> None:
    stack = with_pack(sovereign("eu"))
    stack.configure("sovereign:sites", [{"cloud": "scaleway", "location": "pl-waw-2"}])
    assert stack.run("cloud", "out-of-stock", "POP2-*", "pl-waw-2").returncode == 0
    status, told = preflight(stack)
    assert "answers" in told, told
    residency = {a["section"]: a["found"] for a in told["answers"] if a["about"] == "residency"}
    assert "scaleway fr-par-2" in residency["Law: eu"]
    assert "scaleway pl-waw-2" in residency["Law: eu-scaleway-pl-waw-2"]
    failed = [(a["section"], a["about"]) for a in told["answers"] if a["verdict"] == "fail"]
    assert failed == [("Account: eu-scaleway-pl-waw-2", "POP2-8C-32G in pl-waw-2")]
    assert status == 1
    (total,) = (a for a in told["answers"] if a["section"] == "Cost of all sites, estimated")
    assert "The sum of 2 sites" in total["found"]
    assert "eu-scaleway-pl-waw-2: " in total["remedy"]
