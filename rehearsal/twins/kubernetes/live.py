"""An object as the cluster holds it, from what the program asks for; and the way back."""

import uuid
from collections.abc import Mapping
from typing import cast

from rehearsal.twins.kubernetes.decided import Decided
from rehearsal.twins.kubernetes.defaults import completed, text_of
from rehearsal.twins.kubernetes.fields import mapping_at, value_at
from rehearsal.twins.kubernetes.kinds import Kind
from rehearsal.twins.kubernetes.status import now, status_of
from rehearsal.twins.outputs import short_hash
from rehearsal.twins.values import UNKNOWN, Value

__all__ = ["importable", "live_object", "patched", "pruned"]

_Object = dict[str, Value]

_DECIDED_METADATA = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)


def live_object(
    kind: Kind, inputs: Mapping[str, Value], before: Mapping[str, Value], *, preview: bool, has_status: bool
) -> _Object:
    """The object with everything the API server and the controllers add.

    Args:
        kind: its kind.
        inputs: what the program asks for; may hold unknowns at preview.
        before: the object as it is; empty for a new one.
        preview: whether what only the cluster decides is to be left unknown.
        has_status: whether the kind has a status at all.
    """
    decided = Decided(before, preview)
    uid = decided(("metadata", "uid"), lambda: str(uuid.uuid4()))
    live = completed(kind, inputs, decided, str(uid))
    metadata = live.get("metadata")
    if isinstance(metadata, dict):
        changed = mapping_at(before, "spec") != mapping_at(live, "spec")
        metadata = cast(_Object, metadata)
        metadata["uid"] = uid
        metadata["creationTimestamp"] = decided(("metadata", "creationTimestamp"), now)
        metadata["generation"] = UNKNOWN if preview else _number(before, "generation", 1, int(changed))
        first = int(short_hash(str(uid), 5), 16)
        metadata["resourceVersion"] = (
            UNKNOWN if preview else str(_number(before, "resourceVersion", first, 1))
        )
    if has_status:
        live["status"] = UNKNOWN if preview else status_of(kind, live, str(uid))
    return live


def _number(before: Mapping[str, Value], name: str, first: int, step: int) -> int:
    """The next value of a counter in the metadata."""
    text = str(value_at(before, "metadata", name))
    return int(text) + step if text.isdigit() else first


def patched(target: Mapping[str, Value], inputs: Mapping[str, Value]) -> _Object:
    """What a patch answers: its target as the twin has it, with the patch on top."""
    merged = dict(target)
    for name, value in inputs.items():
        inner = merged.get(name)
        if isinstance(value, dict) and isinstance(inner, dict):
            merged[name] = patched(cast(_Object, inner), cast(_Object, value))
        else:
            merged[name] = value
    return merged


def pruned(live: Mapping[str, Value], shape: Mapping[str, Value]) -> _Object:
    """What of a live object the program has a say in: drift elsewhere is the cluster's own business.

    Args:
        live: the object as it is.
        shape: the inputs it was last given.
    """
    found = cast(_Object, _pruned(dict(live), dict(shape)))
    texts = shape.get("stringData")
    if isinstance(texts, dict) and live.get("kind") == "Secret":
        data = mapping_at(live, "data")
        read = {key: text_of(data.get(key)) for key in cast(_Object, texts) if key in data}
        found["stringData"] = {key: text for key, text in read.items() if text is not None}
    return found


def _pruned(live: Value, shape: Value) -> Value:
    if isinstance(live, dict) and isinstance(shape, dict):
        values, wanted = cast(_Object, live), cast(_Object, shape)
        return {key: _pruned(values[key], wanted[key]) for key in wanted if key in values}
    if isinstance(live, list) and isinstance(shape, list):
        pairs = zip(cast("list[Value]", live), cast("list[Value]", shape), strict=False)
        return [_pruned(item, wanted) for item, wanted in pairs]
    return cast(Value, live)


def importable(live: Mapping[str, Value]) -> _Object:
    """The inputs of an object that the program takes over: all of it but what the cluster decides."""
    found = {name: value for name, value in live.items() if name != "status"}
    metadata = mapping_at(live, "metadata")
    found["metadata"] = {name: value for name, value in metadata.items() if name not in _DECIDED_METADATA}
    return found
