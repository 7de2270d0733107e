"""Where a file of a container comes from: the image, a ConfigMap, or a volume that nobody can read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policies.facts import Resource, Unknown, Value, plain
from policies.workloads.containers import Container

__all__ = ["MapFile", "Mount", "map_files", "mount_under", "mounts_of", "pod_spec_of"]

_DEFAULT_MODE: Final = 0o644
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Mount:
    """One volume in the file system of a container."""

    path: str
    volume: str
    """Name of the volume; empty if it is not known."""
    inside: str = ""
    """The directory or file of the volume that is mounted; empty for all of it."""
    readable: bool = True
    """False if a part of it is only known to the cluster or after the update."""


@dataclass(frozen=True, slots=True)
class MapFile:
    """Files that a volume takes from one ConfigMap, or a reason why they cannot be read."""

    config_map: str = ""
    items: tuple[tuple[str, str, int], ...] | None = None
    """Key, path in the volume and mode of each; None for every key under its own name."""
    mode: int = _DEFAULT_MODE
    problem: str = ""


def mounts_of(container: Container) -> tuple[Mount, ...]:
    """Return the mounts of a container."""
    entries = plain(container.raw.get("volumeMounts"))
    found: list[Mount] = []
    for entry in entries if isinstance(entries, tuple) else ():
        fields = plain(entry)
        if not isinstance(fields, Mapping):
            continue
        path, volume, inside = (plain(fields.get(key)) for key in ("mountPath", "name", "subPath"))
        if not isinstance(path, str):
            continue
        readable = isinstance(inside, str | None) and not plain(fields.get("subPathExpr"))
        found.append(
            Mount(
                posixpath.normpath(path) if path else "/",
                volume if isinstance(volume, str) else "",
                inside if isinstance(inside, str) else "",
                readable,
            )
        )
    return tuple(found)


def mount_under(container: Container, path: str) -> tuple[Mount, str] | None:
    """Return the mount in which a path lies and the path inside its volume; None if the image has it."""
    directory = plain(container.raw.get("workingDir"))
    whole = posixpath.normpath(posixpath.join(directory if isinstance(directory, str) else "/", path))
    best: Mount | None = None
    for mount in mounts_of(container):
        inside = whole == mount.path or whole.startswith(mount.path.rstrip("/") + "/")
        if inside and (best is None or len(mount.path) >= len(best.path)):
            best = mount
    if best is None:
        return None
    rest = whole[len(best.path) :].lstrip("/")
    return best, posixpath.join(best.inside, rest).rstrip("/") if best.inside else rest


def pod_spec_of(resource: Resource, container: Container) -> Mapping[str, Value]:
    """Return the pod specification around a container of a resource."""
    steps = [(name or index, bool(name)) for name, index in _STEP.findall(container.path)]
    value: Value = resource.properties
    for step, is_name in steps[:-2]:
        bare = plain(value)
        if is_name and isinstance(bare, Mapping):
            value = bare.get(step)
        elif not is_name and isinstance(bare, tuple):
            value = bare[int(step)]
    bare = plain(value)
    return bare if isinstance(bare, Mapping) else {}


def map_files(spec: Mapping[str, Value], mount: Mount) -> Iterator[MapFile]:
    """Yield what the volume of a mount takes from ConfigMaps, and why the rest of it cannot be read."""
    volumes = plain(spec.get("volumes"))
    if not mount.readable:
        yield MapFile(problem="a path that only the cluster knows")
        return
    for entry in volumes if isinstance(volumes, tuple) else ():
        fields = plain(entry)
        if isinstance(fields, Mapping) and plain(fields.get("name")) == mount.volume and mount.volume:
            yield from _volume(fields)
            return
    yield MapFile(problem="a volume that is not in the manifest")


def _volume(fields: Mapping[str, Value]) -> Iterator[MapFile]:
    config_map, projected = plain(fields.get("configMap")), plain(fields.get("projected"))
    if isinstance(config_map, Mapping):
        yield _config_map(config_map, _mode(config_map.get("defaultMode"), _DEFAULT_MODE))
        return
    sources = plain(projected.get("sources")) if isinstance(projected, Mapping) else None
    if isinstance(projected, Mapping) and isinstance(sources, tuple):
        mode = _mode(projected.get("defaultMode"), _DEFAULT_MODE)
        for source in sources:
            yield from _projected(source, mode)
        return
    kind = next((key for key in fields if key != "name" and plain(fields[key]) is not None), "emptyDir")
    yield MapFile(problem=f"a volume of the kind {kind}")


def _projected(source: Value, mode: int) -> Iterator[MapFile]:
    fields = plain(source)
    if not isinstance(fields, Mapping):
        yield MapFile(problem="a volume whose sources are only known after the update")
        return
    for key, item in fields.items():
        part = plain(item)
        if key == "configMap" and isinstance(part, Mapping):
            yield _config_map(part, mode)
        elif key in {"configMap", "secret", "clusterTrustBundle"} and part is not None:
            yield MapFile(problem=f"a projected volume with a {key}")


def _config_map(fields: Mapping[str, Value], mode: int) -> MapFile:
    name = plain(fields.get("name"))
    if not isinstance(name, str) or not name:
        return MapFile(problem="a ConfigMap whose name is only known after the update")
    items = plain(fields.get("items"))
    if items is None or items == ():
        return MapFile(name, None, mode)
    if not isinstance(items, tuple):
        return MapFile(problem="a ConfigMap whose items are only known after the update")
    chosen: list[tuple[str, str, int]] = []
    for item in items:
        parts = plain(item)
        key, path = (
            plain(parts.get(each)) if isinstance(parts, Mapping) else None for each in ("key", "path")
        )
        if not isinstance(parts, Mapping) or not isinstance(key, str) or not isinstance(path, str):
            return MapFile(problem="a ConfigMap whose items are only known after the update")
        chosen.append((key, posixpath.normpath(path), _mode(parts.get("mode"), mode)))
    return MapFile(name, tuple(chosen), mode)


def _mode(value: Value, otherwise: int) -> int:
    """Return a file mode; one that is not known may let the file be run."""
    bare = plain(value)
    if isinstance(bare, Unknown):
        return 0o777
    return int(bare) if isinstance(bare, int | float) and not isinstance(bare, bool) else otherwise
