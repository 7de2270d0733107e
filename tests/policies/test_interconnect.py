"""What spreads one model over several nodes is refused, however it is said, unless a fabric is declared."""

from __future__ import annotations

from typing import Any

import pytest

from policies.context import build_context
from policies.rules.interconnect import ANNOTATION, RULE
from tests.policies.stacks import TODAY, explicit_provider, resource

CONTEXT = build_context("eu", rehearsal=False, today=TODAY)
PINNED = f"@sha256:{'0' * 64}"
VLLM = f"rg.fr-par.scw.cloud/s/vllm{PINNED}"
LLAMA = f"rg.fr-par.scw.cloud/s/llama-cpp{PINNED}"
OTHER = f"rg.fr-par.scw.cloud/s/tools{PINNED}"
MODEL = "/models/mistralai/Mistral-7B-Instruct-v0.3"


def found(type_token: str, properties: dict[str, Any]) -> list[str]:
    """What the rule finds in one resource."""
    each = resource(type_token, "x", properties, provider=explicit_provider("kubernetes"))
    return [violation.found for violation in RULE.check(each, CONTEXT)]


def pod(container: dict[str, Any], fabric: str = "") -> dict[str, Any]:
    """A pod with one container, which gets two GPUs."""
    container = {"name": "c", "resources": {"limits": {"nvidia.com/gpu": "2"}}, **container}
    annotations = {ANNOTATION: fabric} if fabric else {}
    return {"metadata": {"annotations": annotations}, "spec": {"containers": [container]}}


SPREADING: list[dict[str, Any]] = [
    {"image": VLLM, "args": [MODEL, "--data-parallel-address=10.0.0.1"]},
    {"image": VLLM, "args": [MODEL, "--master_addr", "10.0.0.1"]},
    {"image": VLLM, "args": [MODEL, "--data-parallel-external-lb"]},
    {"image": VLLM, "args": [MODEL, "-dpn", "1"]},
    {"image": VLLM, "args": [MODEL, "-r1"]},
    {"image": VLLM, "args": [MODEL, "--distributed-exec", "external_launcher"]},
    {"image": VLLM, "args": [MODEL, "-dpl", "0"]},
    {"image": VLLM, "args": [MODEL], "env": [{"name": "VLLM_DP_SIZE", "valueFrom": {"fieldRef": {}}}]},
    {"image": LLAMA, "args": ["-m", MODEL, "--rpc", "10.0.0.1:50052"]},
    {"image": LLAMA, "args": ["-m", MODEL], "env": [{"name": "LLAMA_ARG_RPC", "value": "other:50052"}]},
    {"image": OTHER, "command": ["ray", "start", "--address=head:6379", "--block"]},
    {"image": OTHER, "command": ["sh", "-c", "sleep 5; /usr/bin/ray start --head && sleep infinity"]},
]


@pytest.mark.parametrize("container", SPREADING, ids=lambda each: " ".join(each.get("args", ["ray"])[-2:]))
def test_each_way_to_join_other_nodes_is_refused_until_the_fabric_is_named(container: dict[str, Any]) -> None:
    assert found("kubernetes:core/v1:Pod", pod(container))
    assert not found("kubernetes:core/v1:Pod", pod(container, fabric="vRack 100G"))


@pytest.mark.parametrize("kind", ["RayCluster", "RayService", "RayJob"])
def test_a_ray_cluster_needs_a_fabric_like_any_other_group_of_nodes(kind: str) -> None:
    token = f"kubernetes:ray.io/v1:{kind}"

    assert found(token, {"spec": {}}) == [
        "a Ray cluster spreads one model over several nodes; no fabric is declared"
    ]
    assert found(token, {"metadata": {"annotations": {ANNOTATION: "InfiniBand"}}, "spec": {}}) == []


@pytest.mark.parametrize(
    "container",
    [
        {"image": VLLM, "args": [MODEL, "-tp=2"]},
        {"image": VLLM, "args": [MODEL, "-pp", "2"], "env": [{"name": "VLLM_DP_SIZE", "value": "1"}]},
        {"image": LLAMA, "args": ["-m", MODEL, "-n", "2"], "env": [{"name": "LLAMA_ARG_RPC", "value": ""}]},
        {"image": OTHER, "command": ["ray", "--version"]},
        {"image": OTHER, "command": ["sh", "-c", "start ray"]},
    ],
)
def test_what_fits_one_pod_is_left_alone(container: dict[str, Any]) -> None:
    assert not found("kubernetes:core/v1:Pod", pod(container))


def test_a_message_says_what_was_asked_for_and_what_the_pod_has() -> None:
    wanted = pod({"image": VLLM, "args": [MODEL, "-tp=4", "-pp=2"]})

    assert found("kubernetes:core/v1:Pod", wanted) == [
        "container 'c' at spec.containers[0]: tensor 4 x pipeline 2 parallel asks for 8 GPUs and its pod "
        "has 2; no fabric is declared"
    ]
