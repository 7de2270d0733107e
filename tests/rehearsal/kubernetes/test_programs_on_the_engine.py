"""Whole programs against a cluster of the twin: replacement, drift, clusters that move, what goes wrong."""

import json
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.rehearsal.kubernetes.conftest import kubeconfig

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("kubernetes/programs on the engine")]

PROGRAM = """
import pulumi, pulumi_kubernetes as k8s
config = pulumi.Config()
cluster = k8s.Provider("cluster", kubeconfig=config.require("kubeconfig"),
                       cluster_identifier=config.get("identifier"))
options = pulumi.ResourceOptions(provider=cluster)
models = k8s.core.v1.Namespace("models", opts=options)
labels = {"app": "vllm"}
settings = k8s.core.v1.ConfigMap("settings", metadata={"namespace": models.metadata.name, "name": "settings"},
                                 data={"model": config.get("model") or "mistral"}, opts=options)
container = {"name": "vllm", "image": "registry.example/vllm@sha256:00",
             "resources": {"limits": {"nvidia.com/gpu": 1}},
             "env_from": [{"config_map_ref": {"name": settings.metadata.name}}]}
vllm = k8s.apps.v1.Deployment("vllm", metadata={"namespace": models.metadata.name}, spec={
    "replicas": 2, "selector": {"match_labels": labels},
    "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}, opts=options)
key = k8s.core.v1.Secret("key", metadata={"namespace": models.metadata.name},
                         string_data={"key": config.require_secret("key")}, opts=options)
service = k8s.core.v1.Service("edge", metadata={"namespace": models.metadata.name}, spec={
    "type": "LoadBalancer", "selector": labels, "ports": [{"port": 443}]}, opts=options)
pulumi.export("address", service.status.load_balancer.ingress[0].ip)
pulumi.export("namespace", models.metadata.name)
pulumi.export("ready", vllm.status.ready_replicas)
pulumi.export("data", key.data)
"""


def written(directory: Path) -> Project:
    """The program in a project of its own, with a cluster in the EU."""
    (directory / "Pulumi.yaml").write_text("name: sample\nruntime: python\n")
    made = Project(directory)
    made.program(PROGRAM)
    configure(made)
    return made


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The program, never run."""
    return written(tmp_path)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The program after its first `up`; each test changes what it needs and looks at that alone."""
    made = written(tmp_path_factory.mktemp("deployed"))
    result = made.up()
    assert result.returncode == 0, result.stdout
    return made


def configure(project: Project, **changed: str) -> None:
    """Write the stack's configuration."""
    values = {"kubeconfig": kubeconfig(), "key": "whisper", **changed}
    config = {f"sample:{name}": value for name, value in values.items()}
    (project.directory / "Pulumi.dev.yaml").write_text(json.dumps({"config": config}))


def test_a_preview_names_objects_and_leaves_the_clusters_own_values_open(project: Project) -> None:
    preview = project.pulumi("preview")
    assert preview.returncode == 0, preview.stdout
    assert "address  : [unknown]" in preview.stdout
    assert "ready    : [unknown]" in preview.stdout
    assert 'namespace: "models-' in preview.stdout
    assert "+ 7 to create" in preview.stdout
    assert "whisper" not in preview.stdout


def test_secrets_stay_secret_in_state_and_outputs(deployed: Project) -> None:
    state = deployed.pulumi("stack", "export").stdout
    assert "whisper" not in state
    assert "d2hpc3Blcg==" not in state
    assert deployed.outputs()["data"] == {"key": "d2hpc3Blcg=="}


def test_drift_is_found_and_shown(deployed: Project) -> None:
    assert deployed.run("cloud", "edit", "vllm", "spec.replicas=9").returncode == 0
    drift = deployed.pulumi("refresh", "--yes", "--skip-preview", "--diff")
    assert "replicas: 2 => 9" in drift.stdout


def test_changed_data_replaces_a_named_config_map_old_first(deployed: Project) -> None:
    configure(deployed, model="other")
    changed = deployed.pulumi("up", "--yes", "--skip-preview", "--diff", "--show-replacement-steps")
    assert changed.returncode == 0, changed.stdout
    lines = [line.strip() for line in changed.stdout.splitlines() if "ConfigMap: (" in line]
    assert [line.split("(")[1].rstrip(")") for line in lines] == [
        "delete-replaced",
        "replace",
        "create-replacement",
    ]
    (settings,) = deployed.cloud("settings")
    assert settings["outputs"]["data"] == {"model": "other"}


def test_another_cluster_gets_everything_anew_and_the_old_one_is_emptied(deployed: Project) -> None:
    configure(deployed, kubeconfig=kubeconfig("https://moved.example:6443"))
    moved = deployed.up()
    assert moved.returncode == 0, moved.stdout
    assert "6 replaced" in moved.stdout
    objects = deployed.cloud("kubernetes:*")
    assert len(objects) == 5
    assert {item["id"].rpartition("@")[2] for item in objects} == {"https://moved.example:6443"}


def test_an_identified_cluster_keeps_everything_when_its_address_changes(project: Project) -> None:
    configure(project, identifier="eu")
    assert project.up().returncode == 0
    configure(project, identifier="eu", kubeconfig=kubeconfig("https://moved.example:6443"))
    moved = project.up()
    assert "1 updated" in moved.stdout, moved.stdout
    assert "replaced" not in moved.stdout


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kubeconfig": "kubeconfig-3f2a"}, "the provider's kubeconfig is neither the text of a kubeconfig"),
        ({"kubeconfig": kubeconfig().replace("current-context: x", "")}, "for the context (none set)"),
    ],
)
def test_an_unusable_kubeconfig_fails_the_first_object(
    project: Project, changed: dict[str, str], message: str
) -> None:
    configure(project, **changed)
    failed = project.up()
    assert failed.returncode != 0
    assert message in failed.stdout


def test_a_lost_namespace_fails_what_is_put_into_it(project: Project) -> None:
    project.program(
        PROGRAM.replace('metadata={"namespace": models.metadata.name}', 'metadata={"namespace": "lost"}')
    )
    failed = project.up()
    assert failed.returncode != 0
    assert 'namespaces "lost" not found' in failed.stdout
