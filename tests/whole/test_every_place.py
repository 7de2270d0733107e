"""A stack in every place of every cloud on the real engine, from its first day to its last."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from catalog import Place, load_catalog
from components.clouds import built_clouds
from tests.conftest import REPOSITORY, Project

pytestmark = pytest.mark.engine

PACK = ("--policy-pack", str(REPOSITORY / "policies"))
CATALOG = load_catalog()
NODES: Mapping[str, tuple[str, str]] = {
    "scaleway": ("scaleway:kubernetes/pool:Pool", "nodeType"),
    "ovh": ("ovh:CloudProject/kubeNodePool:KubeNodePool", "flavorName"),
    "civo": ("civo:index/kubernetesNodePool:KubernetesNodePool", "size"),
    "hetzner": ("hcloud:index/server:Server", "serverType"),
}
"""What a cloud calls nodes, and where it says of which type they are."""


@dataclass(frozen=True)
class Stage:
    """Where a stack is put, and whether with GPUs."""

    place: Place
    gpu: bool

    def __str__(self) -> str:
        kind = "gpu" if self.gpu else "cpu"
        return f"{self.place.cloud}-{self.place.code}-{kind}"


def stages() -> Iterator[Stage]:
    for cloud in built_clouds():
        for jurisdiction in sorted(CATALOG.jurisdictions):
            for place in CATALOG.stack_locations(cloud, jurisdiction):
                assert place.defaults is not None
                if place.defaults.gpu_node_type is not None:
                    yield Stage(place, gpu=True)
                yield Stage(place, gpu=False)


LIVED = {"scaleway-fr-par-2-gpu"}
"""A managed cluster with GPUs, in every run. The other places tell much about the catalogue and little about
the code: they have a tier of their own, `make places`. Of Hetzner the tests beside this one tell."""

SHORT = {"ovh-EU-WEST-PAR-cpu"}
"""Three zones in one region: up and down again in every run. Of Civo the tests beside this one tell."""

KILLED = {"scaleway-fr-par-2-gpu", "hetzner-fsn1-cpu"}
"""The same and a cluster from the operating system up, in every run."""

KILLED_ELSEWHERE = {"ovh-GRA11-gpu", "civo-LON1-gpu"}


def parameters(chosen: Callable[[str], bool], in_every_run: set[str]) -> list[Any]:
    """Some stages; those that are not in every run in the tier `places`."""
    known = {str(stage): stage for stage in stages()}
    assert set(known) >= LIVED | KILLED | KILLED_ELSEWHERE
    return [
        pytest.param(stage, id=name, marks=() if name in in_every_run else pytest.mark.places)
        for name, stage in known.items()
        if chosen(name)
    ]


def staged(stage: Stage, project: Callable[[str], Project]) -> Project:
    """The shipped stack, moved by two lines of its file."""
    assert stage.place.jurisdiction is not None
    stack = project(stage.place.jurisdiction)
    stack.configure("sovereign:cloud", stage.place.cloud)
    stack.configure("sovereign:location", stage.place.code)
    if not stage.gpu and stage.place.defaults and stage.place.defaults.gpu_node_type:
        stack.configure("sovereign:gpuNodeType", "none")
    stack.lock()
    return stack


def up(stack: Project) -> None:
    """An update, judged by the guard inside the program; `stays` has the pack judge the same resources."""
    ran = stack.up()
    assert ran.returncode == 0, ran.stdout


def stays(stack: Project) -> None:
    """Neither the program nor what the clouds hold calls for a change, and no rule speaks."""
    same = stack.pulumi("preview", "--refresh", "--expect-no-changes", *PACK)
    assert same.returncode == 0, same.stdout
    assert "[mandatory]" not in same.stdout


def gone(stack: Project) -> None:
    """Nothing is left, and what a cloud's controller made went while its cluster still stood."""
    destroyed = stack.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stdout
    assert stack.cloud() == []
    deleted = [line for line in destroyed.stdout.splitlines() if " deleted" in line]
    service = next(i for i, line in enumerate(deleted) if "router-service" in line)
    for later in ("-network-", "-cluster-", "-edge-"):
        clouds = [i for i, line in enumerate(deleted) if later in line and "kubernetes:" not in line]
        assert not clouds or service < min(clouds), f"{later} went before the load balancer"


def node_types(stack: Project, stage: Stage) -> list[str]:
    type_, name = NODES[stage.place.cloud]
    return [item["inputs"][name] for item in stack.cloud(type_)]


def serving(stack: Project) -> set[Any]:
    names = {item["inputs"]["metadata"]["name"] for item in stack.cloud("kubernetes:apps/v1:Deployment")}
    return names & {"vllm", "llama-cpp"}


@pytest.mark.parametrize("stage", [each for each in stages() if str(each) in SHORT], ids=str)
def test_a_stack_comes_up_stays_and_goes(stage: Stage, sovereign: Callable[[str], Project]) -> None:
    stack = staged(stage, sovereign)
    up(stack)
    assert serving(stack) == {"llama-cpp"}
    stays(stack)
    gone(stack)


