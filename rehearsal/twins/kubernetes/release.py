"""A Helm release: one resource, whose chart is rendered to check it but whose objects stay Helm's own.

As the plugin does it (pulumi-kubernetes provider/pkg/provider/helm_release.go, read 2026-11).
"""

import hashlib
from collections.abc import Mapping
from typing import Any, cast

from rehearsal.errors import CloudError
from rehearsal.twins.check import Failure
from rehearsal.twins.kubernetes.charts import Rendering, chart_facts, locate_chart, rendered, values_texts
from rehearsal.twins.kubernetes.fields import mapping_at
from rehearsal.twins.kubernetes.kinds import kind_of, token_of
from rehearsal.twins.kubernetes.manifests import decoded
from rehearsal.twins.values import UNKNOWN, Unknown, Value, contains_unknown

__all__ = ["REPLACING", "filled_in", "identity_of", "namespaces_of", "outputs_of", "unavailable"]

REPLACING = frozenset({"name", "namespace"})
"""The only inputs whose change replaces a release."""

_TIMEOUT_SECONDS = 300
_NAMESPACE_KEY = "Namespace/v1"

_Object = dict[str, Value]


def unavailable(inputs: Mapping[str, Value]) -> list[Failure]:
    """Why the chart cannot be had; nothing when it can, or cannot be known yet."""
    chart, options = inputs.get("chart"), inputs.get("repositoryOpts")
    if not isinstance(chart, str) or isinstance(options, Unknown):
        return []
    try:
        locate_chart(chart, str(mapping_at(options).get("repo") or ""))
    except CloudError as error:
        return [Failure("chart", str(error))]
    return []


def filled_in(
    inputs: Mapping[str, Value], before: Mapping[str, Value], fresh: str, namespace: str
) -> _Object:
    """The inputs with a name, a namespace, and what rendering the chart tells: names and a checksum.

    Raises:
        CloudError: Helm cannot render the chart.
    """
    found = {name: value for name, value in inputs.items() if value is not None}
    if not found.get("name"):
        found["name"] = before.get("name") or fresh
    if not found.get("namespace"):
        found["namespace"] = namespace
    if not found.get("skipAwait"):
        found.setdefault("timeout", _TIMEOUT_SECONDS)
    if contains_unknown(found) or unavailable(found):
        return found
    text = _rendered(found)
    found["checksum"] = hashlib.sha256(text.encode()).hexdigest()
    found["resourceNames"] = _resource_names(text)
    return found


def _rendered(inputs: Mapping[str, Value]) -> str:
    post_renderer = inputs.get("postrender")
    return rendered(
        Rendering(
            chart=locate_chart(str(inputs["chart"])),
            name=str(inputs["name"]),
            namespace=str(inputs["namespace"]),
            values=mapping_at(inputs, "values"),
            values_files=values_texts(inputs.get("valueYamlFiles")),
            definitions=inputs.get("skipCrds") is not True,
            hooks=inputs.get("disableWebhooks") is not True,
            test_hooks=True,
            post_renderer=[str(post_renderer)] if post_renderer else (),
            verify=inputs.get("verify") is True,
            keyring=str(inputs.get("keyring") or ""),
        )
    )


def _resource_names(text: str) -> _Object:
    """Names of the chart's objects, by `Kind/version` or `Kind.group/group/version`."""
    found: dict[str, set[str]] = {}
    for manifest in decoded(text, "the rendered chart"):
        version, name = str(manifest.get("apiVersion")), str(manifest.get("kind"))
        metadata = mapping_at(manifest, "metadata")
        full = "/".join(str(metadata[part]) for part in ("namespace", "name") if metadata.get(part))
        found.setdefault(f"{kind_of(token_of(version, name)).qualified}/{version}", set()).add(full)
    return {key: sorted(names) for key, names in sorted(found.items())}


def identity_of(inputs: Mapping[str, Value]) -> str:
    """`namespace/name`."""
    return f"{inputs.get('namespace')}/{inputs.get('name')}"


def outputs_of(inputs: Mapping[str, Value], before: Mapping[str, Value], *, preview: bool) -> dict[str, Any]:
    """The release as it is after Helm installed or upgraded it.

    Args:
        inputs: filled-in inputs.
        before: its outputs so far; empty for a new one.
        preview: whether what Helm only tells afterwards is to be left unknown.
    """
    if preview:
        return {**inputs, "status": UNKNOWN, "version": inputs.get("version", UNKNOWN)}
    facts = chart_facts(locate_chart(str(inputs["chart"])))
    revision = mapping_at(before, "status").get("revision")
    status = {
        "name": inputs["name"],
        "namespace": inputs["namespace"],
        "chart": facts.get("name"),
        "version": facts.get("version"),
        "appVersion": str(facts.get("appVersion") or ""),
        "revision": revision + 1 if isinstance(revision, int) else 1,
        "status": "deployed",
    }
    return {**inputs, "version": facts.get("version"), "status": status}


def namespaces_of(outputs: Mapping[str, Value]) -> frozenset[str]:
    """The namespaces a release brings along."""
    names = mapping_at(outputs, "resourceNames").get(_NAMESPACE_KEY)
    own = [outputs.get("namespace")] if outputs.get("createNamespace") is True else []
    return frozenset(
        str(name) for name in [*own, *(cast("list[Value]", names) if isinstance(names, list) else [])]
    )
