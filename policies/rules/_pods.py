"""The pods that a Kubernetes object describes, with what decides which network policies hold for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policies.facts import ABSENT, Absent, Resource, StackFacts, Unknown, Value, is_blank, plain
from policies.rules._clusters import default_namespace
from policies.rules._serving import serves
from policies.workloads.containers import CONTAINER_LISTS, Container, containers_of

__all__ = ["KubernetesObject", "Pod", "cluster_of", "field", "known", "objects_of", "serving_pods"]


_PODLESS: Final = (
    "kubernetes:core/v1:ConfigMap",
    "kubernetes:core/v1:Namespace",
    "kubernetes:core/v1:Secret",
    "kubernetes:core/v1:Service",
    "kubernetes:networking.k8s.io/",
    "kubernetes:policy/",
    "kubernetes:rbac.authorization.k8s.io/",
)
"""Kinds without pods, passed over for speed."""


@dataclass(frozen=True, slots=True)
class KubernetesObject:
    """One object: a resource, or an item of a resource that is a list."""

    resource: Resource
    fields: Mapping[str, Value]

    @property
    def namespace(self) -> str | None:
        """Its namespace, that of its provider if it names none; None if that is not known."""
        value = plain(field(self.fields, "metadata", "namespace"))
        if is_blank(value):
            hidden = isinstance(plain(field(self.fields, "metadata")), Unknown)
            return None if hidden else default_namespace(self.resource.provider)
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod, or one template of pods, that serves models."""

    owner: KubernetesObject
    path: str
    """Where its specification stands, such as ``spec.template.spec``."""
    spec: Mapping[str, Value]
    labels: Value | Absent
    """Its labels; anything but an object of texts if they are not known."""
    container: Container
    """The first container that serves."""


def field(value: Value | Absent, *steps: str) -> Value | Absent:
    """Return what stands at some steps into an object; an unknown value on the way stands for all of it."""
    for step in steps:
        bare = plain(value)
        if isinstance(bare, Unknown):
            return bare
        if not isinstance(bare, Mapping) or step not in bare:
            return ABSENT
        value = bare[step]
    return value


def cluster_of(resource: Resource) -> str:
    """Return the provider that an object is deployed with. Several may lead to one cluster: see
    ``_clusters.cluster_key``, which needs the stack.
    """
    return resource.provider.urn if resource.provider is not None else ""


def objects_of(resource: Resource) -> Iterator[KubernetesObject]:
    """Yield the object that a resource is, or the items of a list."""
    items = plain(resource.properties.get("items"))
    if resource.type.endswith("List") and isinstance(items, tuple):
        for item in items:
            fields = plain(item)
            if isinstance(fields, Mapping):
                yield KubernetesObject(resource, fields)
        return
    yield KubernetesObject(resource, resource.properties)


def known(resource: Resource, stack: StackFacts) -> Resource:
    """Return a Kubernetes object with properties: the engine shows no outputs before its cluster exists."""
    if resource.package != "kubernetes" or resource.properties:
        return resource
    return stack.judged(resource) or resource


def serving_pods(resource: Resource) -> Iterator[Pod]:
    """Yield every pod of a resource in which something serves models."""
    yield from resource.once(_serving_pods)


def _serving_pods(resource: Resource) -> tuple[Pod, ...]:
    return tuple(_find_serving_pods(resource))


def _find_serving_pods(resource: Resource) -> Iterator[Pod]:
    if resource.package != "kubernetes" or resource.type.startswith(_PODLESS):
        return
    for owner in objects_of(resource):
        is_whole = owner.fields is resource.properties
        whole = resource if is_whole else Resource(resource.urn, resource.type, resource.name, owner.fields)
        serving = [each for each in containers_of(whole) if isinstance(each, Container) and serves(each)]
        for path, spec, labels in _specs(owner.fields, "", ABSENT) if serving else ():
            inside = [
                each
                for each in serving
                if each.path.startswith(tuple(f"{path}.{k}[" for k in CONTAINER_LISTS))
            ]
            if inside:
                yield Pod(owner, path, spec, labels, inside[0])


def _specs(
    value: Value, path: str, labels: Value | Absent
) -> Iterator[tuple[str, Mapping[str, Value], Value | Absent]]:
    bare = plain(value)
    if isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _specs(element, f"{path}[{index}]", ABSENT)
    elif isinstance(bare, Mapping):
        if any(key in bare for key in CONTAINER_LISTS):
            yield path, bare, labels
        own = field(bare, "metadata", "labels")
        for key, item in bare.items():
            here = f"{path}.{key}" if path else key
            yield from _specs(item, here, own if key == "spec" else ABSENT)
