"""A program reads back what a real cluster would say, and at preview nothing that only the cluster knows."""

import base64
import ipaddress
from typing import Any

import pytest

from rehearsal.twins.values import UNKNOWN, contains_unknown
from tests.rehearsal.kubernetes.conftest import LABELS, Plugin, deployment

SERVICE = {"spec": {"selector": LABELS, "ports": [{"port": 443}]}}
DOCUMENTATION = [ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


def service(**spec: Any) -> dict[str, Any]:
    return {"spec": {**SERVICE["spec"], **spec}}


def test_every_object_has_what_the_api_server_puts_into_its_metadata(plugin: Plugin) -> None:
    metadata = plugin.create("core/v1:ConfigMap", {"data": {}}).outputs["metadata"]
    assert metadata["generation"] == 1
    assert metadata["creationTimestamp"].endswith("Z")
    assert metadata["resourceVersion"].isdigit()
    assert len(metadata["uid"]) == 36


def test_a_load_balancer_has_an_address_that_nobody_can_reach(plugin: Plugin) -> None:
    outputs = plugin.create("core/v1:Service", service(type="LoadBalancer")).outputs
    (ingress,) = outputs["status"]["loadBalancer"]["ingress"]
    assert any(ipaddress.ip_address(ingress["ip"]) in network for network in DOCUMENTATION)
    (port,) = outputs["spec"]["ports"]
    assert 30000 <= port["nodePort"] <= 32767
    assert (port["protocol"], port["targetPort"]) == ("TCP", 443)


@pytest.mark.parametrize(
    ("spec", "address"),
    [({}, "10."), ({"clusterIP": "None"}, "None"), ({"clusterIP": "10.96.7.7"}, "10.96.7.7")],
)
def test_a_service_has_a_cluster_ip_or_the_one_asked_for(
    plugin: Plugin, spec: dict[str, Any], address: str
) -> None:
    outputs = plugin.create("core/v1:Service", service(**spec)).outputs
    assert outputs["spec"]["clusterIP"].startswith(address)
    assert outputs["spec"]["clusterIPs"] == [outputs["spec"]["clusterIP"]]
    assert outputs["status"] == {"loadBalancer": {}}


def test_an_external_name_has_no_cluster_ip(plugin: Plugin) -> None:
    spec = {"type": "ExternalName", "externalName": "db.example"}
    assert "clusterIP" not in plugin.create("core/v1:Service", {"spec": spec}).outputs["spec"]


@pytest.mark.parametrize(
    ("token", "counts"),
    [
        ("apps/v1:Deployment", ("readyReplicas", "availableReplicas", "updatedReplicas")),
        ("apps/v1:StatefulSet", ("readyReplicas", "currentReplicas", "availableReplicas")),
        ("apps/v1:ReplicaSet", ("readyReplicas", "availableReplicas")),
    ],
)
def test_workloads_are_ready_with_the_replicas_asked_for(
    plugin: Plugin, token: str, counts: tuple[str, ...]
) -> None:
    asked = deployment()
    asked["spec"] |= {"replicas": 2, **({"serviceName": "s"} if "Stateful" in token else {})}
    status = plugin.create(token, asked).outputs["status"]
    assert [status[name] for name in counts] == [2] * len(counts)
    asked["spec"]["replicas"] = 0
    assert plugin.create(token, asked, "scaled-down").outputs["status"]["readyReplicas"] == 0


def test_a_daemon_set_runs_on_every_node(plugin: Plugin) -> None:
    status = plugin.create("apps/v1:DaemonSet", deployment()).outputs["status"]
    assert status["numberReady"] == status["desiredNumberScheduled"] > 0


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("registry.example:5000/vllm", "Always"),
        ("registry.example/vllm:latest", "Always"),
        ("registry.example/vllm:1", "IfNotPresent"),
        ("registry.example/vllm@sha256:00", "IfNotPresent"),
    ],
)
def test_the_pull_policy_follows_the_image_as_in_the_api_server(
    plugin: Plugin, image: str, policy: str
) -> None:
    outputs = plugin.create("apps/v1:Deployment", deployment(image=image)).outputs
    (container,) = outputs["spec"]["template"]["spec"]["containers"]
    assert container["imagePullPolicy"] == policy


