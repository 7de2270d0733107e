"""Whatever faces the world speaks TLS, and so does a provider that carries data to a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import ABSENT, Absent, Resource, Value, is_blank, plain, select
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._exposure import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.rules._pods import objects_of
from policies.rules._published import TLS_PORTS, mistakes_of
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "exposure-tls"
_FRONTEND: Final = "scaleway:loadbalancers/frontend:Frontend"
_HCLOUD: Final = "hcloud:index/loadBalancerService:LoadBalancerService"
_PAT: Final = "scaleway:network/publicGatewayPatRule:PublicGatewayPatRule"
_OVH: Final = "ovh:CloudProject/loadBalancer:LoadBalancer"
_OVH_LISTENER: Final = "ovh:index/cloudLoadbalancerListener:CloudLoadbalancerListener"
_STORE: Final = "pulumi:providers:minio"
_OVH_TLS: Final = frozenset({"https", "terminatedhttps", "terminated_https", "tls"})


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    for found in _in_the_clear(resource):
        yield violation(
            _ID,
            resource,
            found=found,
            allowed="a provider with `minioSsl` true and `minioInsecure` left out",
            fix="set `minioSsl` to true; objects and the key of the store go over this connection",
        )
    for found in _mistakes(resource):
        yield violation(
            _ID,
            resource,
            found=found,
            allowed="port 443 of a server that speaks TLS; an Ingress, a Gateway or a route with TLS for "
            "every host; pods that are reached through a Service",
            fix="offer HTTPS on port 443 alone, through the router, and leave plain HTTP out, also where "
            "it only redirects: a client that starts in the clear has already sent its key",
        )


def _in_the_clear(resource: Resource) -> Iterator[str]:
    """Yield why a provider of S3 does not speak TLS with whom it means: by default it speaks HTTP."""
    if resource.type != _STORE:
        return
    if not _is_true(resource.properties.get("minioSsl", ABSENT)):
        yield "`minioSsl` is not true, so what is kept there travels in the clear"
    insecure = plain(resource.properties.get("minioInsecure"))
    if not (is_blank(insecure) or insecure is False or str(insecure).lower() == "false"):
        yield "`minioInsecure` lets anybody answer for the store"


def _is_true(value: Value | Absent) -> bool:
    """Return True for what the provider takes as true; the engine hands its inputs over as texts."""
    bare = plain(value)
    return bare is True or (isinstance(bare, str) and bare.lower() == "true")


def _mistakes(resource: Resource) -> Iterator[str]:
    group, _, kind = resource.type.removeprefix("kubernetes:").partition(":")
    if resource.package == "kubernetes":
        for each in objects_of(resource):
            yield from mistakes_of(
                resource, group, kind.removesuffix("Patch").removesuffix("List"), each.fields
            )
    elif resource.type == _FRONTEND:
        if plain(resource.properties.get("inboundPort")) not in TLS_PORTS:
            yield "`inboundPort` is not 443, and nothing says that TLS is spoken there"
    elif resource.type == _HCLOUD:
        protocol = plain(resource.properties.get("protocol"))
        port = plain(resource.properties.get("listenPort"))
        if protocol != "https" and not (protocol == "tcp" and port in TLS_PORTS):
            yield "`protocol` is neither https nor tcp on port 443, so what comes in is in the clear"
    elif resource.type == _PAT:
        if plain(resource.properties.get("publicPort")) not in TLS_PORTS:
            yield "`publicPort` is not 443, and nothing says that TLS is spoken there"
    elif resource.type == _OVH_LISTENER:
        yield from _listener("", resource.properties, "protocolPort")
    elif resource.type == _OVH:
        for found in select(resource.properties, "listeners"):
            fields = plain(found.value)
            yield from _listener(f"{found.path}.", fields if isinstance(fields, Mapping) else {}, "port")


def _listener(path: str, fields: Mapping[str, Value], port: str) -> Iterator[str]:
    """Yield a mistake in a listener of OVHcloud: plain TCP hands on what the pods speak, as on port 443."""
    protocol = plain(fields.get("protocol"))
    said = protocol.lower() if isinstance(protocol, str) else ""
    if said in _OVH_TLS or (said == "tcp" and plain(fields.get(port)) in TLS_PORTS):
        return
    yield f"`{path}protocol` is neither {', '.join(sorted(_OVH_TLS))} nor tcp on port 443"


RULE = ResourceRule(
    id=_ID,
    family=Family.EXPOSURE,
    title="Whatever faces the world speaks TLS",
    why="A prompt and its key in the clear can be read by every network on the way, in every country.",
    law=LAW,
    source="Kubernetes API (Service, Ingress, Pod), Gateway API, routes of Traefik, Istio, Contour and "
    "OpenShift as commonly known, provider SDKs as installed, 2026-11-24",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Serve HTTPS on port 443 only.",
    exception=NO_EXCEPTION,
    check=_check,
)
