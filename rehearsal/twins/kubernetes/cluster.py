"""One cluster of the twin, as far as it matters for another object: what is in it."""

from collections.abc import Iterator, Sequence

from rehearsal.cloud import CloudObject, CloudStore
from rehearsal.twins.kubernetes.fields import mapping_at
from rehearsal.twins.kubernetes.kinds import DEFINITION, NAMESPACE, RELEASE
from rehearsal.twins.kubernetes.manifests import Manifest
from rehearsal.twins.kubernetes.release import namespaces_of

__all__ = ["FIRST_NAMESPACES", "Cluster"]

FIRST_NAMESPACES = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})
"""Namespaces every cluster has from the start."""


class Cluster:
    """The objects in the store that are in one cluster.

    Args:
        store: the clouds' state.
        names: what the cluster is called in the ids of the store: `namespace/name@NAME`.
    """

    def __init__(self, store: CloudStore, names: Sequence[str]) -> None:
        self._store = store
        self._names = names

    def find(self, token: str, id_: str) -> CloudObject | None:
        """The object of this type and id."""
        found = (self._store.find(token, f"{id_}@{name}") for name in self._names)
        return next((item for item in found if item is not None), None)

    def _matching(self, pattern: str) -> Iterator[CloudObject]:
        for item in self._store.matching(pattern):
            if item.type.startswith("kubernetes:") and any(_is_in(name, item.id) for name in self._names):
                yield item

    def definitions(self) -> list[Manifest]:
        """The CustomResourceDefinitions."""
        return [dict(item.outputs) for item in self._matching(DEFINITION) if item.type == DEFINITION]

    def has_namespace(self, name: str) -> bool:
        """Whether a namespace exists, be it because a Helm release brought it along."""
        if name in FIRST_NAMESPACES or self.find(NAMESPACE, name) is not None:
            return True
        releases = (item for item in self._matching(RELEASE) if item.type == RELEASE)
        return any(name in namespaces_of(item.outputs) for item in releases)

    def in_namespace(self, name: str) -> list[CloudObject]:
        """Everything in a namespace."""
        return [item for item in self._matching(f"{name}/*") if item.id.startswith(f"{name}/")]

    def defined_by(self, definition: Manifest) -> list[CloudObject]:
        """Every object of the kind a CustomResourceDefinition defines."""
        spec = mapping_at(definition, "spec")
        group, name = spec.get("group"), mapping_at(spec, "names").get("kind")
        found = self._matching(f"kubernetes:{group}/*:{name}")
        return [item for item in found if item.type.startswith(f"kubernetes:{group}/")]


def _is_in(cluster: str, stored_id: str) -> bool:
    return stored_id.endswith(f"@{cluster}") or f"@{cluster}#" in stored_id
