"""The search for the twenty-first hole: ways past the gate that a clever person would try next."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Project
from tests.holes.conftest import Judge
from tests.holes.gate import CANARY, new_project, preview

pytestmark = pytest.mark.engine

ODD_NAME = 'odd "name" $(x)'

PLACES = f"""
def rewrite(args):
    if args.name == "transformed":
        return pulumi.ResourceTransformResult(props={{**args.props, "region": "uk-lon"}}, opts=args.opts)
    return None


def rewrite_as_before(args):
    if args.name == "transformed-as-before":
        return pulumi.ResourceTransformationResult(props={{**args.props, "region": "uk-lon"}}, opts=args.opts)
    return None


pulumi.runtime.register_resource_transform(rewrite)
pulumi.runtime.register_stack_transformation(rewrite_as_before)
bucket("transformed", region="fr-par")
bucket("transformed-as-before", region="fr-par")
bucket("put-together", region=Output.all("uk", "lon").apply("-".join))
bucket("wrapped-twice", region=Output.secret(Output.secret("uk-lon")))
bucket("number", region=12)
bucket("cyrillic", region="fr-p\\u0430r")
bucket("full-width", region="\\uff46r-par")
bucket("zero-width", region="fr-par\\u200b")
bucket("space", region=" fr-par")
bucket("upper-case", region="FR-PAR")
bucket("new-line", region="fr-par\\n")
bucket('{ODD_NAME}', region="uk-lon")
bucket("x" * 180, region="uk-lon")
bucket("huge", region="uk-lon", tags={{f"key-{{index}}": "value" * 20 for index in range(2000)}})


def option(**options):
    return ResourceOptions(provider=eu.provider, **options)


bucket("protected", option(protect=True, retain_on_delete=True), region="uk-lon")
bucket("aliased", option(aliases=[pulumi.Alias(name="honest")]), region="uk-lon")
bucket("older-plugin", option(version="1.0.0"), region="uk-lon")
bucket("deleted-with", option(deleted_with=cluster.provider), region="uk-lon")
bucket("depending", option(depends_on=[later]), region="uk-lon")


class Inner(pulumi.ComponentResource):
    def __init__(self, name, opts):
        super().__init__("sample:index:Inner", name, None, opts)
        bucket(f"{{name}}-bucket", ResourceOptions(parent=self), region="uk-lon")
        bucket(f"{{name}}-absent", ResourceOptions(parent=self))
        deployment(f"{{name}}-model", vllm("--model", REFUSED), opts=ResourceOptions(parent=self))


class Outer(pulumi.ComponentResource):
    def __init__(self, name, opts):
        super().__init__("sample:index:Outer", name, None, opts)
        Inner("inner", ResourceOptions(parent=self))


abroad = scaleway.Provider("abroad", region="uk-lon")
Outer("outer", ResourceOptions(providers={{"scaleway": abroad, "kubernetes": cluster.provider}}))
bucket("honest", region="fr-par")
"""

MODELS = """
import json

page = {"name": "page", "image": PLAIN}


def variable(name, value):
    return {"name": name, "value": value}


deployment("cyrillic", vllm("--model", APPROVED.replace("i", "\\u0456")))
deployment("other-case", vllm("--model", APPROVED.upper()))
deployment("dots", vllm("--model", "/models/mistralai/../meta-llama/Llama-3.1-8B-Instruct"))
deployment("relative", vllm("--model", "./models/" + APPROVED))
deployment("url", vllm("--model", "https://example.org/" + APPROVED))
deployment("twice", vllm("--model", APPROVED, "--model", REFUSED))
deployment("shortened", vllm("--mod", REFUSED))
deployment("with-equals", vllm("--model=" + REFUSED))
deployment("indirect", vllm("--model", "$(A)", env=[variable("B", REFUSED), variable("A", "$(B)")]))
deployment("too-late", vllm("--model", "$(A)", env=[variable("A", "$(B)"), variable("B", APPROVED)]))
deployment("set-twice", vllm("--model", "$(A)", env=[variable("A", APPROVED), variable("A", REFUSED)]))
deployment("from-map", vllm("--model", "$(A)", envFrom=[{"configMapRef": {"name": "m"}}]))
field = {"fieldRef": {"fieldPath": "metadata.name"}}
deployment("from-field", vllm("--model", "$(A)", env=[{"name": "A", "valueFrom": field}]))
deployment("huge", vllm("--model", REFUSED, env=[variable(f"V{index}", "x" * 50) for index in range(2000)]))

settings = {"name": "m", "mountPath": "/etc/vllm"}
mounted = {"name": "m", "configMap": {"name": "m"}}
projected = {"name": "m", "projected": {"sources": [{"configMap": {"name": "m"}}]}}
deployment("config-file", vllm("--config", "/etc/vllm/c.yaml", volumeMounts=[settings]), volumes=[mounted])
deployment(
    "projected-file",
    vllm("--model", APPROVED, "--config", "/etc/vllm/c.yaml", volumeMounts=[settings]),
    volumes=[projected],
)
kubernetes.core.v1.ConfigMap("m", metadata={"name": "m"}, data={"c.yaml": "model: " + REFUSED}, opts=cluster)

