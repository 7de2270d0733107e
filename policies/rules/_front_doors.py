"""Which Services objects of the edge lead to from outside: Ingresses, and the routes of Gateway API, Traefik,
Contour, Istio and OpenShift.

Routes of a mesh, which lead from one pod to another, open nothing and are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policies.facts import ABSENT, Resource, StackFacts, Unknown, Value, is_blank, plain, select
from policies.rules._pods import KubernetesObject, field, known, objects_of

__all__ = ["FRONT_DOORS", "Lead", "is_front_door", "leads_of"]

_BACKENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "kubernetes:networking.k8s.io/": (
        "spec.defaultBackend.service",
        "spec.rules.http.paths.backend.service",
        "spec.backend",
        "spec.rules.http.paths.backend",
    ),
    "kubernetes:extensions/": ("spec.backend", "spec.rules.http.paths.backend"),
    "kubernetes:gateway.networking.k8s.io/": (
        "spec.rules.backendRefs",
        "spec.rules.filters.requestMirror.backendRef",
        "spec.rules.backendRefs.filters.requestMirror.backendRef",
    ),
    "kubernetes:traefik.io/": ("spec.routes.services", "spec.weighted.services", "spec.mirroring"),
    "kubernetes:traefik.containo.us/": ("spec.routes.services", "spec.weighted.services", "spec.mirroring"),
    "kubernetes:projectcontour.io/": ("spec.routes.services", "spec.tcpproxy.services"),
    "kubernetes:networking.istio.io/": tuple(
        f"spec.{protocol}.{path}"
        for protocol in ("http", "tls", "tcp")
        for path in ("route.destination", "mirror", "mirrors.destination")
    ),
    "kubernetes:route.openshift.io/": ("spec.to", "spec.alternateBackends"),
}
"""Where objects that open the edge name the Services behind it, by the beginning of their types."""
FRONT_DOORS: Final = tuple(_BACKENDS)
"""What the types of objects that open the edge begin with."""
_NAMES: Final = ("name", "serviceName", "host")
"""Fields of a backend that name the Service, one of them in each."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A Service that a front door names."""

    door: KubernetesObject
    service: str | None
    """Its name; None if that is only known after the update, so that it may be any."""
    namespace: str | None
    """None if nobody can know it yet."""

    def fits(self, service: KubernetesObject) -> bool:
        """Return True if the Service may be the one that is named."""
        name = plain(field(service.fields, "metadata", "name"))
        if isinstance(name, str) and self.service is not None and name != self.service:
            return False
        namespaces = (self.namespace, service.namespace)
        return not is_blank(name) and (None in namespaces or namespaces[0] == namespaces[1])


def is_front_door(resource: Resource) -> bool:
    """Return True for a resource that may open the edge."""
    return resource.type.startswith(FRONT_DOORS)


def leads_of(resource: Resource, stack: StackFacts) -> Iterator[Lead]:
    """Yield every Service that a front door leads to from outside the cluster."""
    if not is_front_door(resource):
        return
    paths = next(paths for start, paths in _BACKENDS.items() if resource.type.startswith(start))
    for door in objects_of(known(resource, stack)):
        if _is_in_the_mesh(door):
            continue
        for path in paths:
            for found in select(door.fields, path):
                yield from _lead(door, found.value)


def _lead(door: KubernetesObject, backend: Value) -> Iterator[Lead]:
    bare = plain(backend)
    if isinstance(bare, Unknown):
        yield Lead(door, None, door.namespace)
    if not isinstance(bare, Mapping):
        return
    named = next((plain(bare[key]) for key in _NAMES if not is_blank(bare.get(key, ABSENT))), None)
    if named is None or plain(bare.get("kind", "Service")) not in ("Service", None, ""):
        return
    if not isinstance(named, str):
        yield Lead(door, None, door.namespace)
        return
    service, _, rest = named.partition(".")
    own = plain(bare.get("namespace", ABSENT))
    namespace = rest.partition(".")[0] or (own if isinstance(own, str) and own else door.namespace)
    yield Lead(door, service, namespace)


def _is_in_the_mesh(door: KubernetesObject) -> bool:
    """Return True for a route that leads from pod to pod: of Istio without a gateway, of Gateway API at a
    Service."""
    token = door.resource.type
    if token.startswith("kubernetes:networking.istio.io/"):
        gateways = plain(field(door.fields, "spec", "gateways"))
        return is_blank(gateways) or (
            isinstance(gateways, tuple) and all(plain(gateway) == "mesh" for gateway in gateways)
        )
    if token.startswith("kubernetes:gateway.networking.k8s.io/"):
        kinds = [plain(found.value) for found in select(door.fields, "spec.parentRefs.kind")]
        return bool(kinds) and all(kind == "Service" for kind in kinds)
    return False
