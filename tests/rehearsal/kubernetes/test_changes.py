"""A change replaces what the plugin replaces, updates the rest, and fails where the API server would."""

from dataclasses import replace
from typing import Any

import pytest

from rehearsal.errors import CloudError
from tests.rehearsal.kubernetes.conftest import Plugin, deployment, kubeconfig

JOB: dict[str, Any] = {
    "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "b:1"}]}}}
}
CLAIM: dict[str, Any] = {
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}
}
BINDING: dict[str, Any] = {"roleRef": {"kind": "Role", "name": "a", "apiGroup": "rbac.authorization.k8s.io"}}
STATEFUL: dict[str, Any] = deployment()
STATEFUL["spec"]["serviceName"] = "s"
POD: dict[str, Any] = {"spec": {"containers": [{"name": "a", "image": "b:1"}]}}


def changed(values: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with the value at a dotted path set."""
    first, _, rest = path.partition(".")
    return {**values, first: changed(values.get(first) or {}, rest, value) if rest else value}


@pytest.mark.parametrize(
    ("token", "before", "path", "value", "replaces"),
    [
        ("core/v1:ConfigMap", {"data": {"a": "b"}}, "data.a", "c", True),
        ("core/v1:ConfigMap", {"data": {"a": "b"}}, "metadata.labels", {"x": "y"}, False),
        ("core/v1:ConfigMap", {}, "metadata.name", "other", True),
        ("core/v1:ConfigMap", {}, "metadata.namespace", "kube-system", True),
        ("core/v1:Secret", {"stringData": {"a": "b"}}, "stringData.a", "c", True),
        ("core/v1:Secret", {}, "type", "kubernetes.io/tls", True),
        ("apps/v1:Deployment", deployment(), "spec.replicas", 3, False),
        ("apps/v1:Deployment", deployment(), "spec.selector.matchLabels.more", "x", True),
        ("apps/v1:DaemonSet", deployment(), "spec.selector", {"matchLabels": {"b": "c"}}, True),
        ("apps/v1:ReplicaSet", deployment(), "spec.selector", {"matchLabels": {"b": "c"}}, False),
        ("apps/v1:StatefulSet", STATEFUL, "spec.serviceName", "t", True),
        ("apps/v1:StatefulSet", STATEFUL, "spec.podManagementPolicy", "Parallel", True),
        ("apps/v1:StatefulSet", STATEFUL, "spec.volumeClaimTemplates", [{"metadata": {"name": "d"}}], True),
        ("apps/v1:StatefulSet", STATEFUL, "spec.replicas", 3, False),
        ("batch/v1:Job", JOB, "spec.template.spec.restartPolicy", "OnFailure", True),
        ("batch/v1:Job", JOB, "spec.parallelism", 2, True),
        ("batch/v1:Job", JOB, "spec.backoffLimit", 2, False),
        (
            "batch/v1:CronJob",
            {"spec": {"schedule": "@daily", "jobTemplate": JOB}},
            "spec.schedule",
            "@hourly",
            False,
        ),
        ("core/v1:Service", {"spec": {}}, "spec.clusterIP", "None", True),
        ("core/v1:Service", {"spec": {}}, "spec.type", "LoadBalancer", False),
        ("core/v1:PersistentVolumeClaim", CLAIM, "spec.storageClassName", "fast", True),
        ("core/v1:PersistentVolumeClaim", CLAIM, "spec.resources.requests.storage", "20Gi", False),
        ("storage.k8s.io/v1:StorageClass", {"provisioner": "x"}, "parameters", {"a": "b"}, True),
        ("storage.k8s.io/v1:StorageClass", {"provisioner": "x"}, "provisioner", "y", True),
        ("rbac.authorization.k8s.io/v1:RoleBinding", BINDING, "roleRef.name", "b", True),
        (
            "rbac.authorization.k8s.io/v1:RoleBinding",
            BINDING,
            "subjects",
            [{"kind": "User", "name": "u"}],
            False,
        ),
        ("core/v1:Pod", POD, "spec.containers", [{"name": "a", "image": "b:2"}], True),
        ("core/v1:Pod", POD, "spec.activeDeadlineSeconds", 9, False),
        ("core/v1:ConfigMapPatch", {"metadata": {"name": "c"}, "data": {"a": "b"}}, "data.a", "c", False),
        ("example.org/v1:Widget", {"spec": {"size": 1}}, "spec.size", 2, False),
    ],
)
def test_a_change_replaces_where_the_plugin_does(
    plugin: Plugin, token: str, before: dict[str, Any], path: str, value: Any, replaces: bool
) -> None:
    found = plugin.differences(token, before, changed(before, path, value))
    assert found
    assert any(change.replaces for change in found) is replaces


@pytest.mark.parametrize(
    ("kind", "setting"), [("ConfigMap", "enableConfigMapMutable"), ("Secret", "enableSecretMutable")]
)
def test_data_changes_in_place_when_the_provider_says_so_and_the_object_does_not_forbid_it(
    plugin: Plugin, kind: str, setting: str
) -> None:
    mutable = replace(plugin, settings={**plugin.settings, setting: "true"})
    before, after = {"data": {"a": "eA=="}}, {"data": {"a": "eQ=="}}
    token = f"core/v1:{kind}"
    assert not any(change.replaces for change in mutable.differences(token, before, after))
    assert any(change.replaces for change in plugin.differences(token, before, after))
    frozen = {"immutable": True}
    found = mutable.differences(token, {**before, **frozen}, {**after, **frozen})
    assert any(change.replaces for change in found)


@pytest.mark.parametrize(
    ("token", "before", "path", "value", "field"),
    [
        ("batch/v1:Job", JOB, "spec.completionMode", "Indexed", r"Job\.batch.*spec\.completionMode"),
        ("apps/v1:ReplicaSet", deployment(), "spec.selector.matchLabels.app", "x", r"spec\.selector"),
        ("core/v1:PersistentVolumeClaim", CLAIM, "spec.volumeMode", "Block", r"spec\.volumeMode"),
        ("core/v1:PersistentVolumeClaim", CLAIM, "spec.resources.requests.storage", "5Gi", "never shrinks"),
        ("storage.k8s.io/v1:StorageClass", {"provisioner": "x"}, "reclaimPolicy", "Retain", "reclaimPolicy"),
    ],
)
def test_a_field_the_api_server_holds_immutable_fails_the_update(
    plugin: Plugin, token: str, before: dict[str, Any], path: str, value: Any, field: str
) -> None:
    made = plugin.create(token, before)
    with pytest.raises(CloudError, match=field):
        plugin.update(token, made, changed(before, path, value))


def test_a_claim_may_grow(plugin: Plugin) -> None:
    made = plugin.create("core/v1:PersistentVolumeClaim", CLAIM)
    grown = plugin.update(
        "core/v1:PersistentVolumeClaim", made, changed(CLAIM, "spec.resources.requests.storage", "20Gi")
    )
    assert grown["status"]["capacity"] == {"storage": "20Gi"}


@pytest.mark.parametrize(
    ("before", "after", "first"),
    [
        ({"metadata": {"name": "a"}}, {"metadata": {"name": "a"}}, True),
        ({"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}, False),
        ({"metadata": {"name": "a"}}, {"metadata": {"name": "a", "namespace": "kube-system"}}, False),
        ({}, {}, False),
    ],
)
def test_the_old_object_goes_first_only_when_the_new_one_needs_its_name(
    plugin: Plugin, before: dict[str, Any], after: dict[str, Any], first: bool
) -> None:
    old = plugin.checked("core/v1:ConfigMap", before)
    new = plugin.checked("core/v1:ConfigMap", {**after, "data": {"a": "b"}}, before=old)
    request = plugin.request("core/v1:ConfigMap", new, before=old)
    assert plugin.twin.deletes_before_replacing(request) is first


def test_an_annotation_whose_key_has_dots_is_one_path(plugin: Plugin) -> None:
    (change,) = plugin.differences(
        "core/v1:ConfigMap", {}, {"metadata": {"annotations": {"prometheus.io/scrape": "true"}}}
    )
    assert change.path == 'metadata.annotations["prometheus.io/scrape"]'


def test_a_change_of_an_object_that_is_gone_says_what_to_do(plugin: Plugin) -> None:
    made = plugin.create("core/v1:ConfigMap", {"data": {"a": "b"}})
    elsewhere = replace(plugin, settings={"kubeconfig": kubeconfig("https://elsewhere.example")})
    with pytest.raises(CloudError, match="does not exist any more"):
        elsewhere.update("core/v1:ConfigMap", made, {"data": {"a": "c"}})
