"""Who may talk to whom inside the cluster, and through which door out of it."""

from typing import Any

import pytest

from .recording import Tree


def policies(tree: Tree) -> dict[tuple[str, str], dict[str, Any]]:
    found = tree.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy")
    return {
        (policy.inputs["metadata"]["namespace"], policy.inputs["metadata"]["name"]): policy.inputs["spec"]
        for policy in found
    }


def ports(rule: dict[str, Any]) -> set[int]:
    return {int(port["port"]) for port in rule["ports"]}


def addresses(spec: dict[str, Any]) -> list[str]:
    return [
        peer["ipBlock"]["cidr"] for rule in spec.get("egress", []) for peer in rule["to"] if "ipBlock" in peer
    ]


@pytest.mark.parametrize("namespace", ["inference", "routing", "egress"])
def test_nothing_goes_in_or_out_unless_it_is_named(namespace: str, eu: Tree) -> None:
    assert policies(eu)[namespace, "refuse-everything"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }


@pytest.mark.parametrize("namespace", ["inference", "routing", "egress"])
def test_no_pod_may_run_as_root(namespace: str, eu: Tree) -> None:
    labels = eu.only("kubernetes:core/v1:Namespace", namespace).inputs["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize(("app", "port"), [("vllm", 8000), ("llama-cpp", 8080)])
def test_an_engine_is_called_by_the_router_alone(app: str, port: int, eu: Tree) -> None:
    (rule,) = policies(eu)["inference", app]["ingress"]
    assert ports(rule) == {port}
    assert rule["from"] == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "routing"}},
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": "jurisdiction-router"}},
        }
    ]


@pytest.mark.parametrize(
    ("namespace", "app"),
    [("inference", "vllm"), ("inference", "llama-cpp"), ("routing", "jurisdiction-router")],
)
def test_what_handles_prompts_can_reach_no_address_outside_the_cluster(
    namespace: str, app: str, eu: Tree
) -> None:
    assert addresses(policies(eu)[namespace, app]) == []


def test_the_gate_alone_may_leave_and_only_to_public_addresses_by_tls(eu: Tree) -> None:
    spec = policies(eu)["egress", "egress-gate"]
    outside = next(rule for rule in spec["egress"] if "ipBlock" in rule["to"][0])
    assert ports(outside) == {443}
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"} <= set(
        outside["to"][0]["ipBlock"]["except"]
    )
    (rule,) = spec["ingress"]
    assert rule["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "inference"}}}
    ]


def test_pods_start_only_after_their_policies(eu: Tree) -> None:
    order = [resource.name for resource in eu.resources]
    for app in ("eu-vllm", "eu-llama-cpp", "eu-router-haproxy", "eu-platform-egress-gate-haproxy"):
        assert order.index(f"{app}-paths") < order.index(f"{app}-deployment")


def test_no_workload_has_a_token_for_the_kubernetes_api(eu: Tree) -> None:
    for account in eu.of_type("kubernetes:core/v1:ServiceAccount"):
        assert account.inputs["automountServiceAccountToken"] is False
        assert account.inputs["imagePullSecrets"] == [{"name": "registry-login"}]


def test_every_workload_has_a_disruption_budget(eu: Tree) -> None:
    budgets = {
        budget.inputs["metadata"]["name"] for budget in eu.of_type("kubernetes:policy/v1:PodDisruptionBudget")
    }
    deployments = {
        deployment.inputs["metadata"]["name"] for deployment in eu.of_type("kubernetes:apps/v1:Deployment")
    }
    assert budgets == deployments
