"""The plugin's components on the real engine: their children are resources that policies see."""

import json
import re
from typing import Any

import pytest

from tests.conftest import Project
from tests.rehearsal.kubernetes.conftest import kubeconfig, write_chart

pytestmark = [pytest.mark.engine, pytest.mark.helm, pytest.mark.xdist_group("kubernetes components")]

IMPORTS = f"""
import pulumi, pulumi_kubernetes as k8s
from pulumi import ResourceOptions as Options
from pulumi_kubernetes.helm.v3 import Chart as ChartV3, LocalChartOpts, Release
from pulumi_kubernetes.helm.v4 import Chart
from pulumi_kubernetes.yaml import ConfigFile as ConfigFileV1
from pulumi_kubernetes.yaml.v2 import ConfigFile, ConfigGroup
eu = k8s.Provider("eu", kubeconfig={kubeconfig()!r}, namespace="home")
home = k8s.core.v1.Namespace("home", metadata={{"name": "home"}}, opts=Options(provider=eu))
options = Options(provider=eu, depends_on=[home])
"""

EVERYTHING = (
    IMPORTS
    + """
group = ConfigGroup("group", files=["manifests/in*.yaml"], opts=options, yaml='''
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: late, namespace: models}}
- {apiVersion: v1, kind: Namespace, metadata: {name: models}}
''', objs=[{"apiVersion": "example.org/v1", "kind": "Gadget", "metadata": {"name": "g"}, "spec": {"a": [1]}}])
file = ConfigFile("file", file="manifests/quota.yaml", resource_prefix="pre", skip_await=True,
                  opts=Options(provider=eu, depends_on=[home], protect=True))
chart = Chart("chart", chart="./web", values={"replicas": 2}, opts=options)
v1 = ConfigFileV1("v1", file="manifests/old/map.yaml", opts=Options(provider=eu, depends_on=[home]))
v3 = ChartV3("v3", LocalChartOpts(path="./web", namespace="kube-public", skip_crd_rendering=True),
             opts=Options(provider=eu, depends_on=[home, chart]))
release = Release("release", chart="./web", skip_crds=True, opts=options)

def address(children):
    (edge,) = [child for child in children if isinstance(child, k8s.networking.v1.Ingress)]
    return edge.status.load_balancer.ingress[0].ip
pulumi.export("address", group.resources.apply(address))
pulumi.export("children", chart.resources.apply(len))
pulumi.export("status", release.status.status)
pulumi.export("map", v1.resources.apply(lambda all: all["v1/ConfigMap:kube-public/old"].data["a"]))
"""
)

INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: edge}
spec: {defaultBackend: {service: {name: web, port: {number: 443}}}}
"""
QUOTA = """
apiVersion: v1
kind: ResourceQuota
metadata: {name: few, annotations: null}
spec: {hard: {pods: 10}}
"""
OLD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old, namespace: kube-public}\ndata: {a: b}\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a chart and manifests."""
    directory = tmp_path_factory.mktemp("components")
    (directory / "Pulumi.yaml").write_text("name: sample\nruntime: python\n")
    write_chart(directory / "web")
    (directory / "manifests" / "old").mkdir(parents=True)
    (directory / "manifests" / "ingress.yaml").write_text(INGRESS)
    (directory / "manifests" / "quota.yaml").write_text(QUOTA)
    (directory / "manifests" / "old" / "map.yaml").write_text(OLD)
    return Project(directory)


@pytest.fixture(scope="module")
def state(project: Project) -> dict[str, dict[str, Any]]:
    """Resource name to its state, after everything has gone up."""
    project.program(EVERYTHING)
    result = project.up()
    assert result.returncode == 0, result.stdout
    exported = json.loads(project.pulumi("stack", "export").stdout)
    return {item["urn"].rsplit("::", 1)[-1]: item for item in exported["deployment"]["resources"]}


def test_children_are_named_after_component_namespace_and_object(state: dict[str, Any]) -> None:
    assert {name for name in state if ":" in name} == {
        "group:home/edge",
        "group:models",
        "group:models/late",
        "group:home/g",
        "pre:home/few",
        "chart:gadget-chart",
        "chart:home/chart",
        "chart:home/chart-key",
        "chart:widgets.example.org",
    }
    assert {"kube-public/old", "kube-public/v3", "kube-public/migrate"} <= state.keys()


