"""Stacks on OVHcloud on the real engine, chosen by cloud and location alone."""

from collections.abc import Callable

import pytest

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


def test_gpus_not_granted_yet_are_an_error_that_says_so_while_the_fallback_serves(
    moved: Callable[[str, str], Project],
) -> None:
    """OVHcloud makes a pool without nodes and calls it created: a ticket has to be answered first.

    The flavour was listed as available when the program asked.
    """
    project = moved("eu", "GRA11")
    project.run("cloud", "out-of-stock", "l4-*", "GRA11", "--once")
    refused = project.up()
    assert refused.returncode != 0
    assert "status found: ERROR with 0 nodes available, allowed: READY" in refused.stdout
    assert "Open a ticket" in refused.stdout
    assert "Traceback" not in refused.stdout
    (pool,) = (item for item in project.cloud(POOL) if item["outputs"]["status"] == "ERROR")
    assert pool["inputs"]["flavorName"] == "l4-90"
    names = {item["inputs"]["metadata"]["name"] for item in project.cloud("kubernetes:apps/v1:Deployment")}
    assert names == {"llama-cpp", "jurisdiction-router", "egress-gate"}, "vLLM waits for its nodes"
    # The ticket is answered: the nodes are there, and a refresh learns of it.
    nodes = ("currentNodes=2", "availableNodes=2")
    granted = project.run("cloud", "edit", pool["id"], "status=READY", *nodes)
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


def test_of_the_alternatives_the_first_is_taken_that_is_in_stock_and_in_the_quota(
    moved: Callable[[str, str], Project],
) -> None:
    project = moved("eu", "GRA11")
    project.configure("sovereign:gpuAlternatives", ["l40s-90", "a10-45"])
    assert project.run("cloud", "quota", "l4-*", "0").returncode == 0
    assert project.run("cloud", "out-of-stock", "l40s-*", "GRA11").returncode == 0
    up = project.up(*PACK)
    assert up.returncode == 0, up.stdout
    outputs = project.outputs()
    assert outputs["gpuNodeType"] == "a10-45"
    assert outputs["gpuStock"] == (
        "l4-90@GRA11: out of stock; l40s-90@GRA11: out of stock; a10-45@GRA11: available"
    )
    assert {item["inputs"]["flavorName"] for item in project.cloud(POOL)} == {"b3-32", "a10-45"}


def bounds(project: Project) -> tuple[int, int, int]:
    (pool,) = [item for item in project.cloud(POOL) if "-cpu" in item["urn"]]
    minimum, count, maximum = (int(pool["inputs"][key]) for key in ("minNodes", "desiredNodes", "maxNodes"))
    return minimum, count, maximum


def test_a_pool_that_has_grown_keeps_its_nodes_when_its_bounds_change(
    moved: Callable[[str, str], Project],
) -> None:
    """The API refuses a node count outside of the bounds, and the provider sends one with every change."""
    project = moved("eu", "SBG5")
    project.configure("sovereign:cpuNodesMax", 5)
    assert project.up().returncode == 0
    assert bounds(project) == (2, 2, 5)

    # Nobody has refreshed since the autoscaler ordered two nodes.
    grown = project.run("cloud", "edit", "eu-cluster-cpu", "desiredNodes=4", "currentNodes=4")
    assert grown.returncode == 0, grown.stdout
    project.configure("sovereign:cpuNodesMin", 3)
    up = project.up(*PACK)
    assert up.returncode == 0, up.stdout
    assert bounds(project) == (3, 4, 5), "no node was taken away"

    # A refresh in the same command is not in the state yet when the program reads it.
    assert project.run("cloud", "edit", "eu-cluster-cpu", "desiredNodes=5").returncode == 0
    project.configure("sovereign:cpuNodesMax", 4)
    up = project.up("--refresh")
    assert up.returncode == 0, up.stdout
    assert bounds(project) == (3, 4, 4)
    same = project.pulumi("preview", "--refresh", "--expect-no-changes")
    assert same.returncode == 0, same.stdout
    assert project.run("cloud", "edit", "eu-cluster-cpu", "desiredNodes=3").returncode == 0
    for how in ((), ("--refresh",)):
        scaled = project.pulumi("preview", "--expect-no-changes", *how)
        assert scaled.returncode == 0, scaled.stdout