ONE_CPU_TYPE = {"GRA5", "GRA7", "GRA9", "SBG5", "EU-WEST-RBX"}
"""Places of OVHcloud where the catalogue knows one CPU node type that is large enough: nothing to change."""


def other_cpu_type(place: Place) -> str | None:
    """Another CPU node type on which the stack fits; None where there is no other."""
    assert place.defaults is not None
    others = [
        node.name
        for node in CATALOG.node_types(place.cloud)
        if node.gpu is None and place.code in node.places and node.name != place.defaults.cpu_node_type
        if (node.memory_gib or 0) >= 8
    ]
    assert bool(others) != (place.code in ONE_CPU_TYPE)
    return others[0] if others else None


def cpu_types(place: Place) -> tuple[str, str | None]:
    """CPU node types before and after a change. The larger disk comes last: Hetzner's servers keep theirs."""
    assert place.defaults is not None
    default, other = place.defaults.cpu_node_type, other_cpu_type(place)
    if other is None or _disk(place, other) >= _disk(place, default):
        return default, other
    return other, default


def _disk(place: Place, name: str) -> int:
    node = CATALOG.node_type(place.cloud, name)
    assert node is not None
    return node.disk_gb or 0


@pytest.mark.parametrize("stage", parameters(lambda name: True, LIVED))
def test_a_stack_lives_through_all_that_is_done_to_it(
    stage: Stage, sovereign: Callable[[str], Project]
) -> None:
    stack = staged(stage, sovereign)
    first, other = cpu_types(stage.place)
    stack.configure("sovereign:cpuNodeType", first)
    assert stack.pulumi("preview", *PACK).returncode == 0
    up(stack)
    stays(stack)

    before = _cpu_nodes(stack, stage)
    stack.configure("sovereign:cpuNodesMin", 3)
    up(stack)
    assert _cpu_nodes(stack, stage) == before + 1, "the pool has grown by a node"

    if other is not None:
        stack.configure("sovereign:cpuNodeType", other)
        if stage.place.cloud == "civo":
            _is_refused_and_set_back(stack, first)
        else:
            up(stack)
            assert other in _cpu_types(stack, stage)

    if stage.gpu:
        assert stage.place.defaults is not None
        assert stage.place.defaults.gpu_node_type in node_types(stack, stage)
        assert serving(stack) == {"vllm", "llama-cpp"}
        stack.configure("sovereign:gpuNodeType", "none")
        up(stack)
        assert stage.place.defaults.gpu_node_type not in node_types(stack, stage)
        assert serving(stack) == {"llama-cpp"}
    stays(stack)
    gone(stack)


def _is_refused_and_set_back(stack: Project, node_type: str) -> None:
    """Civo changes no node type of a cluster's own pool: the preview says so, and nothing is lost."""
    refused = stack.pulumi("preview", *PACK)
    assert refused.returncode != 0
    assert "sovereign:cpuNodeType: found" in refused.stdout, refused.stdout
    assert "Traceback" not in refused.stdout
    stack.configure("sovereign:cpuNodeType", node_type)
    stays(stack)


@pytest.mark.parametrize("stage", parameters(lambda name: name in KILLED | KILLED_ELSEWHERE, KILLED))
def test_an_update_killed_in_the_middle_ends_where_an_undisturbed_one_does(
    stage: Stage, sovereign: Callable[[str], Project]
) -> None:
    stack = staged(stage, sovereign)
    running = stack.start("pulumi", "up", "--yes", "--skip-preview", "--stack", stack.stack)
    deadline = time.monotonic() + 90
    while len(stack.cloud()) < 15:
        assert running.poll() is None, "the update ended before it could be killed"
        assert time.monotonic() < deadline, "nothing is being made"
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    up(stack)
    made = Counter(item["urn"] for item in stack.cloud())
    assert max(made.values()) == 1, "something was made twice"
    assert serving(stack) == ({"vllm", "llama-cpp"} if stage.gpu else {"llama-cpp"})
    stays(stack)


def _cpu_types(stack: Project, stage: Stage) -> list[str]:
    """Node types of the CPU nodes. Civo's are the first pool of the cluster itself."""
    if stage.place.cloud == "civo":
        (cluster,) = stack.cloud("civo:index/kubernetesCluster:KubernetesCluster")
        return [cluster["inputs"]["pools"]["size"]]
    return node_types(stack, stage)


def _cpu_nodes(stack: Project, stage: Stage) -> int:
    match stage.place.cloud:
        case "hetzner":
            return len([item for item in stack.cloud(NODES["hetzner"][0]) if "-cpu-" in item["urn"]])
        case "civo":
            (cluster,) = stack.cloud("civo:index/kubernetesCluster:KubernetesCluster")
            return int(cluster["inputs"]["pools"]["nodeCount"])
        case cloud:
            (pool,) = [item for item in stack.cloud(NODES[cloud][0]) if "-cpu" in item["urn"]]
            return int(pool["inputs"]["size" if cloud == "scaleway" else "desiredNodes"])
