"""Every place in a resource that names an image for a cluster or a cloud to pull."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policies.facts import TEXT_OBJECTS, Absent, Resource, Secret, Unknown, Value, is_blank, plain, select
from policies.models.machines import SCRIPTS, starts_of
from policies.models.programs import runs_of
from policies.violations import violation
from policies.workloads.container_runs import images_run
from policies.workloads.containers import CONTAINER_LISTS, Container, containers_of

__all__ = ["REFERENCES", "ImageName", "images_of", "violation"]

REFERENCES: Final = (
    "EU Cloud Sovereignty Framework SOV-4",
    "EU Cloud Sovereignty Framework SOV-5",
    "EU Cloud Sovereignty Framework SOV-7",
    "GDPR Art 32",
    "UK GDPR Art 32",
)

_CLOUD_IMAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "scaleway:containers/container:Container": ("image", "registryImage"),
    "scaleway:index/container:Container": ("image", "registryImage"),
    "scaleway:job/definition:Definition": ("imageUri",),
    "scaleway:index/jobDefinition:JobDefinition": ("imageUri",),
}
"""Resources of a cloud that run an image outside Kubernetes, with the properties that name it: the present
one and the deprecated one.
"""

_IMAGE_KEY: Final = re.compile(
    r"image|[a-z][A-Za-z0-9]*Image|(?:[a-z][A-Za-z0-9]*I|i)mage(?:Name|Ref|URI|Uri|URL|Url)"
)
"""Properties of custom resources whose text is an image: ``image``, ``baseImage``, ``imageName``."""

_DEFAULTS: Final[Mapping[str, tuple[str, ...]]] = {
    **{
        f"kubernetes:monitoring.coreos.com/{kind}": ("spec.image", "spec.baseImage")
        for kind in ("Alertmanager", "Prometheus", "PrometheusAgent", "ThanosRuler")
    },
    "kubernetes:opentelemetry.io/OpenTelemetryCollector": ("spec.image",),
    "kubernetes:opentelemetry.io/TargetAllocator": ("spec.image",),
    "kubernetes:postgresql.cnpg.io/Cluster": ("spec.imageName", "spec.imageCatalogRef"),
    "kubernetes:postgresql.cnpg.io/Pooler": ("spec.template.spec.containers.image",),
}
"""Kinds without version whose operator pulls an image of its own choice (quay.io, ghcr.io) where none of
these names one. As commonly known of each operator; 2026-11-24, from memory.
"""


@dataclass(frozen=True, slots=True)
class ImageName:
    """One image, as the manifest names it."""

    label: str
    """How a message names the place: ``container 'vllm' at spec.containers[0]``."""
    value: Value

    @property
    def text(self) -> str | None:
        """The name, or None if it is not known or no text: ``images-digest`` speaks of those."""
        bare = plain(self.value)
        return bare if isinstance(bare, str) else None


def images_of(resource: Resource, *, containers: bool = True) -> Iterator[ImageName]:
    """Yield the images of containers, of image volumes, of custom resources, of a cloud's own containers and
    of containers that a machine starts. One without value is an image that an operator chooses.

    ``containers=False`` leaves out the containers of Kubernetes.
    """
    if resource.type in _CLOUD_IMAGES:
        paths = _CLOUD_IMAGES[resource.type]
        given = [path for path in paths if not is_blank(resource.properties.get(path))]
        for path in given or paths[:1]:
            yield ImageName(f"property `{path}`", resource.properties.get(path))
    yield from _on_machines(resource)
    if resource.package != "kubernetes" or resource.type.startswith(TEXT_OBJECTS):
        return
    for part in containers_of(resource) if containers else ():
        if isinstance(part, Container):
            yield ImageName(part.label, part.image)
    yield from _elsewhere(resource.properties, "")
    group, _, kind = resource.type.partition("/")
    paths = _DEFAULTS.get(f"{group}/{kind.partition(':')[2]}", ())
    if paths and not any(True for path in paths for _ in select(resource.properties, path)):
        yield ImageName(f"property `{paths[0]}`", None)


def _on_machines(resource: Resource) -> Iterator[ImageName]:
    """Yield the images of containers that the start of a machine runs, or describes for Compose."""
    is_secret = resource.type in SCRIPTS and any(map(_holds_secret, resource.properties.values()))
    for start in starts_of(resource):
        if start.container is None:
            continue
        names = [run for words in runs_of(start.container).commands for run in images_run(words)]
        described = plain(start.container.image)
        if isinstance(described, str) and described:
            names.append(described)
        for name in dict.fromkeys(names):
            yield ImageName(f"a container that `{start.where}` runs", Secret(name) if is_secret else name)


def _holds_secret(value: Value) -> bool:
    if isinstance(value, Secret):
        return True
    if isinstance(value, tuple):
        return any(map(_holds_secret, value))
    return isinstance(value, Mapping) and any(map(_holds_secret, value.values()))


def _elsewhere(value: Value, path: str) -> Iterator[ImageName]:
    """Yield the images named outside container lists: in image volumes and in what an operator reads."""
    bare = plain(value)
    if isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _elsewhere(element, f"{path}[{index}]")
    elif isinstance(bare, Mapping):
        for key, item in bare.items():
            here = f"{path}.{key}" if path else key
            if here == "metadata" or key in CONTAINER_LISTS:
                continue
            inner = plain(item)
            if _is_image(key, inner):
                whole = _with_repository(bare, item) if key == "image" else item
                yield ImageName(f"property `{here}`", whole)
            elif key == "image" and isinstance(inner, Mapping) and "reference" in inner:
                yield ImageName(f"property `{here}.reference`", inner["reference"])
            elif isinstance(inner, Mapping) and "repository" in inner and _IMAGE_KEY.fullmatch(key):
                yield ImageName(f"property `{here}`", _in_parts(inner))
            else:
                yield from _elsewhere(item, here)


def _is_image(key: str, value: Value | Absent) -> bool:
    """Return True for a text that names an image by its key; a URL under a longer key is a picture."""
    if not isinstance(value, str):
        return False
    return key == "image" or (value != "" and "://" not in value and _IMAGE_KEY.fullmatch(key) is not None)


def _with_repository(fields: Mapping[str, Value], image: Value) -> Value:
    """Return the whole name where an operator takes it in parts: ``repository`` and ``image``."""
    repository, name = plain(fields.get("repository")), plain(image)
    if not isinstance(repository, str) or not isinstance(name, str):
        return image
    whole = f"{repository.rstrip('/')}/{name}"
    return Secret(whole) if isinstance(image, Secret) else whole


def _in_parts(fields: Mapping[str, Value]) -> Value:
    """Return the whole name of an image in the parts of Helm: registry, repository, tag and digest."""
    marks = {"registry": ("", "/"), "repository": ("", ""), "tag": (":", ""), "digest": ("@", "")}
    given = {name: fields.get(name) for name in marks if not is_blank(fields.get(name))}
    whole = ""
    for name, value in given.items():
        bare = plain(value)
        if not isinstance(bare, str):
            return Unknown.UNKNOWN
        before, after = marks[name]
        whole += f"{before}{bare}{after}"
    return Secret(whole) if any(isinstance(value, Secret) for value in given.values()) else whole
