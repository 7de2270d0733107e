"""Pools that grow by themselves where the cloud does not do it: the autoscaler on the real engine."""

import base64
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY, Project

pytestmark = pytest.mark.engine

PACK = ("--policy-pack", str(REPOSITORY / "policies"))
AUTOSCALER = "cluster-autoscaler"
COMMAND = "command:local:Command"


def up(project: Project) -> str:
    ran = project.up(*PACK)
    assert ran.returncode == 0, ran.stdout
    assert "sovereign@v" in ran.stdout, "the pack ran"
    assert "[mandatory]" not in ran.stdout, ran.stdout
    return ran.stdout


def named(project: Project, kind: str, name: str) -> dict[str, Any]:
    [found] = [
        item for item in project.cloud(f"kubernetes:*:{kind}") if item["inputs"]["metadata"]["name"] == name
    ]
    return found["inputs"]


def arguments(project: Project) -> list[str]:
    [container] = named(project, "Deployment", AUTOSCALER)["spec"]["template"]["spec"]["containers"]
    return container["args"]


def nothing_changes(project: Project) -> None:
    previewed = project.pulumi("preview", "--refresh", "--expect-no-changes", *PACK)
    assert previewed.returncode == 0, previewed.stdout


def taking_away(project: Project) -> list[dict[str, Any]]:
    """Commands that run when the stack goes; another one waits for the API when it comes."""
    return [item for item in project.cloud(COMMAND) if "delete" in item["inputs"]]


def gone_in_this_order(output: str, steps: Sequence[str]) -> None:
    positions = [output.index(f"{step} deleted") for step in steps]
    assert positions == sorted(positions), list(zip(steps, positions, strict=True))


def test_pools_of_civo_grow_between_minimum_and_maximum_and_no_update_shrinks_them(
    sovereign: Callable[[str], Project],
) -> None:
    project = sovereign("uk")
    project.configure("sovereign:cpuNodesMax", 4)
    project.configure("sovereign:gpuNodesMax", 3)
    project.lock()
    pools = "civo:index/kubernetesNodePool:KubernetesNodePool"
    up(project)
    [pool] = project.cloud(pools)
    groups = [argument for argument in arguments(project) if argument.startswith("--nodes=")]
    assert groups == ["--nodes=2:4:uk-cluster-cpu", f"--nodes=2:3:{pool['inputs']['label']}"]
    access = named(project, "Secret", "cloud-access")
    assert set(access["stringData"]) == {"CIVO_API_KEY"}
    nothing_changes(project)

    # The autoscaler has ordered one node more for each.
    for kind, count in (
        ("kubernetesCluster:KubernetesCluster", "pools.nodeCount"),
        ("kubernetesNodePool:*", "nodeCount"),
    ):
        edited = project.run("cloud", "edit", f"civo:index/{kind}", f"{count}=3")
        assert edited.returncode == 0, edited.stdout
    nothing_changes(project)
    up(project)
    [cluster] = project.cloud("civo:index/kubernetesCluster:KubernetesCluster")
    [pool] = project.cloud(pools)
    assert (cluster["inputs"]["pools"]["nodeCount"], pool["inputs"]["nodeCount"]) == (3, 3)

    destroyed = project.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stdout
    assert project.cloud() == []
    gone_in_this_order(destroyed.stdout, ["uk-autoscaler-deployment", "uk-cluster-k3s"])


def test_the_cpu_pool_of_hetzner_grows_and_its_servers_go_before_the_network(
    sovereign: Callable[[str], Project],
) -> None:
    project = sovereign("eu")
    for key, value in (("cloud", "hetzner"), ("location", "nbg1"), ("controlPlanes", 1), ("cpuNodesMax", 5)):
        project.configure(f"sovereign:{key}", value)
    project.lock()
    up(project)
    assert "--nodes=0:3:cpx42:nbg1:eu-autoscaler-cpu" in arguments(project)
    access = named(project, "Secret", "cloud-access")["stringData"]
    config = json.loads(base64.b64decode(access["HCLOUD_CLUSTER_CONFIG"]))
    node = config["nodeConfigs"]["eu-autoscaler-cpu"]
    assert node["serverLabels"]["sovereign.dev/jurisdiction"] == "eu"
    [subnet] = [
        item
        for item in project.cloud("hcloud:index/networkSubnet:NetworkSubnet")
        if item["inputs"]["ipRange"] == node["subnetIPRange"]
    ]
    assert subnet["inputs"]["networkZone"] == "eu-central"
    files = {file["path"]: file["content"] for file in yaml.safe_load(node["cloudInit"])["write_files"]}
    assert "NODE_ADDRESS=''" in files["/etc/sovereign/node.env"], "Hetzner chooses the address"
    # No more than a record of what would be run, and nothing before the stack is taken down.
    [command] = taking_away(project)
    assert {"create", "update"}.isdisjoint(command["inputs"])
    assert command["inputs"]["environment"]["NODE_GROUP"] == "eu-autoscaler-cpu"
    state = (project.directory / ".rehearsal" / "state" / ".pulumi" / "stacks" / "sovereign").glob("*.json")
    text = "".join(path.read_text() for path in state)
    assert command["inputs"]["environment"]["HCLOUD_TOKEN"] not in text
    assert access["HCLOUD_CLUSTER_CONFIG"][:60] not in text
    nothing_changes(project)

    # Off again would take away what belongs to it and nothing else.
    project.configure("sovereign:cpuNodesMax", 2)
    off = project.pulumi("preview", *PACK)
    assert off.returncode == 0, off.stdout
    deleted = re.findall(r"^ -\s+\S+ (\S+) delete", off.stdout, re.MULTILINE)
    assert "eu-autoscaler-servers" in deleted
    assert [name for name in deleted if not name.startswith("eu-autoscaler")] == []
    assert re.search(r"Resources:\s+- \d+ to delete\s+\d+ unchanged", off.stdout), off.stdout
    project.configure("sovereign:cpuNodesMax", 5)

    destroyed = project.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stdout
    assert project.cloud() == []
    for last in ("eu-network-closed", "eu-network-private"):
        gone_in_this_order(destroyed.stdout, ["eu-autoscaler-pods-deployment", "eu-autoscaler-servers", last])
