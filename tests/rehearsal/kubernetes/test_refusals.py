"""Objects the API server would refuse are refused before anything is made, with the field's path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.twins.kubernetes.kinds import kind_of
from rehearsal.twins.kubernetes.quantity import parse_quantity
from rehearsal.twins.kubernetes.validation import invalid
from rehearsal.twins.values import UNKNOWN
from tests.rehearsal.kubernetes.conftest import Plugin, deployment

CONTAINER = "spec.template.spec.containers[0]"


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        ("apps/v1:Deployment", deployment()),
        (
            "apps/v1:Deployment",
            deployment(resources={"limits": {"cpu": 2, "memory": "16Gi", "nvidia.com/gpu": 1}}),
        ),
        ("core/v1:Service", {"spec": {"ports": [{"port": 80, "targetPort": "http"}]}}),
        ("core/v1:Service", {"spec": {"ports": [{"port": 80, "targetPort": 8000}]}}),
        ("core/v1:ConfigMap", {"metadata": {"annotations": {"a/b": "x"}}, "data": {"a": "b"}}),
        ("core/v1:ConfigMap", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": None}),
        ("core/v1:Namespace", {"metadata": {"name": UNKNOWN, "labels": UNKNOWN}}),
        ("rbac.authorization.k8s.io/v1:ClusterRole", {"metadata": {"name": "system:reader"}}),
        (
            "monitoring.coreos.com/v1:PodMonitor",
            {"metadata": {"name": "m"}, "spec": {"any": [1, {"thing": None}]}},
        ),
        ("apps/v1:DeploymentPatch", {"metadata": {"name": "coredns"}, "spec": {"replicas": 3}}),
    ],
)
def test_honest_objects_pass(plugin: Plugin, token: str, inputs: dict[str, Any]) -> None:
    assert plugin.refused(token, inputs) == {}


@pytest.mark.parametrize(
    ("changed", "path", "reason"),
    [
        ({"imagePullPolice": "Always"}, f"{CONTAINER}.imagePullPolice", "did you mean 'imagePullPolicy'"),
        ({"ports": [{}]}, f"{CONTAINER}.ports[0].containerPort", "missing"),
        (
            {"env": [{"name": "PORT", "value": 8000}]},
            f"{CONTAINER}.env[0].value",
            "must be a string, not a number",
        ),
        ({"ports": [{"containerPort": "80"}]}, f"{CONTAINER}.ports[0].containerPort", "must be an integer"),
        ({"tty": "true"}, f"{CONTAINER}.tty", "must be a boolean"),
        (
            {"livenessProbe": {"httpGet": {"port": [80]}}},
            f"{CONTAINER}.livenessProbe.httpGet.port",
            "must be an integer",
        ),
        (
            {"resources": {"limits": {"memory": "16GB"}}},
            f"{CONTAINER}.resources.limits['memory']",
            "no quantity",
        ),
        (
            {"resources": {"requests": {"nvidia.com/gpu": "1"}}},
            f"{CONTAINER}.resources.limits",
            "it cannot be overcommitted",
        ),
        (
            {"resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "2G"}}},
            f"{CONTAINER}.resources.requests['memory']",
            "must not exceed the limit of 2G",
        ),
    ],
)
def test_a_mistake_deep_in_a_pod_is_named_by_its_path(
    plugin: Plugin, changed: dict[str, Any], path: str, reason: str
) -> None:
    found = plugin.refused("apps/v1:Deployment", deployment(**changed))
    assert list(found) == [path]
    assert reason in found[path]


def test_a_selector_that_finds_no_pod_of_its_own_is_refused(plugin: Plugin) -> None:
    wrong = deployment()
    wrong["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    assert "spec.template.metadata.labels" in plugin.refused("apps/v1:Deployment", wrong)
    wrong["spec"]["template"]["metadata"]["labels"] = UNKNOWN
    assert plugin.refused("apps/v1:Deployment", wrong) == {}


@pytest.mark.parametrize(
    ("token", "inputs", "path"),
    [
        ("core/v1:Namespace", {"kind": "Namespce"}, "kind"),
        ("core/v1:Namespace", {"apiVersion": "v2"}, "apiVersion"),
        ("core/v1:Namespace", {"metadata": {"name": "Models"}}, "metadata.name"),
        ("core/v1:Namespace", {"metadata": {"name": "a.b"}}, "metadata.name"),
        ("core/v1:Service", {"metadata": {"name": "1st"}}, "metadata.name"),
        ("core/v1:ConfigMap", {"metadata": {"name": "x" * 254}}, "metadata.name"),
        ("batch/v1:CronJob", {"metadata": {"name": "x" * 53}, "spec": UNKNOWN}, "metadata.name"),
        ("core/v1:ConfigMap", {"metadata": {"generateName": "a-"}}, "metadata.generateName"),
        ("core/v1:ConfigMap", {"metadata": {"labels": {"a": "not ok"}}}, "metadata.labels['a']"),
        ("core/v1:ConfigMap", {"metadata": {"labels": {"bad key": "x"}}}, "metadata.labels"),
        ("core/v1:ConfigMap", {"metadata": {"labels": {"a": 1}}}, "metadata.labels['a']"),
        ("core/v1:ConfigMap", {"metadata": {"annotations": {"a/b/c": "x"}}}, "metadata.annotations"),
        ("core/v1:ConfigMapList", {"items": [{"metadata": {"name": "a"}}]}, "items"),
        ("core/v1:ConfigMapPatch", {"data": {"a": "b"}}, "metadata.name"),
        (
            "monitoring.coreos.com/v1:PodMonitor",
            {"metadata": {"labels": {"a": 1}}, "spec": {}},
            "metadata.labels['a']",
        ),
        ("monitoring.coreos.com/v1:PodMonitor", {"metadata": {"lables": {}}}, "metadata.lables"),
    ],
)
def test_what_identifies_an_object_is_checked(
    plugin: Plugin, token: str, inputs: dict[str, Any], path: str
) -> None:
    assert path in plugin.refused(token, inputs)


def test_a_kind_that_a_known_group_lacks_is_no_custom_resource(plugin: Plugin) -> None:
    assert plugin.twin.resource("kubernetes:apps/v1:Deploymnet") is None
    assert plugin.twin.resource("kubernetes:nodots/v1:Thing") is None
    assert plugin.twin.resource("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute") is not None


def test_a_definition_read_from_yaml_passes_with_its_dashed_schema_keys(plugin: Plugin) -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "properties": {
            "limits": {"type": "object", "additionalProperties": {"x-kubernetes-int-or-string": True}}
        },
    }
    definition = {
        "metadata": {"name": "widgets.example.org"},
        "status": {"conditions": []},
        "spec": {
            "group": "example.org",
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [
                {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
            ],
        },
    }
    token = "apiextensions.k8s.io/v1:CustomResourceDefinition"
    assert plugin.refused(token, definition) == {}
    schema["properties"]["limits"]["additionalProperties"]["maxLenght"] = 1
    (path,) = plugin.refused(token, definition)
    assert path.endswith("properties['limits'].additionalProperties.maxLenght")


@given(st.integers(0, 10**6), st.sampled_from(["", "m", "k", "Ki", "M", "Mi", "G", "Gi", "T", "Ti"]))
def test_quantities_keep_their_order_whatever_the_unit(number: int, unit: str) -> None:
    smaller, larger = parse_quantity(f"{number}{unit}"), parse_quantity(f"{number + 1}{unit}")
    assert smaller is not None
    assert larger is not None
    assert smaller < larger


@pytest.mark.parametrize("text", ["16GB", "1 Gi", "", "Gi", "1e", "--1", True, None, [1]])
def test_what_is_no_quantity_is_not_taken_for_one(text: object) -> None:
    assert parse_quantity(text) is None


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3) | st.just(UNKNOWN),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "metadata",
                        "spec",
                        "labels",
                        "name",
                        "template",
                        "containers",
                        "selector",
                        "matchLabels",
                        "resources",
                        "limits",
                        "requests",
                    ]
                ),
                inner,
            )
        ),
    )
)
def test_validation_never_stumbles_over_the_shape_of_an_object(value: Any) -> None:
    inputs = value if isinstance(value, dict) else {"spec": value, "metadata": value}
    for token in ("kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Pod", "kubernetes:core/v1:Service"):
        assert isinstance(invalid(kind_of(token), inputs), list)
