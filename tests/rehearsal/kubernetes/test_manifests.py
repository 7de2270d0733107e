"""Manifests are read as the API's own tools read them, and put into an order that works."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rehearsal.errors import CloudError
from rehearsal.twins.kubernetes.manifests import decoded, expanded, in_namespace, local_path, read_files
from rehearsal.twins.kubernetes.ordering import levels, reference_of
from tests.rehearsal.kubernetes.conftest import Plugin


def manifest(kind: str, name: str, version: str = "v1", **parts: Any) -> dict[str, Any]:
    metadata = {"name": name, **parts.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **parts}


DEFINITION = manifest(
    "CustomResourceDefinition",
    "widgets.example.org",
    "apiextensions.k8s.io/v1",
    spec={"group": "example.org", "names": {"kind": "Widget"}, "scope": "Cluster"},
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-31", "2026-01-31"),
        ("12:30:45", "12:30:45"),
        ("yes", True),
        ("off", False),
        ("y", "y"),
        ("0o17", 15),
        ("0777", 511),
        ("1e3", 1000.0),
        ("1.0", 1.0),
        ("1.2.3", "1.2.3"),
        ("~", None),
        ("", None),
        ("'yes'", "yes"),
        ("=", "="),
    ],
)
def test_plain_values_mean_what_they_mean_to_kubernetes(text: str, value: object) -> None:
    (found,) = decoded(f"value: {text}\nother: 1", "test")
    assert found["value"] == value
    assert type(found["value"]) is type(value)


def test_empty_documents_are_skipped_and_keys_are_text() -> None:
    assert decoded("---\n\n---\n# nothing\n---\n8080: {true: x}\n---\n{}", "test") == [
        {"8080": {"true": "x"}}
    ]


def test_anchors_and_merges_are_resolved() -> None:
    assert decoded("a: &x {b: 1}\nc: {<<: *x, d: 2}", "test") == [{"a": {"b": 1}, "c": {"b": 1, "d": 2}}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "the file is not valid YAML at line"),
        ("a: b\n---\n- 1", "the file: document 2 is a list"),
        ("a: !!python/object:os.system x", "the file is not valid YAML"),
    ],
)
def test_text_that_is_no_manifest_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(CloudError, match=message):
        decoded(text, "the file")


def test_lists_are_taken_apart_and_what_is_not_a_list_is_not() -> None:
    inner = manifest("ConfigMapList", "", items=[manifest("ConfigMap", "a")])
    outer = {"apiVersion": "v1", "kind": "List", "items": [inner, manifest("AllowList", "b", "x.io/v1")]}
    assert [item["metadata"]["name"] for item in expanded([outer], "test")] == ["a", "b"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "Secret", "metadata": {"name": "a"}, "stringData": {"x": "hush"}}, "apiVersion"),
        ({"apiVersion": "v1", "metadata": {"name": "a"}, "stringData": {"x": "hush"}}, "kind"),
        ({"apiVersion": "v1", "kind": "Secret", "stringData": {"x": "hush"}}, r"metadata\.name"),
    ],
)
def test_an_object_that_cannot_be_identified_is_refused_without_showing_it(
    wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(CloudError, match=f"an object has no {field}") as told:
        expanded([wrong], "test")
    assert "hush" not in str(told.value)


def test_objects_without_a_namespace_get_one_if_their_kind_has_one() -> None:
    role = manifest("ClusterRole", "r", "rbac.authorization.k8s.io/v1")
    widget, gadget = manifest("Widget", "w", "example.org/v1"), manifest("Gadget", "g", "example.org/v1")
    placed = manifest("ConfigMap", "p", metadata={"namespace": "own"})
    objects = [manifest("ConfigMap", "a"), placed, role, widget, gadget]
    found = in_namespace(objects, "models", [DEFINITION])
    namespaces = [item["metadata"].get("namespace") for item in found]
    assert namespaces == ["models", "own", None, None, "models"]


def test_namespaces_and_definitions_come_before_what_needs_them() -> None:
    inside = manifest("ConfigMap", "a", metadata={"namespace": "models"})
    widget = manifest("Widget", "w", "example.org/v1")
    order = levels([widget, inside, manifest("Namespace", "models"), DEFINITION])
    assert [{item["kind"] for item, _ in level} for level in order] == [
        {"Namespace", "CustomResourceDefinition"},
        {"Widget", "ConfigMap"},
    ]
    needed = {item["kind"]: needs for item, needs in order[1]}
    assert needed["Widget"] == {reference_of(DEFINITION)}


def test_the_depends_on_annotation_is_followed() -> None:
    last = {
        "annotations": {"config.kubernetes.io/depends-on": "/namespaces/ns/ConfigMap/a, /Namespace/other"}
    }
    later = manifest("ConfigMap", "b", metadata={"namespace": "ns", **last})
    first = manifest("ConfigMap", "a", metadata={"namespace": "ns"})
    order = levels([later, first])
    assert [[item["metadata"]["name"] for item, _ in level] for level in order] == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("annotation", "message"),
    [("/ConfigMap/b", "need one another in a circle: ConfigMap"), ("nonsense", "'nonsense' names no object")],
)
def test_an_order_that_cannot_be_is_refused(annotation: str, message: str) -> None:
    def depending(name: str, on: str) -> dict[str, Any]:
        return manifest("ConfigMap", name, metadata={"annotations": {"config.kubernetes.io/depends-on": on}})

    with pytest.raises(CloudError, match=message):
        levels([depending("a", annotation), depending("b", "/ConfigMap/a")])


@pytest.mark.parametrize("main", ["", "main: program\n", "main: program/__main__.py\n"])
def test_paths_are_taken_from_the_programs_own_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, main: str
) -> None:
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__main__.py").touch()
    (tmp_path / "Pulumi.yaml").write_text(f"name: sample\nruntime: python\n{main}")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert local_path("x.yaml") == (tmp_path / "program" if main else tmp_path) / "x.yaml"
    assert local_path("/x.yaml") == Path("/x.yaml")


def test_patterns_find_files_in_order_and_missing_files_and_urls_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.yaml", "a.yaml", "c.txt"):
        (tmp_path / name).write_text(name)
    assert [text for _, text in read_files(["*.yaml"], patterns=True)] == ["a.yaml", "b.yaml"]
    with pytest.raises(CloudError, match=r"\*\.yaml cannot be read: No such file"):
        read_files(["*.yaml"], patterns=False)
    with pytest.raises(CloudError, match="a rehearsal fetches nothing"):
        read_files(["https://example.org/a.yaml"], patterns=True)


@pytest.fixture
def decode(plugin: Plugin) -> Callable[..., list[Any]]:
    def call(**arguments: Any) -> list[Any]:
        answer = plugin.twin.invoke("kubernetes:yaml:decode", arguments, {})
        assert answer is not None
        return answer["result"]

    return call


def test_the_function_behind_yaml_config_files_gives_objects_back(decode: Callable[..., list[Any]]) -> None:
    text = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n---\nnothing: here"
    assert decode(text=text) == [manifest("ConfigMap", "a")]
    (placed,) = decode(text=text, defaultNamespace="models")
    assert placed["metadata"]["namespace"] == "models"
    with pytest.raises(CloudError, match="needs the argument 'text' as a string"):
        decode()


def test_kustomize_and_unknown_functions_are_refused(plugin: Plugin) -> None:
    with pytest.raises(CloudError, match="does not run Kustomize"):
        plugin.twin.invoke("kubernetes:kustomize:directory", {"directory": "."}, {})
    assert plugin.twin.invoke("kubernetes:no:such", {}, {}) is None
