"""What Kubernetes objects offer to the world, and whether it speaks TLS.

Judged are Services (LoadBalancer, NodePort, externalIPs), Ingresses, Gateways, the routes of Traefik, Istio,
Contour and OpenShift, and ports that pods open on their nodes (hostPort, hostNetwork). A pod that shares the
network of its node and names no port is left alone, as agents of the cluster are such pods;
``call-home-egress`` refuses it where it serves a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import ABSENT, Absent, Resource, Unknown, Value, is_blank, plain, select
from policies.rules._pods import field
from policies.rules._serving import serves
from policies.workloads.containers import Container, containers_of
from policies.workloads.mounts import pod_spec_of

__all__ = ["TLS_PORTS", "faces_outside", "mistakes_of"]

TLS_PORTS: Final = frozenset({443, 6443})
_HTTPS: Final = 443
_REDIRECT: Final = "ssl-redirect"
_ENTRY_POINTS: Final = "router.entrypoints"
_CLEAR_ENTRY_POINTS: Final = frozenset({"http", "web"})
"""Annotations of NGINX, HAProxy and Traefik, and the usual names of entry points without TLS."""
_EDGE_PORTS: Final = frozenset({80, 443})
"""What firewalls let everybody reach."""
_TLS_PROTOCOLS: Final = frozenset({"https", "tls", "kubernetes.io/wss"})
_TLS_WORDS: Final = frozenset({"https", "ssl", "tls", "websecure"})
"""A port with one of these in its name speaks TLS."""
_TLS_ENDING: Final = 443
"""Where TLS is spoken without a privilege, ports end in this: 8443, 9443, 10443."""
_FACING: Final = frozenset({"LoadBalancer", "NodePort"})
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})

_TLS_LISTENERS: Final = frozenset({"https", "tls"})
_LISTENERS: Final[Mapping[tuple[str, str], str]] = {
    ("gateway.networking.k8s.io", "Gateway"): "spec.listeners.protocol",
    ("gateway.networking.k8s.io", "ListenerSet"): "spec.listeners.protocol",
    ("gateway.networking.x-k8s.io", "XListenerSet"): "spec.listeners.protocol",
    ("networking.istio.io", "Gateway"): "spec.servers.port.protocol",
}
"""Where listeners name their protocol, by API group and kind."""
_TRAEFIK: Final = ("traefik.io", "traefik.containo.us")
_ROUTES: Final[Mapping[tuple[str, str], str]] = {
    **{(api, kind): "spec.tls" for api in _TRAEFIK for kind in ("IngressRoute", "IngressRouteTCP")},
    ("projectcontour.io", "HTTPProxy"): "spec.virtualhost.tls",
    ("route.openshift.io", "Route"): "spec.tls",
}
"""Where a route says that it speaks TLS, by API group and kind."""


def mistakes_of(resource: Resource, group: str, kind: str, properties: Mapping[str, Value]) -> Iterator[str]:
    """Yield how a Kubernetes object faces the world in the clear.

    ``group`` is an API group with its version.
    """
    api = group.rpartition("/")[0] or group
    if (group, kind) == ("core/v1", "Service"):
        yield from _service(properties)
    elif kind == "Ingress" and api in {"networking.k8s.io", "extensions"}:
        yield from _ingress(properties.get("spec"))
        yield from _in_the_clear(properties)
    elif (api, kind) in _LISTENERS:
        path = _LISTENERS[api, kind]
        yield from _protocols(properties, path, _TLS_LISTENERS)
    elif (api, kind) in _ROUTES:
        yield from _route(properties, _ROUTES[api, kind])
    elif api in _TRAEFIK and kind == "IngressRouteUDP":
        yield "`spec` opens a UDP entry point, of which nothing says that it is encrypted"
    else:
        yield from _node_ports(resource, kind, properties)


def _route(properties: Mapping[str, Value], path: str) -> Iterator[str]:
    """Yield a mistake where a route has no TLS block. An empty one takes the default certificate."""
    *steps, last = path.split(".")
    block = plain(field(properties, *steps))
    if isinstance(block, Unknown):
        yield f"`{'.'.join(steps)}` is only known after the update"
    elif isinstance(block, Mapping) and not isinstance(plain(block.get(last)), Mapping | Unknown):
        yield f"`{path}` is not given, so the route is served in the clear"


def _node_ports(resource: Resource, kind: str, properties: Mapping[str, Value]) -> Iterator[str]:
    """Yield the ports that pods open on their nodes, past every Service and the router.

    An agent that watches its node is let be: ``exposure-firewall`` opens no port but those of the edge.
    """
    whole = resource
    if properties is not resource.properties:
        whole = Resource(resource.urn, resource.type, resource.name, properties)
    for part in containers_of(whole):
        if not isinstance(part, Container):
            continue
        spec = pod_spec_of(whole, part)
        on_host = plain(spec.get("hostNetwork"))
        is_agent = kind == "DaemonSet" and _reads_the_node(spec) and not serves(part)
        shares = on_host is not None and on_host is not False
        ports = plain(part.raw.get("ports"))
        if isinstance(ports, Unknown):
            yield f"`{part.path}.ports` is only known after the update; it may open ports of the node"
        elements = ports if isinstance(ports, tuple) else ()
        for index, element in enumerate(elements):
            found = _node_port(element, shares=shares)
            if found and not (is_agent and _is_behind_firewalls(element, shares=shares)):
                yield f"`{part.path}.ports[{index}]` {found}"


def _reads_the_node(spec: Mapping[str, Value]) -> bool:
    """Return True for a pod that looks into its node: at its processes, or at its files."""
    volumes = plain(spec.get("volumes"))
    return plain(spec.get("hostPID")) is True or any(
        isinstance(plain(field(each, "hostPath")), Mapping)
        for each in (volumes if isinstance(volumes, tuple) else ())
    )


def _is_behind_firewalls(value: Value, *, shares: bool) -> bool:
    number = _number(value, shares=shares)
    return isinstance(number, int | float) and number not in _EDGE_PORTS


def _number(value: Value, *, shares: bool) -> Value:
    """Return the port of the node that a port of a container opens, None for none."""
    names = ("hostPort", "containerPort") if shares else ("hostPort",)
    for name in names:
        found = plain(field(value, name))
        if found is not None and not isinstance(found, Absent):
            return found
    return None


def _node_port(value: Value, *, shares: bool) -> str:
    port = plain(value)
    if not isinstance(port, Mapping):
        return "is only known after the update; it may open a port of the node" if shares else ""
    number = _number(value, shares=shares)
    if number is None or number == 0:
        return ""
    if isinstance(number, Unknown):
        return "is only known after the update; it opens a port of the node"
    address = plain(port.get("hostIP"))
    if number in TLS_PORTS or (isinstance(address, str) and address in _LOOPBACK):
        return ""
    shown = f"{number:g}" if isinstance(number, int | float) else "a port"
    return f"opens port {shown} of every node that it runs on, past the router, and nothing says TLS"


def faces_outside(service: Mapping[str, Value]) -> bool:
    """Return True for the properties of a Service that can be reached from outside the cluster, or may be."""
    spec = plain(service.get("spec"))
    if not isinstance(spec, Mapping):
        return False
    kind = plain(spec.get("type"))
    return kind in _FACING or isinstance(kind, Unknown) or not is_blank(spec.get("externalIPs", ABSENT))


def _service(properties: Mapping[str, Value]) -> Iterator[str]:
    spec = plain(properties.get("spec"))
    if isinstance(spec, Unknown):
        yield "`spec` is only known after the update"
    if not isinstance(spec, Mapping):
        return
    kind = plain(spec.get("type"))
    if isinstance(kind, Unknown):
        yield "`spec.type` is only known after the update; it may be LoadBalancer or NodePort"
    elif faces_outside(properties):
        where = "opens that on every node, past the router" if kind == "NodePort" else "faces the world"
        ports = plain(spec.get("ports"))
        for index, port in enumerate(ports if isinstance(ports, tuple) else (Unknown.UNKNOWN,)):
            found = _port(port, has_certificate=_has_certificate(properties))
            if found is not None:
                yield f"`spec.ports[{index}]` {found}, and the Service {where}"


def _port(value: Value, *, has_certificate: bool) -> str | None:
    port = plain(value)
    if not isinstance(port, Mapping):
        return "is only known after the update"
    number = plain(port.get("port"))
    if number != _HTTPS and plain(port.get("appProtocol")) not in _TLS_PROTOCOLS:
        known = isinstance(number, int | float)
        return f"is port {number:g}, where nothing says that TLS is spoken" if known else "has no known port"
    given = plain(port.get("targetPort", ABSENT))
    target = number if is_blank(given) or given is ABSENT else given
    if has_certificate or _speaks_tls(target):
        return None
    if not isinstance(target, str | int | float):
        return "leads to a port that is only known after the update"
    shown = target if isinstance(target, str) else f"{target:g}"
    return f"leads to port {shown} of the pods, where nothing says that TLS is spoken"


def _speaks_tls(target: Value | Absent) -> bool:
    if isinstance(target, str) and not target.isdecimal():
        return not _TLS_WORDS.isdisjoint(target.lower().split("-"))
    return isinstance(target, str | int | float) and int(target) % 1000 == _TLS_ENDING


def _has_certificate(properties: Mapping[str, Value]) -> bool:
    """Return True if an annotation gives the cloud's load balancer a certificate, so that it speaks TLS."""
    metadata = plain(properties.get("metadata"))
    annotations = plain(metadata.get("annotations")) if isinstance(metadata, Mapping) else None
    return isinstance(annotations, Mapping) and any("certificate" in key for key in annotations)