@pytest.mark.parametrize(
    ("token", "inputs", "path", "value"),
    [
        ("core/v1:Namespace", {}, "status.phase", "Active"),
        ("core/v1:Pod", {"spec": {"containers": [{"name": "a", "image": "b:1"}]}}, "status.phase", "Running"),
        (
            "core/v1:PersistentVolumeClaim",
            {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}},
            "status.phase",
            "Bound",
        ),
        (
            "batch/v1:Job",
            {"spec": {"completions": 3, "template": {"spec": {"containers": [], "restartPolicy": "Never"}}}},
            "status.succeeded",
            3,
        ),
        (
            "networking.k8s.io/v1:NetworkPolicy",
            {"spec": {"podSelector": {}, "egress": []}},
            "spec.policyTypes",
            ["Ingress", "Egress"],
        ),
        (
            "networking.k8s.io/v1:NetworkPolicy",
            {"spec": {"podSelector": {}}},
            "spec.policyTypes",
            ["Ingress"],
        ),
        ("storage.k8s.io/v1:StorageClass", {"provisioner": "x"}, "reclaimPolicy", "Delete"),
    ],
)
def test_objects_have_the_defaults_and_the_status_programs_wait_for(
    plugin: Plugin, token: str, inputs: dict[str, Any], path: str, value: object
) -> None:
    found: Any = plugin.create(token, inputs).outputs
    for part in path.split("."):
        found = found[part]
    assert found == value


def test_a_namespace_carries_its_name_as_a_label_for_network_policies(plugin: Plugin) -> None:
    outputs = plugin.create("core/v1:Namespace", {"metadata": {"name": "models"}}).outputs
    assert outputs["metadata"]["labels"] == {"kubernetes.io/metadata.name": "models"}


def test_a_pod_and_an_ingress_have_addresses(plugin: Plugin) -> None:
    pod = plugin.create("core/v1:Pod", {"spec": {"containers": [{"name": "a", "image": "b:1"}]}}).outputs
    assert ipaddress.ip_address(pod["status"]["podIP"]).is_private
    ingress = plugin.create("networking.k8s.io/v1:Ingress", {"spec": {}}).outputs
    assert ingress["status"]["loadBalancer"]["ingress"][0]["ip"]


def test_a_secrets_text_is_read_back_as_base64_only(plugin: Plugin) -> None:
    inputs = {"stringData": {"key": "v"}, "data": {"other": "eA=="}}
    outputs = plugin.create("core/v1:Secret", inputs).outputs
    assert outputs["data"] == {"other": "eA==", "key": base64.b64encode(b"v").decode()}
    assert "stringData" not in outputs
    assert outputs["type"] == "Opaque"
    unknown = plugin.previewed("core/v1:Secret", {"stringData": {"key": UNKNOWN, "b": "v"}})
    assert unknown["data"] == {"key": UNKNOWN, "b": "dg=="}


def test_at_preview_a_name_is_known_and_what_the_cluster_decides_is_not(plugin: Plugin) -> None:
    outputs = plugin.previewed("core/v1:Service", service(type="LoadBalancer"))
    assert outputs["metadata"]["name"] == "a-01234567"
    assert outputs["spec"]["type"] == "LoadBalancer"
    assert outputs["spec"]["ports"][0]["nodePort"] is UNKNOWN
    for value in (
        outputs["status"],
        outputs["spec"]["clusterIP"],
        *(
            outputs["metadata"][name]
            for name in ("uid", "resourceVersion", "generation", "creationTimestamp")
        ),
    ):
        assert value is UNKNOWN


def test_a_preview_copes_with_specs_that_are_not_known_yet(plugin: Plugin) -> None:
    for token in ("core/v1:Service", "apps/v1:Deployment", "batch/v1:Job", "core/v1:PersistentVolumeClaim"):
        assert plugin.previewed(token, {"spec": UNKNOWN})["spec"] is UNKNOWN


