"""Whatever faces the world speaks TLS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import ABSENT, Resource, Unknown, Value, is_blank, plain, select
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._exposure import LAW, NO_EXCEPTION, REFERENCES, objects_of, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "exposure-tls"
_HTTPS: Final = 443
_TLS_PORTS: Final = frozenset({443, 6443})
_TLS_PROTOCOLS: Final = frozenset({"https", "tls", "kubernetes.io/wss"})
_PLAIN_TARGETS: Final = frozenset({"80", "http", "http-web", "web"})
_FRONTEND: Final = "scaleway:loadbalancers/frontend:Frontend"
_HCLOUD: Final = "hcloud:index/loadBalancerService:LoadBalancerService"
_OVH: Final = "ovh:CloudProject/loadBalancer:LoadBalancer"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    for found in _mistakes(resource):
        yield violation(
            _ID,
            resource,
            found=found,
            allowed="port 443 of a server that speaks TLS, an Ingress whose every host stands under `tls`",
            fix="offer HTTPS on port 443 alone and leave plain HTTP out; a client that starts in the clear "
            "has already sent its key",
        )


def _mistakes(resource: Resource) -> Iterator[str]:
    group, _, kind = resource.type.removeprefix("kubernetes:").partition(":")
    if resource.package == "kubernetes":
        for properties in objects_of(resource):
            yield from _object(group, kind.removesuffix("Patch").removesuffix("List"), properties)
    elif resource.type == _FRONTEND:
        if plain(resource.properties.get("inboundPort")) not in _TLS_PORTS:
            yield "`inboundPort` is not 443, and nothing says that TLS is spoken there"
    elif resource.type == _HCLOUD:
        protocol = plain(resource.properties.get("protocol"))
        port = plain(resource.properties.get("listenPort"))
        if protocol != "https" and not (protocol == "tcp" and port in _TLS_PORTS):
            yield "`protocol` is neither https nor tcp on port 443, so what comes in is in the clear"
    elif resource.type == _OVH:
        yield from _protocols(
            resource.properties, "listeners.protocol", frozenset({"https", "terminatedhttps", "tls", "tcp"})
        )


def _object(group: str, kind: str, properties: Mapping[str, Value]) -> Iterator[str]:
    if (group, kind) == ("core/v1", "Service"):
        yield from _service(properties)
    elif kind == "Ingress" and group.startswith(("networking.k8s.io/", "extensions/")):
        yield from _ingress(properties.get("spec"))
    elif kind == "Gateway" and group.startswith("gateway.networking.k8s.io/"):
        yield from _protocols(properties, "spec.listeners.protocol", frozenset({"https", "tls"}))


def _service(properties: Mapping[str, Value]) -> Iterator[str]:
    spec = plain(properties.get("spec"))
    if isinstance(spec, Unknown):
        yield "`spec` is only known after the update"
    if not isinstance(spec, Mapping):
        return
    kind = plain(spec.get("type"))
    if isinstance(kind, Unknown):
        yield "`spec.type` is only known after the update; it may be LoadBalancer"
    elif kind == "LoadBalancer" or not is_blank(spec.get("externalIPs", ABSENT)):
        ports = plain(spec.get("ports"))
        for index, port in enumerate(ports if isinstance(ports, tuple) else (Unknown.UNKNOWN,)):
            found = _port(port, has_certificate=_has_certificate(properties))
            if found is not None:
                yield f"`spec.ports[{index}]` {found}, and the Service faces the world"


def _port(value: Value, *, has_certificate: bool) -> str | None:
    port = plain(value)
    if not isinstance(port, Mapping):
        return "is only known after the update"
    number = plain(port.get("port"))
    if plain(port.get("appProtocol")) in _TLS_PROTOCOLS:
        return None
    if number != _HTTPS:
        known = isinstance(number, int | float)
        return f"is port {number:g}, where nothing says that TLS is spoken" if known else "has no known port"
    target = plain(port.get("targetPort"))
    as_text = f"{target:g}" if isinstance(target, int | float) else target
    if as_text in _PLAIN_TARGETS and not has_certificate:
        return f"leads port 443 to {as_text}, which speaks plain HTTP"
    return None


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


def _elements(value: Value | None) -> tuple[Value, ...]:
    bare = plain(value)
    if isinstance(bare, Unknown):
        return (bare,)
    return bare if isinstance(bare, tuple) else ()


def _protocols(properties: Mapping[str, Value], path: str, allowed: frozenset[str]) -> Iterator[str]:
    for found in select(properties, path):
        protocol = plain(found.value)
        if not isinstance(protocol, str):
            yield f"`{found.path}` is only known after the update"
        elif protocol.lower() not in allowed:
            names = ", ".join(sorted(allowed))
            yield f"`{found.path}` is not one of {names}, so what comes in is in the clear"


RULE = ResourceRule(
    id=_ID,
    family=Family.EXPOSURE,
    title="Whatever faces the world speaks TLS",
    why="A prompt and its key in the clear can be read by every network on the way, in every country.",
    law=LAW,
    source="Kubernetes API (Service, Ingress), Gateway API, provider SDKs as installed, 2026-11-24",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Serve HTTPS on port 443 only.",
    exception=NO_EXCEPTION,
    check=_check,
)
