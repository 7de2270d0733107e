"""The plugin's functions behind yaml.ConfigFile, yaml.ConfigGroup, helm.v3.Chart and kustomize.Directory.

They take and give back what the Python SDK sends and expects (pulumi_kubernetes/yaml/yaml.py and
helm/v3/helm.py of 4.34.2).
"""

import json
from collections.abc import Mapping
from typing import Any, cast

from rehearsal.errors import CloudError
from rehearsal.twins.kubernetes.charts import Rendering, local_chart, rendered, unreachable
from rehearsal.twins.kubernetes.fields import mapping_at
from rehearsal.twins.kubernetes.manifests import Manifest, decoded, in_namespace
from rehearsal.twins.values import Value

__all__ = ["KUSTOMIZE_REFUSAL", "answer"]

KUSTOMIZE_REFUSAL = (
    "a rehearsal does not run Kustomize. Render the directory once (`kubectl kustomize DIR > "
    "manifest.yaml`), keep the manifest in the project and give it to kubernetes.yaml.v2.ConfigFile"
)


def answer(token: str, arguments: Mapping[str, Value]) -> dict[str, Any] | None:
    """The function's result, or None when there is no such function.

    Raises:
        CloudError: an argument is missing or cannot be used, or the function needs what a rehearsal lacks.
    """
    if token == "kubernetes:yaml:decode":
        text, namespace = _text(arguments, "text", token), arguments.get("defaultNamespace")
        return {"result": _placed(decoded(text, "the manifest"), str(namespace or ""))}
    if token == "kubernetes:helm:template":
        return {"result": _chart(_text(arguments, "jsonOpts", token))}
    if token == "kubernetes:kustomize:directory":
        raise CloudError(KUSTOMIZE_REFUSAL)
    return None


def _text(arguments: Mapping[str, Value], name: str, token: str) -> str:
    value = arguments.get(name)
    if isinstance(value, str):
        return value
    raise CloudError(f"{token} needs the argument {name!r} as a string")


def _placed(objects: list[Manifest], namespace: str) -> list[Manifest]:
    """The objects that have a kind at all; with a namespace, each put into it that has none and takes one."""
    whole = [item for item in objects if item.get("apiVersion") and item.get("kind")]
    return [*in_namespace(whole, namespace, whole)] if namespace else whole


def _chart(options: str) -> list[Manifest]:
    try:
        loaded: Value = json.loads(options)
    except ValueError as error:
        raise CloudError(f"kubernetes:helm:template: jsonOpts is not JSON: {error}") from error
    wanted = cast("dict[str, Value]", loaded) if isinstance(loaded, dict) else {}
    if not wanted.get("path"):
        repository = mapping_at(wanted, "fetch_opts").get("repo") or wanted.get("repo") or ""
        raise unreachable(str(wanted.get("chart") or ""), str(repository))
    namespace = str(wanted.get("namespace") or "")
    text = rendered(
        Rendering(
            chart=local_chart(str(wanted["path"])),
            name=str(wanted.get("release_name") or "release-name"),
            namespace=namespace or "default",
            values=mapping_at(wanted, "values"),
            definitions=wanted.get("skip_crd_rendering") is not True,
            hooks=True,
            test_hooks=wanted.get("include_test_hook_resources") is True,
            api_versions=[str(version) for version in wanted.get("api_versions") or ()],
            kube_version=str(wanted.get("kube_version") or ""),
        )
    )
    return _placed(decoded(text, "the rendered chart"), namespace)