def test_a_change_keeps_what_the_cluster_decided_and_drops_what_the_program_dropped(plugin: Plugin) -> None:
    first = service(type="LoadBalancer")
    made = plugin.create("core/v1:Service", {**first, "metadata": {"labels": {"a": "b"}}})
    changed = plugin.update("core/v1:Service", made, service(type="LoadBalancer", sessionAffinity="ClientIP"))
    assert changed["spec"]["sessionAffinity"] == "ClientIP"
    assert "labels" not in changed["metadata"]
    for part, name in (("spec", "clusterIP"), ("spec", "ports"), ("metadata", "uid"), ("metadata", "name")):
        assert changed[part][name] == made.outputs[part][name]
    assert changed["status"] == made.outputs["status"]
    assert changed["metadata"]["generation"] == 2
    assert int(changed["metadata"]["resourceVersion"]) > int(made.outputs["metadata"]["resourceVersion"])


def test_the_preview_of_a_change_knows_the_cluster_ip_already(plugin: Plugin) -> None:
    made = plugin.create("core/v1:Service", SERVICE)
    inputs = plugin.checked("core/v1:Service", service(sessionAffinity="ClientIP"), before=made.inputs)
    asked = plugin.request("core/v1:Service", inputs, before=made.inputs)
    outputs = plugin.twin.outputs_at_change_preview(asked, made.outputs)
    assert outputs["spec"]["clusterIP"] == made.outputs["spec"]["clusterIP"]
    assert outputs["metadata"]["uid"] == made.outputs["metadata"]["uid"]
    assert outputs["status"] is UNKNOWN


def test_drift_is_seen_in_what_the_program_sets_and_nowhere_else(plugin: Plugin) -> None:
    asked = deployment()
    asked["spec"]["replicas"] = 2
    made = plugin.create("apps/v1:Deployment", asked)
    outputs: dict[str, Any] = {
        **made.outputs,
        "spec": {**made.outputs["spec"], "replicas": 5, "paused": True},
    }
    outputs["metadata"] = {**outputs["metadata"], "labels": {"added": "by hand"}}
    (stored,) = plugin.twin.store.matching()
    plugin.twin.store.change(stored.type, stored.id, made.inputs, outputs)
    request = plugin.request("apps/v1:Deployment", made.inputs)
    found = plugin.operations.read(request, made.id)
    assert found is not None
    read = plugin.twin.live_inputs(request, found)
    assert read == {**made.inputs, "spec": {**made.inputs["spec"], "replicas": 5}}


def test_a_refreshed_secret_shows_no_drift_for_its_text(plugin: Plugin) -> None:
    made = plugin.create("core/v1:Secret", {"stringData": {"key": "v"}})
    request = plugin.request("core/v1:Secret", made.inputs)
    found = plugin.operations.read(request, made.id)
    assert found is not None
    assert plugin.twin.live_inputs(request, found) == made.inputs


def test_an_imported_object_brings_its_inputs_without_the_clusters_own(plugin: Plugin) -> None:
    made = plugin.create("core/v1:ConfigMap", {"metadata": {"name": "cfg"}, "data": {"a": "b"}})
    request = plugin.request("core/v1:ConfigMap", {})
    found = plugin.operations.read(request, made.id)
    assert found is not None
    assert plugin.twin.live_inputs(request, found) == made.inputs


def test_the_namespaces_of_every_cluster_can_be_looked_up(plugin: Plugin) -> None:
    found = plugin.operations.read(plugin.request("core/v1:Namespace", {}), "kube-system")
    assert found is not None
    assert found.outputs["status"] == {"phase": "Active"}
    assert plugin.operations.read(plugin.request("core/v1:Namespace", {}), "models") is None


def test_a_patch_shows_the_whole_object_and_stands_beside_other_patches(plugin: Plugin) -> None:
    asked = {**deployment(), "metadata": {"name": "vllm"}}
    plugin.create("apps/v1:Deployment", asked)
    patch = {"metadata": {"name": "vllm", "annotations": {"a": "b"}}}
    first = plugin.create("apps/v1:DeploymentPatch", patch)
    second = plugin.create("apps/v1:DeploymentPatch", patch, "b")
    assert first.id == second.id == "default/vllm"
    assert first.outputs["status"]["readyReplicas"] == 1
    assert first.outputs["metadata"]["annotations"] == {"a": "b"}
    assert not contains_unknown(first.outputs)