def test_children_have_the_components_parent_provider_and_protection(state: dict[str, Any]) -> None:
    for name, parent in (
        ("group:models", "group"),
        ("pre:home/few", "file"),
        ("chart:gadget-chart", "chart"),
    ):
        assert state[name]["parent"] == state[parent]["urn"]
        assert re.search(r"::eu::", state[name]["provider"])
    assert state["pre:home/few"]["protect"] is True
    assert state["pre:home/few"]["inputs"]["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
    assert not state["group:home/edge"].get("protect")


def test_a_namespace_and_a_definition_are_made_before_what_needs_them(state: dict[str, Any]) -> None:
    assert state["group:models"]["urn"] in state["group:models/late"]["dependencies"]
    assert state["chart:widgets.example.org"]["urn"] in state["chart:gadget-chart"]["dependencies"]


def test_a_secret_in_a_manifest_is_encrypted_in_the_state(state: dict[str, Any]) -> None:
    for name, item in state.items():
        assert "hush" not in json.dumps(item), name
    for name in ("chart:home/chart-key", "kube-public/v3-key"):
        assert "ciphertext" in json.dumps(state[name]["outputs"]["data"])


def test_an_object_that_helm_is_told_to_keep_is_kept(state: dict[str, Any]) -> None:
    assert state["chart:home/chart-key"]["retainOnDelete"] is True
    assert not state["chart:home/chart"].get("retainOnDelete")


def test_programs_reach_the_children_through_the_component(project: Project, state: dict[str, Any]) -> None:
    outputs = project.outputs()
    assert outputs["children"] == 4
    assert outputs["status"] == "deployed"
    assert outputs["map"] == "b"
    assert outputs["address"].count(".") == 3


def test_nothing_changes_when_nothing_changed(project: Project, state: dict[str, Any]) -> None:
    again = project.pulumi("preview", "--expect-no-changes")
    assert again.returncode == 0, again.stdout


def test_inputs_not_known_yet_leave_the_children_out_and_say_so(project: Project) -> None:
    project.program(
        IMPORTS
        + """
later = home.metadata.uid.apply(lambda uid: "apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: a}")
ConfigGroup("unknown", yaml=later, opts=options)
Chart("unknown-values", chart="./web", values={"x": home.metadata.uid}, opts=options)
"""
    )
    fresh = Project(project.directory, "fresh").pulumi("preview")
    assert fresh.returncode == 0, fresh.stdout
    assert (
        len(re.findall(r"^ +warning: .*unknown.* Preview is incomplete\.$", fresh.stdout, re.MULTILINE)) == 2
    )
    assert "+ 5 to create" in fresh.stdout, "stack, provider, namespace and two components without children"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('Chart("c", chart="nginx", opts=options)', "reaches no chart repository or OCI registry"),
        (
            'Release("r", chart="oci://r.example/nginx", opts=options)',
            "reaches no chart repository or OCI registry",
        ),
        ('ConfigGroup("g", yaml="a: [", opts=options)', "g's yaml is not valid YAML"),
        ('ConfigFile("f", file="nowhere.yaml", opts=options)', "nowhere.yaml cannot be read"),
        ('ConfigGroup("g", objs=[{"kind": "Pod"}], opts=options)', "an object has no apiVersion"),
        (
            'ConfigGroup("g", objs=[{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, '
            '"spec": {"containers": [{"name": "a", "imagee": "b"}]}}], opts=options)',
            "spec.containers[0].imagee: no such input",
        ),
    ],
)
def test_a_component_that_cannot_be_made_says_why(project: Project, source: str, message: str) -> None:
    project.program(IMPORTS + source)
    result = Project(project.directory, "refused").pulumi("preview")
    assert result.returncode != 0
    assert message in result.stdout


def test_a_renamed_component_keeps_its_children_through_an_alias(
    project: Project, state: dict[str, Any]
) -> None:
    renamed = EVERYTHING.replace('Chart("chart", chart="./web"', 'Chart("new", chart="./web", name="chart"')
    aliased = renamed.replace(
        'values={"replicas": 2}, opts=options)',
        'values={"replicas": 2}, '
        'opts=Options(provider=eu, depends_on=[home], aliases=[pulumi.Alias("chart")]))',
    )
    assert aliased != renamed != EVERYTHING
    project.program(aliased)
    preview = project.pulumi("preview", "--expect-no-changes")
    assert preview.returncode == 0, preview.stdout