def _ingress(value: Value) -> Iterator[str]:
    spec = plain(value)
    if not isinstance(spec, Mapping):
        if isinstance(spec, Unknown):
            yield "`spec` is only known after the update"
        return
    entries = plain(spec.get("tls"))
    if not isinstance(entries, tuple) or not entries:
        yield "`spec.tls` is not given, so every host of the Ingress is served in the clear"
        return
    hosts = [plain(each.value) for each in select(spec, "tls.hosts")]
    covered = {host for host in hosts if isinstance(host, str)}
    for index, element in enumerate(_elements(spec.get("rules"))):
        rule = plain(element)
        host = plain(rule.get("host")) if isinstance(rule, Mapping) else Unknown.UNKNOWN
        if isinstance(host, Unknown):
            yield f"`spec.rules[{index}].host` is only known after the update"
        elif isinstance(host, str) and covered and not {host, f"*.{host.partition('.')[2]}"} & covered:
            yield f"`spec.rules[{index}].host` stands under no `tls` entry, so it is served in the clear"


def _in_the_clear(properties: Mapping[str, Value]) -> Iterator[str]:
    """Yield what tells a controller to serve the hosts of an Ingress without TLS as well."""
    annotations = plain(field(properties, "metadata", "annotations"))
    if isinstance(annotations, Unknown):
        yield "`metadata.annotations` is only known after the update; it may turn TLS off"
    for key, value in annotations.items() if isinstance(annotations, Mapping) else ():
        bare = plain(value)
        name = key.rpartition("/")[2]
        words = {word.strip().lower() for word in bare.split(",")} if isinstance(bare, str) else set[str]()
        if name == _REDIRECT and "false" in words:
            yield f"`metadata.annotations` has {name} false, so every host is served in the clear as well"
        elif name == _ENTRY_POINTS and words & _CLEAR_ENTRY_POINTS:
            yield f"`metadata.annotations` has {name} with one that listens in the clear"


def _elements(value: Value | None) -> tuple[Value, ...]:
    bare = plain(value)
    if isinstance(bare, Unknown):
        return (bare,)
    return bare if isinstance(bare, tuple) else ()


def _protocols(properties: Mapping[str, Value], path: str, allowed: frozenset[str]) -> Iterator[str]:
    """Yield every protocol at a path that is none of those allowed, in lower case."""
    for found in select(properties, path):
        protocol = plain(found.value)
        if not isinstance(protocol, str):
            yield f"`{found.path}` is only known after the update"
        elif protocol.lower() not in allowed:
            names = ", ".join(sorted(allowed))
            yield f"`{found.path}` is not one of {names}, so what comes in is in the clear"
