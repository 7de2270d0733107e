"""Charts of the project are rendered by Helm itself; charts that would be fetched are refused."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from rehearsal.errors import CloudError
from rehearsal.twins.kubernetes.charts import Rendering, locate_chart, rendered, values_texts
from rehearsal.twins.kubernetes.manifests import decoded
from rehearsal.twins.values import UNKNOWN
from tests.rehearsal.kubernetes.conftest import SEED, Plugin, write_chart


@pytest.fixture
def chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The chart `./web` of the project in the working directory."""
    (tmp_path / "Pulumi.yaml").write_text("name: sample\nruntime: python\n")
    monkeypatch.chdir(tmp_path)
    return write_chart(tmp_path / "web")


def release(plugin: Plugin, **inputs: Any) -> dict[str, Any]:
    request = plugin.request("helm.sh/v3:Release", {"chart": "./web", **inputs}, "rel")
    return plugin.twin.fill_in(request, {}, SEED)


# What needs no Helm


@pytest.mark.parametrize(
    ("name", "repository"),
    [
        ("nginx", ""),
        ("bitnami/nginx", ""),
        ("nginx", "https://charts.example.org"),
        ("oci://registry.example/charts/nginx", ""),
        ("https://charts.example.org/nginx-1.tgz", ""),
    ],
)
def test_a_chart_from_a_repository_is_refused_and_the_way_out_is_named(name: str, repository: str) -> None:
    with pytest.raises(CloudError, match=r"reaches no chart repository or OCI registry\. Vendor it") as told:
        locate_chart(name, repository)
    assert repository in str(told.value)


def test_a_chart_is_found_by_name_or_path_and_a_wrong_path_is_told(chart: Path) -> None:
    for name in ("web", "./web", str(chart)):
        assert locate_chart(name) == chart
    with pytest.raises(CloudError, match="nowhere does not exist"):
        locate_chart("./nowhere")
    with pytest.raises(CloudError, match=r"has no Chart\.yaml"):
        locate_chart("./web/templates")


def test_a_release_of_a_remote_chart_is_refused_at_check(plugin: Plugin) -> None:
    found = plugin.refused(
        "helm.sh/v3:Release", {"chart": "n", "repositoryOpts": {"repo": "https://c.example"}}
    )
    assert "fetched from https://c.example" in found["chart"]
    assert plugin.refused("helm.sh/v3:Release", {"chart": UNKNOWN}) == {}
    assert "skipAwait" in plugin.refused("helm.sh/v3:Release", {"chart": UNKNOWN, "skipAwait": "yes"})


def test_a_release_with_values_not_known_yet_waits_with_rendering(plugin: Plugin, chart: Path) -> None:
    filled = release(plugin, values={"a": UNKNOWN})
    assert filled["name"] == "rel-01234567"
    assert filled["namespace"] == "default"
    assert "resourceNames" not in filled


