"""Names, namespaces and ids are the plugin's; clusters are told apart, so that two never meet."""

from dataclasses import replace
from typing import Any

import pytest

from rehearsal.errors import CloudError
from rehearsal.twins.kubernetes.kubeconfig import cluster_names, default_namespace, replacing_settings
from rehearsal.twins.values import UNKNOWN
from tests.rehearsal.kubernetes.conftest import Plugin, deployment, kubeconfig

NAMED = {"metadata": {"name": "cfg"}}


def test_an_object_without_a_name_gets_one_and_keeps_it(plugin: Plugin) -> None:
    first = plugin.checked("core/v1:ConfigMap", {"data": {"a": "b"}}, "cfg")
    assert first["metadata"] == {
        "name": "cfg-01234567",
        "namespace": "default",
        "annotations": {"pulumi.com/autonamed": "true"},
    }
    assert (first["apiVersion"], first["kind"]) == ("v1", "ConfigMap")
    later = plugin.checked("core/v1:ConfigMap", {"data": {"a": "c"}}, "cfg", before={**first, "data": {}})
    assert later["metadata"] == first["metadata"]


def test_a_name_that_the_program_gives_or_will_give_is_left_alone(plugin: Plugin) -> None:
    assert plugin.checked("core/v1:ConfigMap", NAMED)["metadata"] == {"name": "cfg", "namespace": "default"}
    later = plugin.checked("core/v1:ConfigMap", {"metadata": {"name": UNKNOWN}})
    assert later["metadata"] == {"name": UNKNOWN, "namespace": "default"}


def test_the_id_is_what_kubectl_would_be_asked_for(plugin: Plugin) -> None:
    assert plugin.create("core/v1:Namespace", {"metadata": {"name": "models"}}).id == "models"
    inside = {"metadata": {"name": "cfg", "namespace": "models"}}
    assert plugin.create("core/v1:ConfigMap", inside).id == "models/cfg"
    role = {"metadata": {"name": "r", "namespace": "models"}}
    assert plugin.create("rbac.authorization.k8s.io/v1:ClusterRole", role).id == "r"


def test_an_object_in_a_namespace_that_does_not_exist_fails_as_at_the_api_server(plugin: Plugin) -> None:
    inside = {"metadata": {"name": "cfg", "namespace": "models"}}
    with pytest.raises(CloudError, match='namespaces "models" not found: models/cfg needs it'):
        plugin.create("core/v1:ConfigMap", inside)
    for always in ("default", "kube-system", "kube-public", "kube-node-lease"):
        plugin.create("core/v1:ConfigMap", {"metadata": {"name": "cfg", "namespace": always}})


def test_a_name_in_use_fails_as_at_the_api_server_or_is_taken_over_on_request(plugin: Plugin) -> None:
    plugin.create("apps/v1:Deployment", {**deployment(), "metadata": {"name": "vllm"}})
    again = {**deployment(), "metadata": {"name": "vllm", "labels": {"new": "yes"}}}
    with pytest.raises(CloudError, match=r'^deployments\.apps "vllm" already exists'):
        plugin.create("apps/v1:Deployment", again, "b")
    with pytest.raises(CloudError, match='namespaces "default" already exists'):
        plugin.create("core/v1:Namespace", {"metadata": {"name": "default"}})
    adopting = replace(plugin, settings={**plugin.settings, "upsertExistingObjects": "true"})
    made = adopting.create("apps/v1:Deployment", again, "b")
    found = plugin.operations.read(plugin.request("apps/v1:Deployment", again, "b"), made.id)
    assert found is not None
    assert found.outputs["metadata"]["labels"] == {"new": "yes"}


def test_the_same_name_in_two_clusters_is_two_objects(plugin: Plugin) -> None:
    british = replace(plugin, settings={"kubeconfig": kubeconfig("https://uk.example:6443")})
    here, there = plugin.create("core/v1:ConfigMap", NAMED), british.create("core/v1:ConfigMap", NAMED)
    assert here.id == there.id == "default/cfg"
    plugin.operations.delete(plugin.request("core/v1:ConfigMap", here.outputs), here.id)
    assert plugin.operations.read(plugin.request("core/v1:ConfigMap", NAMED), here.id) is None
    assert british.operations.read(british.request("core/v1:ConfigMap", NAMED), there.id) is not None


def test_an_identifier_keeps_the_cluster_when_its_address_changes(plugin: Plugin) -> None:
    made = plugin.create("core/v1:ConfigMap", NAMED)
    named = replace(plugin, settings={**plugin.settings, "clusterIdentifier": "eu"})
    assert named.operations.read(named.request("core/v1:ConfigMap", NAMED), made.id), (
        "adding one loses nothing"
    )
    other = named.create("core/v1:ConfigMap", {"metadata": {"name": "other"}})
    moved = replace(
        plugin, settings={"kubeconfig": kubeconfig("https://moved.example"), "clusterIdentifier": "eu"}
    )
    assert moved.operations.read(moved.request("core/v1:ConfigMap", NAMED), other.id) is not None


def test_what_is_in_a_namespace_goes_with_it_and_nothing_else_does(plugin: Plugin) -> None:
    made = plugin.create("core/v1:Namespace", {"metadata": {"name": "models"}})
    plugin.create("core/v1:ConfigMap", {"metadata": {"name": "cfg", "namespace": "models"}})
    plugin.create("core/v1:ConfigMap", NAMED)
    plugin.operations.delete(plugin.request("core/v1:Namespace", made.outputs), made.id)
    assert [item.id for item in plugin.twin.store.matching()] == ["default/cfg@https://eu.example:6443"]


