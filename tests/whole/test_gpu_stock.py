"""What a stack does when its cloud has no GPU left, on the real engine."""

from collections.abc import Callable

import pytest

from tests.conftest import REPOSITORY, Project

pytestmark = pytest.mark.engine

PACK = ("--policy-pack", str(REPOSITORY / "policies"))
SERVING = "kubernetes:apps/v1:Deployment"


def pools(project: Project) -> list[str]:
    return [item["inputs"]["nodeType"] for item in project.cloud("scaleway:kubernetes/pool:Pool")]


def served_by(project: Project) -> set[str]:
    names = {item["inputs"]["metadata"]["name"] for item in project.cloud(SERVING)}
    return names & {"vllm", "llama-cpp"}


def test_the_next_in_the_list_is_taken_kept_and_shown(sovereign: Callable[[str], Project]) -> None:
    stack = sovereign("eu")
    stack.lock()
    stack.configure("sovereign:gpuAlternatives", ["L40S-1-48G"])
    assert stack.run("cloud", "out-of-stock", "L4-*", "fr-par-2").returncode == 0
    up = stack.pulumi("up", "--yes", *PACK)
    assert up.returncode == 0, up.stdout
    outputs = stack.outputs()
    assert (outputs["gpuNodeType"], outputs["gpuZone"]) == ("L40S-1-48G", "fr-par-2")
    assert outputs["gpuStock"] == "L4-1-24G@fr-par-2: out of stock; L40S-1-48G@fr-par-2: available"
    assert "L40S-1-48G" in pools(stack)

    # L4 is back: what runs stays where it is.
    assert stack.run("cloud", "clear").returncode == 0
    again = stack.up()
    assert again.returncode == 0, again.stdout
    assert "L40S-1-48G" in pools(stack)
    assert stack.outputs()["gpuStock"] == "L40S-1-48G@fr-par-2: held since an earlier update"
    assert stack.pulumi("preview", "--expect-no-changes").returncode == 0


@pytest.mark.parametrize("jurisdiction", ["eu", pytest.param("uk", marks=pytest.mark.places)])
def test_with_no_gpu_left_the_cpus_serve_until_there_is_one(
    sovereign: Callable[[str], Project], jurisdiction: str
) -> None:
    stack = sovereign(jurisdiction)
    stack.lock()
    everything = {"eu": "L4*", "uk": "an.g1*"}[jurisdiction]
    assert stack.run("cloud", "out-of-stock", everything).returncode == 0
    up = stack.pulumi("up", "--yes", *PACK)
    assert up.returncode == 0, up.stdout
    assert "so llama.cpp on CPUs serves alone until an update finds one" in up.stdout
    outputs = stack.outputs()
    assert outputs["endpoint"], "the stack serves"
    assert outputs.get("gpuNodeType") is None
    assert served_by(stack) == {"llama-cpp"}

    assert stack.run("cloud", "clear").returncode == 0
    again = stack.up()
    assert again.returncode == 0, again.stdout
    assert stack.outputs().get("gpuNodeType")
    assert served_by(stack) == {"llama-cpp", "vllm"}
