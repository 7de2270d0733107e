"""Dedicated GPU servers in a Hetzner stack on the real engine: chosen, kept, given up again."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import REPOSITORY, Project

pytestmark = pytest.mark.engine

PACK = ("--policy-pack", str(REPOSITORY / "policies"))
KUBERNETES = "kubernetes:apps/v1:"


@pytest.fixture
def falkenstein(sovereign: Callable[[str], Project]) -> Project:
    """The smallest stack there: one control plane, one node."""
    stack = sovereign("eu")
    stack.configure("sovereign:cloud", "hetzner")
    stack.configure("sovereign:location", "fsn1")
    stack.configure("sovereign:controlPlanes", 1)
    stack.configure("sovereign:cpuNodesMin", 1)
    return stack


def workload(stack: Project, kind: str, name: str) -> dict[str, Any] | None:
    found = [item["inputs"] for item in stack.cloud(f"{KUBERNETES}{kind}")]
    return next((each for each in found if each["metadata"]["name"] == name), None)


def up(stack: Project) -> str:
    ran = stack.up(*PACK)
    assert ran.returncode == 0, ran.stdout
    assert "[mandatory]" not in ran.stdout
    return ran.stdout


def test_two_joined_hosts_serve_with_vllm_until_they_are_given_up(falkenstein: Project) -> None:
    stack = falkenstein
    stack.configure("sovereign:gpuNodeType", "GEX44")
    refused = stack.pulumi("preview")
    assert refused.returncode != 0
    assert "sovereign:gpuNodeType: found 'GEX44', a dedicated server" in refused.stdout
    assert "Traceback" not in refused.stdout
    assert stack.cloud() == []

    stack.configure("sovereign:vswitchId", 4711)
    stack.configure("sovereign:gpuNodesMin", 2)
    stack.lock()
    said = up(stack)
    assert "GEX44: 1 x RTX 4000 SFF Ada a node, designed by NVIDIA, US" in said, (
        "whose silicon it is, is said"
    )
    outputs = stack.outputs()
    assert outputs["gpuNodeType"] == "GEX44"
    assert outputs["gpuStock"].endswith("dedicated server, ordered in Robot; the stack cannot see its stock")
    assert outputs["gexJoinScript"].startswith("#!/bin/sh")
    assert not [line for line in outputs["costEstimate"]["missing"] if "GPU nodes" in line]
    vllm = workload(stack, "Deployment", "vllm")
    assert vllm is not None
    assert vllm["spec"]["template"]["spec"]["runtimeClassName"] == "nvidia"
    assert workload(stack, "Deployment", "llama-cpp") is not None, "the fallback stays"
    assert workload(stack, "DaemonSet", "nvidia-device-plugin") is not None
    servers = stack.cloud("hcloud:index/server:Server")
    assert len(servers) == 3, "gateway, control plane, node: no API orders the GPU hosts"

    same = stack.pulumi("preview", "--refresh", "--expect-no-changes", *PACK)
    assert same.returncode == 0, same.stdout

    told = stack.run("-q", sys.executable, "-m", "preflight", "--stack", "eu", "--json").stdout
    [answer] = [
        each for each in json.loads(told[told.index("{") :])["answers"] if "GEX44 in" in each["about"]
    ]
    assert (answer["about"], answer["verdict"]) == ("GEX44 in fsn1", "not told")
    assert "ordered in Robot; the stack cannot see its stock" in answer["found"]

    stack.configure("sovereign:gpuNodeType", "none")
    up(stack)
    assert stack.outputs().get("gpuNodeType") is None
    assert workload(stack, "Deployment", "vllm") is None
    assert workload(stack, "Deployment", "llama-cpp") is not None

    destroyed = stack.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stdout
    assert stack.cloud() == []