hook = {"postStart": {"exec": {"command": ["vllm", "serve", REFUSED]}}}
deployment("hook", {**page, "lifecycle": hook})
deployment("probe", {**page, "livenessProbe": {"exec": {"command": ["sh", "-c", "vllm serve " + REFUSED]}}})
deployment("shell", {**page, "command": ["sh", "-c", "cd / && exec vllm serve " + REFUSED]})
deployment("shell-variable", {**page, "command": ["sh", "-c", "M=" + REFUSED + "; vllm serve $M"]})


def custom(name, api_version, kind, spec):
    kubernetes.apiextensions.CustomResource(
        name, api_version=api_version, kind=kind, spec=spec, opts=cluster
    )


custom("custom-template", "example.org/v1", "Thing", {"deep": {"template": template(vllm(REFUSED))}})
custom("kserve", "serving.kserve.io/v1beta1", "InferenceService", {"predictor": {"model": {}}})
pod = {"containers": [vllm("--model", REFUSED)]}
kubernetes.apps.v1.DeploymentPatch(
    "patch", metadata={"name": "chat"}, spec={"template": {"spec": pod}}, opts=cluster
)
kubernetes.core.v1.PodTemplate("pod-template", template={"spec": pod}, opts=cluster)
kubernetes.batch.v1.CronJob(
    "cron-job",
    spec={"schedule": "@daily", "jobTemplate": {"spec": {"template": {"spec": pod}}}},
    opts=cluster,
)
deployment("honest", vllm("--model", APPROVED))
deployment("honest-page", page)
"""

PROGRAMS = """
import json

page = {"name": "page", "image": PLAIN}
mount = {"volume_mounts": [{"name": "s", "mount_path": "/scripts"}]}
scripts = [{"name": "s", "config_map": {"name": "scripts"}}]


def shell(name, script, **spec):
    deployment(name, {**page, "command": ["sh", "-c", script], **mount}, volumes=scripts, **spec)


kubernetes.core.v1.ConfigMap(
    "scripts",
    metadata={"name": "scripts"},
    data={
        "refused": "exec vllm serve " + REFUSED,
        "hidden": "v=vl; ${v}lm serve " + REFUSED,
        "first": "exec sh /scripts/refused",
        "honest": "set -eu; until nslookup db; do sleep 1; done",
        "unknown": unknown,
    },
    opts=cluster,
)
shell("put-together", "v=vl; ${v}lm serve " + REFUSED)
shell("substituted", "$(printf vllm) serve " + REFUSED)
shell("backticks", "`printf vllm` serve " + REFUSED)
shell("evaluated", "eval vl''lm serve " + REFUSED)
shell("aliased", "alias n=vllm; n serve " + REFUSED)
shell("piped", "echo dmxsbSBzZXJ2ZQ== | base64 -d | sh")
shell("fetched", "curl -fsS http://files.data.svc/x -o /tmp/x; sh /tmp/x")
shell("by-pattern", "/usr/bin/v?lm serve " + REFUSED)
shell("sourced", ". /scripts/refused")
shell("script", "exec sh /scripts/refused")
shell("honest-shell", 'until nslookup db; do sleep 1; done; exec nginx -g "daemon off;"')
shell("honest-script", "exec sh /scripts/honest")
for key in ("refused", "hidden", "first", "unknown", "nowhere"):
    deployment("script-" + key, {**page, "command": ["sh", "/scripts/" + key], **mount}, volumes=scripts)
deployment("python", {**page, "command": ["python", "-c", "import os; os.system('vl' + 'lm serve x')"]})
field = {"name": "A", "value_from": {"field_ref": {"field_path": "metadata.name"}}}
deployment("variable", {**page, "command": ["$(A)", "serve"], "env": [field]})
run = {**page, "command": ["sh", "/scripts/x"], **mount}
deployment("filled", run, volumes=[{"name": "s", "empty_dir": {}}])
deployment("secret-script", run, volumes=[{"name": "s", "secret": {"secret_name": "s"}}])
deployment("weights", {**page, "volume_mounts": [{"name": "s", "mount_path": "/models"}]}, volumes=scripts)
deployment("renamed", {**page, "command": ["engine", "--model-id", REFUSED]})
deployment("applying", {**page, "command": ["kubectl", "apply", "-f", "/scripts"], **mount}, volumes=scripts)

