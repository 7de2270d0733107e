"""Stacks on OVHcloud on the real engine, chosen by cloud and location alone."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from catalog import load_catalog
from tests.conftest import REPOSITORY, Project

pytestmark = pytest.mark.engine

PACK = ("--policy-pack", str(REPOSITORY / "policies"))
POOL = "ovh:CloudProject/kubeNodePool:KubeNodePool"


@pytest.fixture
def moved(sovereign: Callable[[str], Project]) -> Callable[[str, str], Project]:
    """The shipped stack with two lines of its file changed, and a made-up lock."""

    def move(stack: str, location: str) -> Project:
        project = sovereign(stack)
        project.configure("sovereign:cloud", "ovh")
        project.configure("sovereign:location", location)
        project.lock()
        return project

    return move


def registered(project: Project) -> list[dict[str, Any]]:
    exported = project.run("-q", "pulumi", "stack", "export", "--stack", project.stack)
    return json.loads(exported.stdout)["deployment"]["resources"]


@pytest.mark.parametrize(("stack", "location", "deployments"), [("eu", "EU-WEST-PAR", 3), ("uk", "UK1", 3)])
def test_a_stack_comes_up_stays_as_it_is_and_goes_without_a_trace(
    stack: str, location: str, deployments: int, moved: Callable[[str, str], Project]
) -> None:
    project = moved(stack, location)
    up = project.up(*PACK)
    assert up.returncode == 0, up.stdout
    assert "sovereign@v" in up.stdout, "the pack ran"
    assert "[mandatory]" not in up.stdout
    assert "deprecated" not in up.stdout
    outputs = project.outputs()
    assert (outputs["cloud"], outputs["location"]) == ("ovh", location)
    assert outputs["endpoint"] == f"https://{stack}.inference.example.com"
    assert len(project.cloud("kubernetes:apps/v1:Deployment")) == deployments
    _stands_in_its_jurisdiction(registered(project), stack)
    unchanged = project.pulumi("preview", "--expect-no-changes", *PACK)
    assert unchanged.returncode == 0, unchanged.stdout
    refreshed = project.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert refreshed.returncode == 0, refreshed.stdout
    destroyed = project.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stdout
    assert project.cloud() == []


def _stands_in_its_jurisdiction(resources: list[dict[str, Any]], jurisdiction: str) -> None:
    catalog, checked = load_catalog(), 0
    for item in resources:
        if not item["type"].startswith("ovh:"):
            continue
        assert "::default" not in item["provider"], item["urn"]
        for name in ("region", "regionName", "regions"):
            stated = item["inputs"].get(name) or []
            for code in [stated] if isinstance(stated, str) else stated:
                place = catalog.place("ovh", code)
                assert place is not None
                assert place.jurisdiction == jurisdiction, item["urn"]
                checked += 1
    assert checked >= 6


def test_gpus_not_granted_yet_are_an_error_that_says_so_while_the_fallback_serves(
    moved: Callable[[str, str], Project],
) -> None:
    """OVHcloud makes a pool without nodes and calls it created: a ticket has to be answered first."""
    project = moved("eu", "GRA11")
    project.run("cloud", "out-of-stock", "l4-*", "GRA11")
    refused = project.up()
    assert refused.returncode != 0
    assert "status found: ERROR, allowed: READY" in refused.stdout
    assert "Open a ticket" in refused.stdout
    assert "Traceback" not in refused.stdout
    (pool,) = (item for item in project.cloud(POOL) if item["outputs"]["status"] == "ERROR")
    assert pool["inputs"]["flavorName"] == "l4-90"
    names = {item["inputs"]["metadata"]["name"] for item in project.cloud("kubernetes:apps/v1:Deployment")}
    assert names == {"llama-cpp", "jurisdiction-router", "egress-gate"}, "vLLM waits for its nodes"
    # The ticket is answered: the nodes are there, and a refresh learns of it.
    project.run("cloud", "clear")
    granted = project.run("cloud", "edit", pool["id"], "status=READY", "currentNodes=2")
    assert granted.returncode == 0, granted.stdout
    assert project.pulumi("refresh", "--yes", "--skip-preview").returncode == 0
    assert project.up().returncode == 0
    assert len(project.cloud("kubernetes:apps/v1:Deployment")) == 4


def test_without_a_lock_the_first_update_tells_the_name_of_the_registry(
    sovereign: Callable[[str], Project],
) -> None:
    project = sovereign("eu")
    project.configure("sovereign:cloud", "ovh")
    project.configure("sovereign:location", "EU-SOUTH-MIL")
    up = project.up(*PACK)
    assert up.returncode == 0, up.stdout
    assert "builds the foundation only" in up.stdout
    (harbor,) = project.cloud("ovh:CloudProject/containerRegistry:ContainerRegistry")
    host = harbor["outputs"]["url"].removeprefix("https://")
    assert project.outputs()["registry"] == f"{host}/sovereign"
    assert harbor["inputs"]["region"] == "EU-SOUTH-MIL"
    assert project.cloud("kubernetes:*") == []
