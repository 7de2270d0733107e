"""What the plugin adds to a program's inputs: a name, a namespace, apiVersion and kind."""

from collections.abc import Mapping
from typing import cast

from rehearsal.sdk import Property
from rehearsal.twins.kubernetes.fields import mapping_at
from rehearsal.twins.kubernetes.kinds import Kind
from rehearsal.twins.outputs import short_hash
from rehearsal.twins.values import Unknown, Value

__all__ = ["auto_name", "identity_of", "is_autonamed", "named", "normalised"]

_AUTONAMED = "pulumi.com/autonamed"
_SUFFIX_LENGTH = 8

_Object = dict[str, Value]


def normalised(kind: Kind, inputs: Mapping[str, Value], declared: Mapping[str, Property]) -> _Object:
    """The inputs as the SDK's own classes would send them, also when they come from a manifest.

    apiVersion, kind and metadata are there, a status is dropped (the API ignores it in a request), and the
    `x-kubernetes-…` keys of a CustomResourceDefinition's schema are written with underscores.
    """
    found = {name: value for name, value in inputs.items() if value is not None}
    if "status" not in declared:
        found.pop("status", None)
    if kind.name == "CustomResourceDefinition":
        found = cast(_Object, _underscored(found))
    found.setdefault("apiVersion", kind.api_version)
    found.setdefault("kind", kind.name)
    found.setdefault("metadata", {})
    return found


def _underscored(value: Value) -> Value:
    if isinstance(value, dict):
        return {
            key.replace("-", "_") if key.startswith("x-kubernetes-") else key: _underscored(item)
            for key, item in cast(_Object, value).items()
        }
    if isinstance(value, list):
        return [_underscored(item) for item in cast("list[Value]", value)]
    return value


def auto_name(resource_name: str, urn: str, seed: bytes) -> str:
    """The program's name for the resource, with a suffix that the engine's seed decides."""
    suffix = seed.hex()[:_SUFFIX_LENGTH] if seed else short_hash(urn, _SUFFIX_LENGTH)
    return f"{resource_name}-{suffix}"


def is_autonamed(inputs: Mapping[str, Value]) -> bool:
    """Whether the plugin chose the object's name."""
    return mapping_at(inputs, "metadata", "annotations").get(_AUTONAMED) == "true"


def named(inputs: _Object, before: Mapping[str, Value], fresh: str, namespace: str | None) -> _Object:
    """The inputs with a name and a namespace.

    Args:
        inputs: normalised inputs.
        before: the inputs the object has now; its name is kept when the plugin chose it.
        fresh: the name for an object that has none.
        namespace: where an object without a namespace goes; None for a kind outside namespaces.
    """
    metadata = inputs.get("metadata")
    if not isinstance(metadata, dict):
        return inputs
    metadata = dict(cast(_Object, metadata))
    chosen: Value = None
    if metadata.get("name") is None and metadata.get("generateName") is None:
        if not before:
            chosen = fresh
        elif is_autonamed(before):
            chosen = mapping_at(before, "metadata").get("name")
    annotations = metadata.get("annotations")
    if chosen is not None:
        metadata["name"] = chosen
        if not isinstance(annotations, Unknown):
            metadata["annotations"] = {**mapping_at(annotations), _AUTONAMED: "true"}
    if namespace is None:
        metadata.pop("namespace", None)
    elif metadata.get("namespace") is None:
        metadata["namespace"] = namespace
    return {**inputs, "metadata": metadata}


def identity_of(inputs: Mapping[str, Value]) -> str:
    """The id a program sees: `namespace/name`, or the name of an object outside namespaces."""
    metadata = mapping_at(inputs, "metadata")
    namespace, name = metadata.get("namespace"), str(metadata.get("name"))
    return f"{namespace}/{name}" if namespace else name