later_object = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [vllm("--model", REFUSED)]}}
kubernetes.core.v1.ConfigMap(
    "manifest", metadata={"name": "manifest"}, data={"x": json.dumps(later_object)}, opts=cluster
)
kubernetes.core.v1.ConfigMapPatch(
    "map-patch", metadata={"name": "x"}, data={"config.yaml": "model: " + REFUSED}, opts=cluster
)
container = {"name": "vllm", "args": ["serve", REFUSED]}
kubernetes.apps.v1.DeploymentPatch(
    "arguments-patch",
    metadata={"name": "chat"},
    spec={"template": {"spec": {"containers": [container]}}},
    opts=cluster,
)
kubernetes.apiextensions.CustomResource(
    "unlisted", api_version="llm.example.org/v1", kind="ModelServer", spec={"modelId": REFUSED}, opts=cluster
)
kubernetes.apiextensions.CustomResource(
    "listed", api_version="cert-manager.io/v1", kind="Certificate", spec={"secretName": "s"}, opts=cluster
)
"""

OTHER_STACK = """
pulumi.export("region", "uk-lon")
pulumi.export("secret", Output.secret(CANARY))
"""
REFERRING = """
nowhere = ResourceOptions(provider=scaleway.Provider("nowhere"))
other = pulumi.StackReference("organization/sample/other")
bucket("known", nowhere, region=other.get_output("region"))
bucket("secret", nowhere, region=other.get_output("secret"))
bucket("missing", nowhere, region=other.get_output("missing"))
bucket("honest", nowhere, region="fr-par")
"""


MANIFEST = """\
apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: listed}
    spec:
      selector: {matchLabels: {app: x}}
      serviceName: x
      template:
        metadata: {labels: {app: x}}
        spec: {containers: [{name: c, image: "ollama/ollama:latest"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: second}
spec: {containers: [{name: c, image: "vllm/vllm-openai:latest", args: [--model, owner/thing]}]}
"""


def test_no_disguise_of_a_place_gets_through(judge: Judge) -> None:
    report = judge(PLACES)
    assert report.refused
    assert report.resources("residency") == {
        "transformed",
        "transformed-as-before",
        "put-together",
        "wrapped-twice",
        "number",
        "cyrillic",
        "full-width",
        "zero-width",
        "space",
        "upper-case",
        "new-line",
        ODD_NAME,
        "x" * 180,
        "huge",
        "protected",
        "aliased",
        "older-plugin",
        "deleted-with",
        "depending",
        "inner-bucket",
        "inner-absent",
        "abroad",
    }
    assert report.resources("model-ip") == {"inner-model"}


def test_no_disguise_of_a_model_gets_through(judge: Judge) -> None:
    report = judge(MODELS)
    assert report.refused
    assert report.resources("model-ip") == {
        "cyrillic",
        "other-case",
        "dots",
        "relative",
        "url",
        "twice",
        "shortened",
        "with-equals",
        "indirect",
        "too-late",
        "set-twice",
        "from-map",
        "from-field",
        "huge",
        "m",
        "config-file",
        "projected-file",
        "hook",
        "probe",
        "shell",
        "shell-variable",
        "custom-template",
        "kserve",
        "patch",
        "pod-template",
        "cron-job",
    }


def test_no_disguise_of_a_program_gets_through(judge: Judge) -> None:
    """None asks for a GPU or has an engine's image: what starts the server is all there is to see."""
    report = judge(PROGRAMS)
    assert report.refused
    assert report.resources("model-ip") == {
        "put-together",
        "substituted",
        "backticks",
        "evaluated",
        "aliased",
        "piped",
        "fetched",
        "by-pattern",
        "python",
        "variable",
        "filled",
        "secret-script",
        "weights",
        "scripts",
        "renamed",
        "applying",
        "manifest",
        "map-patch",
        "arguments-patch",
    }
    assert report.resources("model-ip-files") == {
        "script",
        "sourced",
        "script-refused",
        "script-hidden",
        "script-first",
        "script-unknown",
        "script-nowhere",
    }
    assert report.resources("model-ip-unclassified") == {"unlisted"}


def test_a_place_that_another_stack_gives_is_judged(tmp_path: Path) -> None:
    project = new_project(tmp_path, OTHER_STACK)
    (tmp_path / "Pulumi.other.yaml").write_text((tmp_path / "Pulumi.dev.yaml").read_text())
    assert Project(tmp_path, "other").up().returncode == 0
    report = preview(new_project(tmp_path, REFERRING))
    assert project.stack == "dev"
    assert report.refused
    assert report.resources("residency") == {"known", "secret", "missing"}
    assert "honest" not in report.resources("residency-unseen", "residency-unclassified")
    assert CANARY not in report.text


def test_a_manifest_on_disk_is_judged_object_by_object(tmp_path: Path) -> None:
    (tmp_path / "tutorial.yaml").write_text(MANIFEST)
    program = 'kubernetes.yaml.ConfigFile("tutorial", "tutorial.yaml", opts=cluster)'
    report = preview(new_project(tmp_path, program))
    assert report.refused
    assert {name.rpartition("/")[2] for name in report.resources("model-ip")} == {"listed", "second"}
