"""The gate around workloads, on the real engine: images by the lock, switches, closed networks."""

import json
from collections.abc import Callable

import pytest

from tests.conftest import REPOSITORY, Project

pytestmark = pytest.mark.engine

PACK = ("--policy-pack", str(REPOSITORY / "policies"))
KUBECONFIG = json.dumps(
    {
        "clusters": [
            {"name": "c", "cluster": {"server": "https://some.api.k8s.fr-par.scw.cloud:6443"}},
        ],
        "contexts": [{"name": "c", "context": {"cluster": "c"}}],
        "current-context": "c",
    }
)
"""Leads to a cluster whose place is known."""

A_WORKLOAD = """
    import pulumi_kubernetes as k8s
    k8s.core.v1.Pod(
        "stray",
        metadata={"name": "stray", "namespace": "inference"},
        spec={"containers": [{"name": "c", "image": "%s"}]},
        opts=pulumi.ResourceOptions(provider=k8s.Provider("stray", kubeconfig=%r)),
    )
    """
STRAY = f"rg.fr-par.scw.cloud/eu-inference-example-com/rehearsal/stray@sha256:{'0' * 64}"


def test_an_image_that_is_not_in_the_lock_is_refused_by_pack_and_guard(
    sovereign: Callable[[str], Project],
) -> None:
    project = sovereign("eu")
    project.lock()
    project.append_to_program(A_WORKLOAD % (STRAY, KUBECONFIG))
    result = project.pulumi("preview", *PACK)
    assert result.returncode != 0
    policies, _, diagnostics = result.stdout.partition("Diagnostics:")
    for part in (policies, diagnostics):
        assert "images-lock" in part
        assert "which is not in the lock" in part
        assert "images-registry" not in part


def test_without_a_lock_our_own_stack_runs_no_workload_at_all(sovereign: Callable[[str], Project]) -> None:
    project = sovereign("eu")
    assert project.pulumi("preview", *PACK).returncode == 0, "the foundation alone is fine"
    project.append_to_program(A_WORKLOAD % (STRAY, KUBECONFIG))
    result = project.pulumi("preview", *PACK)
    assert result.returncode != 0
    assert "Run 'make lock STACK=eu'" in " ".join(result.stdout.split())


@pytest.mark.parametrize("stack", ["eu", "uk"])
def test_the_default_stacks_break_no_rule_before_anything_exists(
    sovereign: Callable[[str], Project], stack: str
) -> None:
    project = sovereign(stack)
    project.lock()
    result = project.pulumi("preview", *PACK)
    assert result.returncode == 0, result.stdout
    assert "[mandatory]" not in result.stdout
    assert "NVIDIA, US" in result.stdout, "whose silicon it is, is shown and not hidden"


FOREIGN = """
    import pulumi
    import pulumi_kubernetes as k8s

    cluster = pulumi.ResourceOptions(provider=k8s.Provider("cluster", kubeconfig=%r))
    %s
    k8s.apps.v1.Deployment(
        "vllm",
        metadata={"name": "vllm", "namespace": "models"},
        spec={
            "selector": {"match_labels": {"app": "v"}},
            "template": {
                "metadata": {"labels": {"app": "v"}},
                "spec": {"containers": [{
                    "name": "vllm",
                    "image": "rg.fr-par.scw.cloud/s/vllm@sha256:%s",
                    "args": ["/models/mistralai/Mistral-7B-Instruct-v0.3"],
                    "env": [%s],
                }]},
            },
        },
        opts=cluster,
    )
    """
CLOSED = """k8s.networking.v1.NetworkPolicy(
        "closed",
        metadata={"name": "closed", "namespace": "models"},
        spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
        opts=cluster,
    )"""
SWITCHES = (
    ("VLLM_NO_USAGE_STATS", "1"),
    ("VLLM_DO_NOT_TRACK", "1"),
    ("DO_NOT_TRACK", "1"),
    ("HF_HUB_OFFLINE", "1"),
    ("TRANSFORMERS_OFFLINE", "1"),
    ("HF_HUB_DISABLE_TELEMETRY", "1"),
    ("HF_HUB_DISABLE_UPDATE_CHECK", "1"),
    ("HF_HUB_DISABLE_XET", "1"),
    ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1"),
    ("VLLM_USE_MODELSCOPE", "false"),
    ("VLLM_MEDIA_URL_ALLOW_REDIRECTS", "0"),
    ("VLLM_SERVER_DEV_MODE", "0"),
    ("VLLM_ALLOW_RUNTIME_LORA_UPDATING", "0"),
)


def test_a_program_of_somebody_else_closes_its_network_and_sets_the_switches(
    project: Project,
) -> None:
    (project.directory / "Pulumi.dev.yaml").write_text(
        "config:\n  sovereign:jurisdiction: eu\n  pulumi:disable-default-providers: ['*']\n"
    )
    switches = ", ".join(f'{{"name": "{name}", "value": "{value}"}}' for name, value in SWITCHES)
    project.program(FOREIGN % (KUBECONFIG, "", "0" * 64, ""))
    refused = project.pulumi("preview", *PACK)
    project.program(FOREIGN % (KUBECONFIG, CLOSED, "0" * 64, switches))
    passed = project.pulumi("preview", *PACK)

    assert refused.returncode != 0
    for rule in ("call-home-switches", "call-home-egress"):
        assert f" {rule} " in refused.stdout
    assert "images-lock" not in refused.stdout
    assert passed.returncode == 0, passed.stdout
