"""Load balancers and port forwardings of the clouds through which a Kubernetes API may be reached.

Firewalls and access lists of managed clusters are read by ``exposure-api`` itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import ABSENT, Resource, StackFacts, Value, is_blank, plain, select
from policies.network import API_PORT, reach

__all__ = ["api_doors"]

_HCLOUD: Final = "hcloud:index/loadBalancerService:LoadBalancerService"
_HCLOUD_NETWORK: Final = "hcloud:index/loadBalancerNetwork:LoadBalancerNetwork"
_BALANCER: Final = "loadBalancerId"
_FRONTEND: Final = "scaleway:loadbalancers/frontend:Frontend"
_PAT: Final = "scaleway:network/publicGatewayPatRule:PublicGatewayPatRule"
_OVH: Final = "ovh:CloudProject/loadBalancer:LoadBalancer"
_OVH_LISTENER: Final = "ovh:index/cloudLoadbalancerListener:CloudLoadbalancerListener"


def api_doors(resource: Resource, stack: StackFacts) -> Iterator[str]:
    """Yield how a resource opens the port of the Kubernetes API to everybody."""
    match resource.type:
        case token if token == _HCLOUD:
            if _is_api(resource.properties, "listenPort") and stack.complete and _is_public(resource, stack):
                yield f"`listenPort` is {API_PORT}, the Kubernetes API, on a balancer with a public interface"
        case token if token == _FRONTEND:
            lists = (resource.properties.get("acls", ABSENT), resource.properties.get("externalAcls", ABSENT))
            if _is_api(resource.properties, "inboundPort") and all(
                is_blank(each) or plain(each) is False for each in lists
            ):
                yield f"`inboundPort` is {API_PORT}, the Kubernetes API, and no `acls` say who may come"
        case token if token == _PAT:
            if _is_api(resource.properties, "publicPort"):
                yield f"`publicPort` is {API_PORT}, the Kubernetes API, which a gateway opens to everybody"
        case token if token == _OVH_LISTENER:
            if _is_api(resource.properties, "protocolPort"):
                yield from _listener("", resource.properties)
        case token if token == _OVH:
            for found in select(resource.properties, "listeners"):
                fields = plain(found.value)
                if isinstance(fields, Mapping) and _is_api(fields, "port"):
                    yield from _listener(f"{found.path}.", fields)
        case _:
            return


def _is_api(fields: Mapping[str, Value], port: str) -> bool:
    return plain(fields.get(port)) == API_PORT


def _is_public(service: Resource, stack: StackFacts) -> bool:
    """Return True unless the balancer's public interface is switched off in this stack."""
    own = {*service.property_dependencies.get(_BALANCER, ())}
    return not any(
        plain(network.properties.get("enablePublicInterface")) is False
        and (
            own & {*network.property_dependencies.get(_BALANCER, ())}
            or _number(network) == _number(service) is not None
        )
        for network in stack.of_type(_HCLOUD_NETWORK)
    )


def _number(resource: Resource) -> str | None:
    """Return the number of the balancer that a resource names: one type has it as a text."""
    value = plain(resource.properties.get(_BALANCER))
    if isinstance(value, int | float):
        return f"{value:g}"
    return value if isinstance(value, str) else None


def _listener(path: str, fields: Mapping[str, Value]) -> Iterator[str]:
    allowed = fields.get("allowedCidrs", ABSENT)
    who = "everybody, as it is not given" if is_blank(allowed) else reach(fields["allowedCidrs"])
    if who is not None:
        yield f"`{path}allowedCidrs` lets {who} reach port {API_PORT}, the Kubernetes API"
