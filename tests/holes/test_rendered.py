"""Holes 9, 10 and 16: objects that only exist once something has rendered or run."""

from __future__ import annotations

import pytest

from tests.holes.conftest import Judge
from tests.holes.gate import CANARY, PACK, Preview, new_project

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("holes/rendered")]

RENDERED = """
import json
from pathlib import Path

from pulumi_kubernetes import kustomize, yaml
from pulumi_kubernetes.helm import v3, v4
from pulumi_kubernetes.yaml import v2


def manifest(name, model):
    pod = template(vllm("--model", model))
    spec = {"selector": {"matchLabels": {"app": "x"}}, "template": pod}
    metadata = {"name": name, "namespace": "x"}
    return json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})


def on_disk(name, text):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)


on_disk("refused.yaml", manifest("in-file", REFUSED))
on_disk("web/Chart.yaml", "apiVersion: v2\\nname: web\\nversion: 1.2.3\\n")
on_disk("web/templates/server.yaml", manifest("in-chart", REFUSED))

v2.ConfigGroup("group-known", yaml=manifest("in-group", REFUSED), opts=cluster)
v2.ConfigGroup("group-secret", yaml=Output.secret(manifest("in-secret", REFUSED)), opts=cluster)
v2.ConfigGroup("group-honest", yaml=manifest("honest", APPROVED), opts=cluster)
v2.ConfigGroup("group-absent", opts=cluster)
v2.ConfigGroup("group-unknown", yaml=unknown, opts=cluster)
v2.ConfigGroup("group-unknown-inside", objs=[{"apiVersion": "v1", "kind": unknown}], opts=cluster)
v2.ConfigGroup("group-secret-unknown", yaml=Output.secret(unknown), opts=cluster)
v2.ConfigFile("file", file="refused.yaml", resource_prefix="second", opts=cluster)
yaml.ConfigFile("old-file", "refused.yaml", opts=cluster)
yaml.ConfigGroup("old-group", yaml=[manifest("in-old-group", REFUSED)], opts=cluster)
v4.Chart("chart-unknown", chart="./web", values={"x": unknown}, opts=cluster)
v4.Chart("chart-name-unknown", chart=unknown, opts=cluster)
v4.Chart("chart-secret-unknown", chart="./web", values={"x": Output.secret(unknown)}, opts=cluster)
v3.Release("release", chart="./web", values={"x": 1}, namespace="x", opts=cluster)
v3.Release("release-unknown", chart="./web", values={"x": unknown}, opts=cluster)
v3.Release("release-absent", chart="./web", opts=cluster)
v3.Release("release-secret", chart="./web", values={"x": unknown, "y": Output.secret(CANARY)}, opts=cluster)
"""

DYNAMIC = """
from pulumi import dynamic


class Anything(dynamic.ResourceProvider):
    def create(self, props):
        return dynamic.CreateResult("id", props)


class Dynamic(dynamic.Resource):
    def __init__(self, name, region, opts=None):
        super().__init__(Anything(), name, {"region": region}, opts)


class Fancy(dynamic.Resource, module="custom", name="Bucket"):
    def __init__(self, name):
        super().__init__(Anything(), name, {})


class Explicit(pulumi.ProviderResource):
    def __init__(self):
        super().__init__("pulumi-python", "explicit", {})


Dynamic("dynamic-known", "fr-par")
Dynamic("dynamic-unknown", unknown)
Dynamic("dynamic-absent", None)
Dynamic("dynamic-secret", Output.secret(CANARY))
Dynamic("dynamic-explicit", "fr-par", ResourceOptions(provider=Explicit()))
Fancy("dynamic-renamed")
bucket("honest", region="fr-par")
"""


@pytest.fixture(scope="module")
def rendered(judge: Judge) -> Preview:
    return judge(RENDERED)


def test_what_is_rendered_at_preview_is_judged_object_by_object(rendered: Preview) -> None:
    assert rendered.refused
    assert rendered.resources("model-ip") == {
        "group-known:x/in-group",
        "group-secret:x/in-secret",
        "second:x/in-file",
        "x/in-file",
        "x/in-old-group",
        "release",
        "release-unknown",
        "release-absent",
        "release-secret",
    }


def test_what_cannot_be_rendered_at_preview_is_refused_and_not_only_warned_about(rendered: Preview) -> None:
    assert rendered.resources("model-ip-rendered") == {
        "group-absent",
        "group-unknown",
        "group-unknown-inside",
        "group-secret-unknown",
        "chart-unknown",
        "chart-name-unknown",
        "chart-secret-unknown",
    }
    assert CANARY not in rendered.text


def test_a_dynamic_resource_is_refused_whatever_it_says_of_itself(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    project = new_project(tmp_path_factory.mktemp("dynamic"), DYNAMIC)
    arguments = ("--provider", "pulumi-python", "pulumi", "preview", *PACK, "--stack", project.stack)
    report = Preview.of(project.run(*arguments))
    assert report.refused
    assert report.resources("residency-unclassified") == {
        "dynamic-known",
        "dynamic-unknown",
        "dynamic-absent",
        "dynamic-secret",
        "dynamic-explicit",
        "dynamic-renamed",
        *("explicit", "default"),  # their providers
    }
    assert CANARY not in report.text
