"""The hosts that manifests name for volumes: where they lie, and what they are filled from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from policies.documents import documents_in
from policies.facts import TEXT_OBJECTS, Absent, Found, Resource, Value, plain
from policies.rules._destinations import host_of

__all__ = ["hosts_in_source", "volume_sources"]

_VOLUMES: Final[Mapping[str, frozenset[str]]] = {
    "cephfs": frozenset({"monitors"}),
    "iscsi": frozenset({"portals", "targetPortal"}),
    "nfs": frozenset({"server"}),
    "quobyte": frozenset({"registry"}),
    "rbd": frozenset({"monitors"}),
    "scaleIO": frozenset({"gateway"}),
}
"""Kinds of volumes of Kubernetes itself, and their fields that name hosts."""
_SETTINGS: Final = frozenset({"options", "parameters", "volumeAttributes"})
"""Where drivers are told about a volume: CSI, FlexVolume, storage classes."""
_HOSTS: Final = frozenset(
    {
        "address",
        "addresses",
        "endpoint",
        "endpoints",
        "gateway",
        "host",
        "hosts",
        "metaurl",
        "monitors",
        "networkPath",
        "nfsServer",
        "portal",
        "portals",
        "quobyteAPIServer",
        "registry",
        "resturl",
        "server",
        "servers",
        "share",
        "source",
        "targetPortal",
        "targetPortals",
        "url",
    }
)
"""Words by which drivers call a host, or a path on one."""
_CLASSES: Final = "kubernetes:storage.k8s.io/"
_IMPORTED: Final = "cdi.kubevirt.io/storage.import.endpoint"
"""The annotation of a claim that tells KubeVirt's importer what to fill it from."""
_SEVERAL: Final = re.compile(r"[\s,;]+")


def volume_sources(resource: Resource) -> Iterator[Found]:
    """Yield every text of an object that names where a volume lies, or what fills it.

    Raises:
        TooMuchError: a configuration of ceph-csi that nobody can walk to its end.
    """
    if resource.package != "kubernetes":
        return
    yield from _walk(resource.properties, (), "", resource.type)
    if resource.type.startswith(TEXT_OBJECTS[0]):
        for key, value in _items(resource.properties.get("data")):
            text = plain(value)
            if isinstance(text, str) and "clusterID" in text and "monitors" in text:
                for document in documents_in(text):
                    yield from _monitors(document, f"data.{key}")


def _walk(value: Value, steps: tuple[str, ...], path: str, kind: str) -> Iterator[Found]:
    bare = plain(value)
    if isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _walk(element, steps, f"{path}[{index}]", kind)
    elif isinstance(bare, Mapping):
        for key, item in bare.items():
            here = f"{path}.{key}" if path else key
            if _names_a_host(key, steps, kind):
                yield from _texts(item, here)
            else:
                yield from _walk(item, (*steps, key)[-2:], here, kind)


def _names_a_host(key: str, steps: tuple[str, ...], kind: str) -> bool:
    parent = steps[-1] if steps else ""
    if key in _VOLUMES.get(parent, ()) or key == _IMPORTED:
        return True
    in_driver = bool(steps) and steps[0] in {"csi", "flexVolume"}
    return parent in _SETTINGS and key in _HOSTS and (in_driver or kind.startswith(_CLASSES))


def _texts(value: Value, path: str) -> Iterator[Found]:
    bare = plain(value)
    if isinstance(bare, str):
        yield Found(path, bare)
    elif isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _texts(element, f"{path}[{index}]")


def _monitors(value: Value, path: str) -> Iterator[Found]:
    bare = plain(value)
    for element in bare if isinstance(bare, tuple) else (bare,):
        for key, item in _items(element):
            if key == "monitors":
                yield from _texts(item, path)


def _items(value: Value | Absent) -> Iterator[tuple[str, Value]]:
    bare = plain(value)
    if isinstance(bare, Mapping):
        yield from bare.items()


def hosts_in_source(text: str) -> Iterator[str | None]:
    """Yield the hosts of a text that names one or several, each with a path or without; None for what cannot
    be read. A path alone names none.
    """
    for word in filter(None, _SEVERAL.split(text)):
        bare = word.replace("\\", "/")
        if bare.startswith("//"):
            yield host_of(bare.lstrip("/").partition("/")[0])
        elif "://" in bare:
            yield host_of(bare)
        elif not bare.startswith("/"):
            yield host_of(bare.partition("/")[0].removesuffix(":"))
