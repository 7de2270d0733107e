"""Whether a path is the evidence of a model that it is taken for: what lies there, and what wins over it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from catalog.marks import MODELS_DIRECTORY
from policies.facts import Value, plain
from policies.models.known_models import family_in, known_models
from policies.models.references import Reference, unreadable
from policies.workloads.command_line import Token, base_name
from policies.workloads.containers import Container
from policies.workloads.mounts import Mount, mounts_of

__all__ = ["local_instead_of_hub", "mounted_elsewhere"]

_CONFIGURATION: Final = frozenset({"configMap", "downwardAPI", "projected", "secret"})
_CHANGES_DIRECTORY: Final = frozenset({"cd", "chdir", "pushd"})
_OWN_NAME: Final = "keep each model under its own name, at every place that it passes"


def mounted_elsewhere(container: Container) -> Iterator[Reference]:
    """Yield the mounts under /models that lay something else there than the path says."""
    for mount in mounts_of(container):
        if _is_weights(mount.path):
            found = _problem(mount, container.pod)
            if found is not None:
                yield unreadable(f"{container.label}, the mount at {mount.path}", *found)


def _problem(mount: Mount, pod: Mapping[str, Value]) -> tuple[str, str] | None:
    """Return why a mount may hold another model than its path says, and what to do; None if it may not."""
    path = mount.path.removeprefix(MODELS_DIRECTORY).strip("/")
    if not mount.readable:
        return (
            "only the cluster knows which part of the volume lies there",
            f"write subPath out, equal to the path below {MODELS_DIRECTORY}",
        )
    if not path:
        return None
    inside = posixpath.normpath(mount.inside).strip("/") if mount.inside else path
    if inside != path and not inside.endswith(f"/{path}"):
        return (
            f"its subPath is not {path}, so what lies there may be another model",
            f"lay the weights out as <developer>/<name> in the volume, and mount it at {MODELS_DIRECTORY} or "
            f"with the subPath {path}",
        )
    volume = _volume(mount, pod)
    kind = next((key for key in volume if key != "name" and plain(volume[key]) is not None), "")
    if kind in _CONFIGURATION:
        return (
            f"a volume of the kind {kind} lies over the weights, whose configuration can name other ones",
            "put every file of the model into the bucket, and configure the server by its arguments",
        )
    family = _other_family(path, (mount.inside, *_texts(volume)))
    if family:
        return f"its volume is called after the {family} family of models, and the path is not", _OWN_NAME
    return None


def _volume(mount: Mount, pod: Mapping[str, Value]) -> Mapping[str, Value]:
    volumes = plain(pod.get("volumes"))
    for entry in volumes if isinstance(volumes, tuple) else ():
        fields = plain(entry)
        if isinstance(fields, Mapping) and mount.volume and plain(fields.get("name")) == mount.volume:
            return fields
    return {}


def _other_family(path: str, texts: Sequence[str]) -> str:
    """Return the family of models of which texts speak and a path does not.

    Texts that name a known model are left out: they are reported for that.
    """
    found = [family_in(text) for text in texts if not known_models(text)]
    return next((family for family in found if family and family not in path.lower()), "")


def _texts(value: Value) -> Iterator[str]:
    bare = plain(value)
    if isinstance(bare, str):
        yield bare
    elif isinstance(bare, Mapping):
        for item in bare.values():
            yield from _texts(item)


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
                f"name the model by its path, {MODELS_DIRECTORY}/{model}",
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
    return f"{path}/".startswith(f"{MODELS_DIRECTORY}/")


def _ends_with(path: str, model: str) -> bool:
    """Return True for a mount at ``…/owner/name`` or ``…/owner``."""
    return path.endswith((f"/{model}", f"/{model.partition('/')[0]}"))
