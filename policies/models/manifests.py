"""Kubernetes objects written as text, in a ConfigMap or a Secret, for somebody to apply later."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import yaml

from policies.decoding import from_base64
from policies.facts import UNKNOWN, Absent, Resource, Unknown, Value, freeze, plain

__all__ = ["UnreadableManifest", "decoded", "manifests_in", "texts_of"]

_KEYS = re.compile(r"""(?m)(?:^|[\s{,])["']?(?:apiVersion|kind)["']?\s*:""")
_PODS = re.compile(r"""(?m)(?:^|[\s{,-])["']?(?:containers|initContainers|podTemplate|predictor)["']?\s*:""")
_MOST_NODES: Final = 50_000
_DEEPEST: Final = 60


class UnreadableManifest(Exception):  # noqa: N818  (it is what the text is, not a mistake of this program)
    """A text that looks like a Kubernetes object with pods and is none that can be read."""


class _TextLoader(yaml.BaseLoader):
    """Every scalar stays a text."""


def texts_of(resource: Resource) -> Iterator[tuple[str, Value | Absent]]:
    """Yield every entry of a ConfigMap or Secret, or of a list of them: its path and its text."""
    is_secret = resource.type.startswith("kubernetes:core/v1:Secret")
    yield from _entries(resource.properties, "", is_secret=is_secret)


def _entries(
    fields: Mapping[str, Value], path: str, *, is_secret: bool
) -> Iterator[tuple[str, Value | Absent]]:
    for name in ("data", "stringData", "binaryData"):
        entries = plain(fields.get(name))
        for key, value in entries.items() if isinstance(entries, Mapping) else ():
            text = plain(value)
            encoded = name == "binaryData" or (is_secret and name == "data")
            yield f"{path}{name}[{key}]", decoded(text) if encoded and isinstance(text, str) else text
    items = plain(fields.get("items"))
    for index, item in enumerate(items if isinstance(items, tuple) else ()):
        inner = plain(item)
        if isinstance(inner, Mapping):
            yield from _entries(inner, f"{path}items[{index}].", is_secret=is_secret)


def decoded(text: str) -> str | Unknown:
    """Return what a text in base64 says, or UNKNOWN if it is no text."""
    known = from_base64(text, exact=True)
    return UNKNOWN if known is None else known


def manifests_in(text: str, urn: str) -> Iterator[Resource]:
    """Yield every Kubernetes object in a text of YAML or JSON.

    Raises:
        UnreadableManifest: it speaks of pods and of a kind, and cannot be parsed.
    """
    if not _KEYS.search(text):
        return
    try:
        documents = [_checked(each) for each in yaml.load_all(text, Loader=_TextLoader)]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if _PODS.search(text):
            message = "it looks like a Kubernetes object with pods, and it cannot be parsed"
            raise UnreadableManifest(message) from error
        return
    for document in documents:
        if isinstance(document, Mapping):
            fields = cast("Mapping[str, Any]", document)
            kind, version = fields.get("kind"), fields.get("apiVersion")
            if isinstance(kind, str) and isinstance(version, str):
                group = version if "/" in version else f"core/{version}"
                properties = cast("Mapping[str, Value]", freeze(fields))
                yield Resource(urn, f"kubernetes:{group}:{kind}", kind, properties)


def _checked(document: object) -> object:
    """Refuse what grows without end when it is walked: aliases of aliases, and loops."""
    seen = 0
    waiting: list[tuple[object, int]] = [(document, 0)]
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        if seen > _MOST_NODES or depth > _DEEPEST:
            message = "too large or too deep"
            raise ValueError(message)
        if isinstance(node, Mapping):
            waiting.extend((item, depth + 1) for item in cast("Mapping[object, object]", node).values())
        elif isinstance(node, list):
            waiting.extend((item, depth + 1) for item in cast("list[object]", node))
    return document
