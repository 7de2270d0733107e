"""A cluster of the twin without the engine: what the plugin does for one resource after the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal.cloud import CloudObject, CloudStore
from rehearsal.sdk import installed_packages
from rehearsal.twins.behaviour import Request
from rehearsal.twins.diff import Change, changes
from rehearsal.twins.kubernetes import Kubernetes
from rehearsal.twins.operations import Operations

SEED = bytes.fromhex("0123456789abcdef")
LABELS = {"app": "vllm"}


def kubeconfig(server: str = "https://eu.example:6443", **context: str) -> str:
    """A kubeconfig of one cluster."""
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {"token": "s3cr3t"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", **context}}],
            "current-context": "x",
        }
    )


def deployment(**container: Any) -> dict[str, Any]:
    """An honest Deployment."""
    return {
        "metadata": {},
        "spec": {
            "selector": {"matchLabels": LABELS},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {"containers": [{"name": "vllm", "image": "registry.example/vllm:1", **container}]},
            },
        },
    }


@dataclass
class Plugin:
    """The twin's answers, call by call."""

    twin: Kubernetes
    operations: Operations
    settings: Mapping[str, Any]

    def request(
        self, token: str, inputs: Mapping[str, Any], name: str = "a", before: Mapping[str, Any] | None = None
    ) -> Request:
        token = token if token.startswith("kubernetes:") else f"kubernetes:{token}"
        type_ = self.twin.resource(token)
        assert type_ is not None, f"{token} is no type"
        urn = f"urn:pulumi:dev::sample::{token}::{name}"
        return Request(urn, type_, inputs, self.settings, before or {})

    def refused(self, token: str, inputs: Mapping[str, Any]) -> dict[str, str]:
        """Path to reason of all that Check refuses."""
        return {item.path: item.reason for item in self.twin.failures(self.request(token, inputs))}

    def checked(
        self, token: str, inputs: Mapping[str, Any], name: str = "a", before: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The inputs after Check."""
        asked = self.request(token, inputs, name)
        return self.twin.fill_in(asked, before or {}, SEED)

    def create(self, token: str, inputs: Mapping[str, Any], name: str = "a") -> CloudObject:
        """Check, then Create."""
        assert self.refused(token, inputs) == {}
        return self.operations.create(self.request(token, self.checked(token, inputs, name), name))

    def previewed(self, token: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What Create answers at preview."""
        return self.twin.outputs_at_preview(self.request(token, self.checked(token, inputs)))

    def differences(self, token: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
        """What Diff finds between two sets of inputs."""
        old = self.checked(token, before)
        new = self.checked(token, after, before=old)
        asked = self.request(token, new, before=old)
        return changes(old, new, self.twin.replacing_in(asked))

    def update(self, token: str, made: CloudObject, after: Mapping[str, Any]) -> dict[str, Any]:
        """Check, then Update."""
        new = self.checked(token, after, before=made.inputs)
        asked = self.request(token, new, before=made.inputs)
        return self.operations.update(asked, made.id, made.outputs)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    found = CloudStore(tmp_path / "cloud.sqlite")
    yield found
    found.close()


@pytest.fixture
def plugin(store: CloudStore) -> Plugin:
    """The plugin, set to the cluster `https://eu.example:6443`."""
    twin = Kubernetes(installed_packages()["kubernetes"], store)
    return Plugin(twin, Operations(twin), {"kubeconfig": kubeconfig()})


CHART = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: '4.5'\n",
    "values.yaml": "replicas: 1\nimage: registry.example/web:1\n",
    "crds/widget.yaml": """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  scope: Cluster
  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
""",
    "templates/objects.yaml": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "{{ .Values.image }}", resources: {limits: {cpu: 1}}}]}
---
apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}-key", annotations: {helm.sh/resource-policy: keep}}
stringData: {password: hush}
---
apiVersion: example.org/v1
kind: Widget
metadata: {name: "gadget-{{ .Release.Name }}"}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: pre-install}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: registry.example/b:1}]}}}
""",
}


def write_chart(directory: Path) -> Path:
    """A chart of a Deployment, a Secret, a definition, an object of its kind and a hook."""
    for name, text in CHART.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return directory