def test_objects_of_a_custom_kind_go_with_its_definition_and_live_where_it_says(plugin: Plugin) -> None:
    definition = {
        "metadata": {"name": "issuers.example.org"},
        "spec": {
            "group": "example.org",
            "scope": "Cluster",
            "names": {"kind": "Issuer", "plural": "issuers"},
            "versions": [{"name": "v1", "served": True, "storage": True}],
        },
    }
    made = plugin.create("apiextensions.k8s.io/v1:CustomResourceDefinition", definition)
    assert plugin.create("example.org/v1:Issuer", {"metadata": {"name": "i"}, "spec": {}}).id == "i"
    assert plugin.create("cert-manager.io/v1:Issuer", {"metadata": {"name": "i"}}, "b").id == "default/i"
    asked = plugin.request("apiextensions.k8s.io/v1:CustomResourceDefinition", made.outputs)
    plugin.operations.delete(asked, made.id)
    assert [item.type for item in plugin.twin.store.matching()] == ["kubernetes:cert-manager.io/v1:Issuer"]


@pytest.mark.parametrize(
    ("settings", "namespace"),
    [
        ({"namespace": "own", "kubeconfig": kubeconfig(namespace="context")}, "own"),
        ({"kubeconfig": kubeconfig(namespace="context")}, "context"),
        ({"kubeconfig": kubeconfig()}, "default"),
        ({"kubeconfig": "no kubeconfig"}, "default"),
        ({}, "default"),
    ],
)
def test_objects_without_a_namespace_go_where_the_provider_says(settings: Any, namespace: str) -> None:
    assert default_namespace(settings) == namespace


@pytest.mark.parametrize(
    ("kubeconfig_text", "message"),
    [
        ("a: [", "is not valid YAML"),
        ("kubeconfig-3f2a", "neither the text of a kubeconfig"),
        (
            kubeconfig().replace("current-context: x", "current-context: y"),
            "for the context y; its contexts: x",
        ),
        (kubeconfig().replace("server:", "serber:"), "has no cluster with a server"),
    ],
)
def test_an_unusable_kubeconfig_is_told_when_it_is_used_and_never_shown(
    plugin: Plugin, kubeconfig_text: str, message: str
) -> None:
    broken = replace(plugin, settings={"kubeconfig": kubeconfig_text})
    with pytest.raises(CloudError, match=message) as told:
        broken.create("core/v1:ConfigMap", NAMED)
    assert "s3cr3t" not in str(told.value)


def test_a_kubeconfig_may_be_a_path(tmp_path: Any) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(kubeconfig("https://file.example"))
    assert cluster_names({"kubeconfig": str(file)}) == ("https://file.example",)


BEFORE = {"kubeconfig": kubeconfig()}
TWO = (
    kubeconfig()
    .replace("contexts:", "contexts:\n- name: z\n  context: {cluster: d, user: u}")
    .replace("clusters:", "clusters:\n- name: d\n  cluster: {server: 'https://d.example'}")
)


@pytest.mark.parametrize(
    ("before", "after", "replacing"),
    [
        pytest.param(BEFORE, BEFORE, (), id="nothing changed"),
        pytest.param(BEFORE, {"kubeconfig": kubeconfig("https://b")}, ("kubeconfig",), id="another server"),
        pytest.param(
            BEFORE, {"kubeconfig": kubeconfig().replace("s3cr3t", "rotated")}, (), id="a rotated credential"
        ),
        pytest.param({}, BEFORE, (), id="from ambient to explicit"),
        pytest.param({"kubeconfig": "unreadable"}, BEFORE, (), id="from unreadable to readable"),
        pytest.param(BEFORE, {"kubeconfig": UNKNOWN}, ("kubeconfig",), id="not known yet"),
        pytest.param(
            {"kubeconfig": TWO, "context": "x"},
            {"kubeconfig": TWO, "context": "z"},
            ("context",),
            id="context",
        ),
        pytest.param({"kubeconfig": TWO}, {"kubeconfig": TWO, "cluster": "d"}, ("cluster",), id="cluster"),
        pytest.param(
            {**BEFORE, "clusterIdentifier": "eu"},
            {"kubeconfig": kubeconfig("https://b"), "clusterIdentifier": "eu"},
            (),
            id="same identifier, another server",
        ),
        pytest.param(
            {**BEFORE, "clusterIdentifier": "eu"},
            {"kubeconfig": UNKNOWN, "clusterIdentifier": "eu"},
            (),
            id="same identifier, not known yet",
        ),
        pytest.param(
            {**BEFORE, "clusterIdentifier": "eu"},
            {**BEFORE, "clusterIdentifier": "uk"},
            ("clusterIdentifier",),
            id="another identifier",
        ),
        pytest.param(BEFORE, {**BEFORE, "clusterIdentifier": "eu"}, (), id="identifier added"),
        pytest.param({**BEFORE, "clusterIdentifier": "eu"}, BEFORE, (), id="identifier removed"),
    ],
)
def test_a_provider_is_replaced_exactly_when_it_means_another_cluster(
    before: Any, after: Any, replacing: tuple[str, ...]
) -> None:
    assert replacing_settings(before, after) == replacing