def test_values_files_come_from_assets(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("a: 1")
    assert values_texts([{"text": "b: 2"}, {"path": str(file)}]) == ["b: 2", "a: 1"]
    with pytest.raises(CloudError, match="a rehearsal fetches nothing"):
        values_texts([{"uri": "https://example.org/values.yaml"}])


def test_the_chart_of_helm_v3_is_refused_without_a_path(plugin: Plugin) -> None:
    options = {"chart": "nginx", "fetch_opts": {"repo": "https://charts.example.org"}}
    with pytest.raises(CloudError, match=r"fetched from https://charts\.example\.org"):
        plugin.twin.invoke("kubernetes:helm:template", {"jsonOpts": json.dumps(options)}, {})


# What Helm itself does


def kinds(text: str) -> list[str]:
    return sorted(item["kind"] for item in decoded(text, "test"))


@pytest.mark.helm
def test_helm_renders_directories_and_archives_alike(chart: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "web.tgz", "w:gz") as archive:
        archive.add(chart, "web")
    plain = rendered(Rendering(chart, "r", "models", {"replicas": 4}))
    assert rendered(Rendering(tmp_path / "web.tgz", "r", "models", {"replicas": 4})) == plain
    assert kinds(plain) == ["CustomResourceDefinition", "Deployment", "Secret", "Widget"]
    (found,) = (item for item in decoded(plain, "test") if item["kind"] == "Deployment")
    assert found["spec"]["replicas"] == 4
    assert found["metadata"]["name"] == "r"
    assert "Job" in kinds(rendered(Rendering(chart, "r", "models", definitions=False, hooks=True)))


@pytest.mark.helm
def test_what_helm_refuses_is_told_in_its_words(chart: Path) -> None:
    (chart / "templates" / "broken.yaml").write_text('{{ required "set me" .Values.absent }}')
    with pytest.raises(CloudError, match=r"helm cannot render the chart .*set me"):
        rendered(Rendering(chart, "r", "models"))


@pytest.mark.helm
def test_a_chart_whose_dependency_is_not_vendored_is_told_how_to_vendor_it(chart: Path) -> None:
    with (chart / "Chart.yaml").open("a") as file:
        file.write("dependencies: [{name: redis, version: 1.0.0, repository: https://charts.example.org}]\n")
    with pytest.raises(CloudError, match="run `helm dependency build` and keep the charts/ directory"):
        rendered(Rendering(chart, "r", "models"))


@pytest.mark.helm
def test_a_release_tells_its_chart_its_objects_and_its_revision(plugin: Plugin, chart: Path) -> None:
    token = "helm.sh/v3:Release"
    made = plugin.create(token, {"chart": "./web", "values": {"replicas": 2}}, "rel")
    assert made.id == "default/rel-01234567"
    assert made.outputs["status"] == {
        "name": "rel-01234567",
        "namespace": "default",
        "chart": "web",
        "version": "1.2.3",
        "appVersion": "4.5",
        "revision": 1,
        "status": "deployed",
    }
    assert made.outputs["resourceNames"]["Deployment.apps/apps/v1"] == ["rel-01234567"]
    changed = plugin.update(token, made, {"chart": "./web", "values": {"replicas": 3}})
    assert changed["status"]["revision"] == 2
    assert changed["checksum"] != made.outputs["checksum"]


@pytest.mark.helm
def test_a_release_needs_its_namespace_or_brings_it_along(plugin: Plugin, chart: Path) -> None:
    inside = {"metadata": {"name": "a", "namespace": "models"}}
    with pytest.raises(CloudError, match='namespaces "models" not found'):
        plugin.create("helm.sh/v3:Release", {"chart": "./web", "namespace": "models"}, "rel")
    plugin.create(
        "helm.sh/v3:Release", {"chart": "./web", "namespace": "models", "createNamespace": True}, "rel"
    )
    assert plugin.create("core/v1:ConfigMap", inside).id == "models/a"


@pytest.mark.helm
def test_only_a_new_name_or_namespace_replaces_a_release(plugin: Plugin, chart: Path) -> None:
    before = release(plugin)
    for changed, replaces in (({"values": {"replicas": 9}}, False), ({"namespace": "kube-system"}, True)):
        request = plugin.request("helm.sh/v3:Release", {**before, **changed}, "rel", before=before)
        replacing = plugin.twin.replacing_in(request)
        assert bool(replacing & changed.keys()) is replaces
        assert not plugin.twin.deletes_before_replacing(request)


@pytest.mark.helm
def test_the_chart_of_helm_v3_is_rendered_with_hooks_into_its_namespace(plugin: Plugin, chart: Path) -> None:
    options = {"path": "web", "release_name": "r", "namespace": "models", "values": {"replicas": 5}}
    answer = plugin.twin.invoke("kubernetes:helm:template", {"jsonOpts": json.dumps(options)}, {})
    assert answer is not None
    found = {item["kind"]: item for item in answer["result"]}
    assert found["Deployment"]["spec"]["replicas"] == 5
    assert found["Job"]["metadata"]["namespace"] == "models"
    assert "namespace" not in found["Widget"]["metadata"], "the chart's own definition says it has none"
