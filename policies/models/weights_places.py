"""Whether a path is the evidence of a model that it is taken for: what lies there, and what wins over it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from policies.facts import Resource, Value, plain
from policies.models.command_line import Token, base_name
from policies.models.containers import Container
from policies.models.mounts import Mount, mounts_of, pod_spec_of
from policies.models.references import WEIGHTS_ROOT, Reference, unreadable

__all__ = ["local_instead_of_hub", "mounted_elsewhere"]

_CONFIGURATION = ("configMap", "secret", "downwardAPI", "projected")
_CHANGES_DIRECTORY = frozenset({"cd", "pushd", "chdir"})


def mounted_elsewhere(container: Container, resource: Resource) -> Iterator[Reference]:
    """Yield the mounts under /models that lay something else there than the path says."""
    for mount in mounts_of(container):
        if not f"{mount.path}/".startswith(f"{WEIGHTS_ROOT}/"):
            continue
        path = mount.path.removeprefix(WEIGHTS_ROOT).strip("/")
        inside = posixpath.normpath(mount.inside).strip("/") if mount.inside else ""
        where = f"{container.label}, the mount at {mount.path}"
        if not mount.readable:
            yield unreadable(
                where,
                "only the cluster knows which part of the volume lies there",
                "write subPath out, equal to the path below /models",
            )
        elif mount.inside and path and inside != path and not inside.endswith(f"/{path}"):
            yield unreadable(
                where,
                f"its subPath is not {path}, so what lies there may be another model",
                f"lay the weights out as <developer>/<name> in the volume, and mount it at {WEIGHTS_ROOT} or "
                f"with the subPath {path}",
            )
        elif path and (kind := _kind(mount, pod_spec_of(resource, container))) in _CONFIGURATION:
            yield unreadable(
                where,
                f"a volume of the kind {kind} lies over the weights, whose configuration can name other ones",
                "put every file of the model into the bucket, and configure the server by its arguments",
            )


def _kind(mount: Mount, spec: Mapping[str, Value]) -> str:
    volumes = plain(spec.get("volumes"))
    for entry in volumes if isinstance(volumes, tuple) else ():
        fields = plain(entry)
        if isinstance(fields, Mapping) and mount.volume and plain(fields.get("name")) == mount.volume:
            return next((key for key in fields if key != "name" and plain(fields[key]) is not None), "")
    return ""


def local_instead_of_hub(
    container: Container, prefix: Sequence[Token], arguments: Sequence[Token], models: Sequence[str]
) -> Iterator[Reference]:
    """Yield the hub ids for which vLLM would take a directory of the same name, relative to where it runs.

    A server looks for a directory ``owner/name`` before it asks the hub, and what lies there can be anything.
    """
    ids = [model for model in models if "/" in model and _is_relative(model, arguments)]
    if not ids:
        return
    problem = _other_directory(container, prefix)
    for model in ids:
        mounts = (each.path for each in mounts_of(container) if not _is_weights(each.path))
        covering = next((path for path in mounts if _ends_with(path, model)), "")
        if covering or problem:
            yield unreadable(
                container.label,
                problem or f"a volume at {covering} may hold a directory {model}, which wins over the hub",
                f"name the model by its path, {WEIGHTS_ROOT}/{model}",
            )


def _is_relative(model: str, arguments: Sequence[Token]) -> bool:
    """Return True if a word names the model other than below /models."""
    name = re.compile(rf"(?<![\w./-]){re.escape(model)}(?![\w/])")
    return any(name.search(word.text) for word in arguments if word.readable)


def _other_directory(container: Container, prefix: Sequence[Token]) -> str:
    for word in prefix:
        if base_name(word.text) in _CHANGES_DIRECTORY or word.text.startswith("--chdir"):
            return "its script changes the directory, where one of the model's name would win over the hub"
    directory = plain(container.raw.get("workingDir"))
    if directory is None or directory == "":
        return ""
    if not isinstance(directory, str):
        return "its workingDir is not known, where a directory of the model's name would win over the hub"
    whole = posixpath.normpath(directory)
    for mount in mounts_of(container):
        if f"{whole}/".startswith(f"{mount.path.rstrip('/')}/") or f"{mount.path}/".startswith(
            f"{whole.rstrip('/')}/"
        ):
            return (
                f"its workingDir {whole} meets the volume at {mount.path}, where a directory of the model's "
                "name would win over the hub"
            )
    return ""


def _is_weights(path: str) -> bool:
    return f"{path}/".startswith(f"{WEIGHTS_ROOT}/")


def _ends_with(path: str, model: str) -> bool:
    """Return True for a mount at ``…/owner/name`` or ``…/owner``."""
    return path.endswith((f"/{model}", f"/{model.partition('/')[0]}"))
