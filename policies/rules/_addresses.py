"""Where resources name addresses to which data goes, and which addresses are the stack's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policies.addresses import Look, addresses_in
from policies.decoding import from_base64
from policies.facts import ENGINES_OWN, Resource, StackFacts, Value, plain, select
from policies.hosts import variables_of
from policies.models.machines import start_texts
from policies.proxies.haproxy import looks_like_haproxy
from policies.rules._zone_files import TARGET, zone_answers
from policies.workloads.command_line import environment_of
from policies.workloads.containers import Container, containers_of

__all__ = ["OWN", "addresses_of", "is_untold_end", "own_addresses"]

OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "civo:index/instance:Instance": ("publicIp",),
    "civo:index/kubernetesCluster:KubernetesCluster": ("masterIp",),
    "civo:index/reservedIp:ReservedIp": ("ip",),
    "hcloud:index/floatingIp:FloatingIp": ("ipAddress",),
    "hcloud:index/loadBalancer:LoadBalancer": ("ipv4", "ipv6"),
    "hcloud:index/primaryIp:PrimaryIp": ("ipAddress",),
    "hcloud:index/server:Server": ("ipv4Address", "ipv6Address"),
    "kubernetes:core/v1:Service": ("status.loadBalancer.ingress.ip",),
    "kubernetes:networking.k8s.io/v1:Ingress": ("status.loadBalancer.ingress.ip",),
    "ovh:CloudProject/gateway:Gateway": ("externalInformations.ips.ip",),
    "ovh:CloudProject/instance:Instance": ("addresses.ip",),
    "ovh:CloudProject/loadBalancer:LoadBalancer": ("floatingIp.ip", "vipAddress"),
    "ovh:index/cloudFloatingIp:CloudFloatingIp": ("currentState.ip",),
    "scaleway:instance/ip:Ip": ("address",),
    "scaleway:instance/server:Server": ("publicIps.address",),
    "scaleway:loadbalancers/ip:Ip": ("ipAddress",),
    "scaleway:loadbalancers/loadBalancer:LoadBalancer": ("ipAddress", "ipv6Address"),
    "scaleway:network/publicGatewayIp:PublicGatewayIp": ("address",),
}
"""Outputs that are addresses of the stack's own, by type: the clouds give them, no program writes them."""

_ANSWERS: Final[Mapping[str, tuple[str, ...]]] = {
    "civo:index/dnsDomainRecord:DnsDomainRecord": ("value",),
    "hcloud:index/zone:Zone": ("primaryNameservers.address",),
    "hcloud:index/zoneRecord:ZoneRecord": ("value",),
    "hcloud:index/zoneRrset:ZoneRrset": ("records.value",),
    "ovh:Domain/name:Name": (
        "targetSpec.dnsConfiguration.nameServers.ipv4",
        "targetSpec.dnsConfiguration.nameServers.ipv6",
    ),
    "ovh:Domain/nameServers:NameServers": ("servers.ip",),
    "ovh:Domain/zoneRecord:ZoneRecord": ("target",),
    "ovh:Domain/zoneRedirection:ZoneRedirection": ("target",),
    "ovh:index/domainZoneDynhostRecord:DomainZoneDynhostRecord": ("ip",),
    "scaleway:domain/record:Record": (
        "data",
        "geoIp.matches.data",
        "httpService.ips",
        "views.data",
        "weighteds.ip",
    ),
    "hcloud:index/loadBalancerTarget:LoadBalancerTarget": ("ip",),
    "ovh:CloudProject/loadBalancer:LoadBalancer": ("listeners.pool.members.address",),
    "ovh:index/cloudLoadbalancerPoolMember:CloudLoadbalancerPoolMember": ("address",),
    "scaleway:loadbalancers/backend:Backend": ("failoverHost", "serverIps"),
    "civo:index/network:Network": ("nameserversV4s",),
    "ovh:CloudProject/networkPrivateSubnetV2:NetworkPrivateSubnetV2": ("dnsNameservers",),
    "ovh:CloudProject/regionNetwork:RegionNetwork": ("subnet.dnsNameServers",),
    "ovh:index/cloudNetworkPrivateVrackSubnet:CloudNetworkPrivateVrackSubnet": ("dnsNameservers",),
    "scaleway:network/publicGateway:PublicGateway": ("upstreamDnsServers",),
    "scaleway:network/publicGatewayDhcp:PublicGatewayDhcp": ("dnsServersOverrides",),
    "scaleway:s2svpn/customerGateway:CustomerGateway": ("ipv4Public", "ipv6Public"),
}
"""Answers of DNS, machines behind the load balancers of a cloud, resolvers of networks, ends of tunnels."""

_FAR_ENDS: Final = frozenset({"scaleway:s2svpn/customerGateway:CustomerGateway"})
"""Types that stand for the far end of a tunnel."""

_WHOLE: Final = frozenset(
    {
        "binaryData",
        "cephfs",
        "csi",
        "data",
        "endpoints",
        "externalName",
        "flexVolume",
        "glusterfs",
        "hostAliases",
        "iscsi",
        "nameservers",
        "nfs",
        "rbd",
        "subsets",
    }
)
"""Properties of Kubernetes objects whose bare addresses are places: volumes, aliases, endpoints, settings."""
_LOOKS: Final[Mapping[str, Look]] = dict.fromkeys(("A", "AAAA", "HTTPS", "SVCB"), Look.ANY)
"""Records of a zone file in which any address is an answer."""
_UNREAD: Final = frozenset({"status", ENGINES_OWN})
_UPSTREAMS: Final = frozenset({"mailer", "nameserver", "peer", "server", "server-template"})
_ARRIVALS: Final = frozenset({"hostIP", "image"})
"""Properties of a container that name no place to which it speaks."""


@dataclass(frozen=True, slots=True)
class _Reader:
    containers: Mapping[str, Mapping[str, str]]
    hidden: frozenset[str]


def addresses_of(resource: Resource) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return every place in a resource that names public addresses to which data goes, with the addresses."""
    return resource.once(_addresses)


def _addresses(resource: Resource) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple((path, found) for path, found in _read(resource) if found)


def _read(resource: Resource) -> Iterator[tuple[str, frozenset[str]]]:
    if resource.package == "kubernetes":
        is_secret = resource.type.startswith("kubernetes:core/v1:Secret")
        containers = (each for each in containers_of(resource) if isinstance(each, Container))
        reader = _Reader(
            {each.path: environment_of(each) for each in containers},
            frozenset({"data", "stringData"}) if is_secret else frozenset(),
        )
        for key, value in resource.properties.items():
            if key not in _UNREAD and key not in reader.hidden:
                yield from _walk(key, value, key, reader, Look.POINTED, {})
    elif resource.package == "command":
        reader = _Reader({}, frozenset())
        for key, value in resource.properties.items():
            yield from _walk(key, value, key, reader, Look.ANY, variables_of(resource))
    else:
        yield from _selected(resource, _ANSWERS, Look.WHOLE)
        for path, text in start_texts(resource):
            yield path, addresses_in(text, Look.POINTED)
        files: dict[str, frozenset[str]] = {}
        for path, answer in zone_answers(resource):
            found = addresses_in(answer.text, _LOOKS.get(answer.kind, Look.WHOLE))
            files[path] = files.get(path, frozenset()) | found
        yield from files.items()


def is_untold_end(resource: Resource) -> bool:
    """Return True for the far end of a tunnel that names no address at all."""
    return resource.type in _FAR_ENDS and not any(
        True for path in _ANSWERS[resource.type] for _ in select(resource.properties, path)
    )


def _selected(
    resource: Resource, table: Mapping[str, tuple[str, ...]], look: Look
) -> Iterator[tuple[str, frozenset[str]]]:
    for path in table.get(resource.type, ()):
        for found in select(resource.properties, path):
            text = plain(found.value)
            if isinstance(text, str):
                yield found.path, addresses_in(text, look)


def _walk(
    key: str, value: Value, path: str, reader: _Reader, look: Look, variables: Mapping[str, str]
) -> Iterator[tuple[str, frozenset[str]]]:
    bare = plain(value)
    if isinstance(bare, str):
        yield path, addresses_in(_without_upstreams(bare) if look < Look.ANY else bare, look, variables)
    elif isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _walk(key, element, f"{path}[{index}]", reader, look, variables)
    elif isinstance(bare, Mapping):
        own = reader.containers.get(path)
        inner = Look.ANY if own is not None else look
        for name, item in bare.items():
            here = f"{path}.{name}"
            if inner is Look.ANY and name in _ARRIVALS:
                continue
            if key == "binaryData":
                yield here, addresses_in(from_base64(plain(item)) or "", Look.WHOLE)
            elif inner is Look.ANY and _is_version(bare, name, item):
                continue
            else:
                is_place = name in _WHOLE or key in _WHOLE or TARGET.fullmatch(name)
                stands = max(inner, Look.WHOLE) if is_place else inner
                yield from _walk(name, item, here, reader, stands, variables if own is None else own)


def _without_upstreams(text: str) -> str:
    """Return a configuration of HAProxy without what ``router`` judges in it."""
    if not looks_like_haproxy(text):
        return text
    return "\n".join(line for line in text.splitlines() if not _UPSTREAMS & set(line.split()[:1]))


def _is_version(fields: Mapping[str, Value], name: str, item: Value) -> bool:
    """Return True for a variable whose name says that its four numbers are a version.

    Where another text of the container puts it in, it is read there.
    """
    called, text = plain(fields.get("name")), plain(item)
    return (
        name == "value"
        and isinstance(called, str)
        and called.upper().endswith("VERSION")
        and isinstance(text, str)
        and text.replace(".", "").isdecimal()
    )


def own_addresses(stack: StackFacts) -> frozenset[str]:
    """Return the addresses that the clouds gave to resources of this stack, as far as they are known."""
    found: set[str] = set()
    for resource in stack.of_type(*OWN):
        for path in OWN.get(resource.type, ()):
            for each in select(resource.properties, path):
                text = plain(each.value)
                if isinstance(text, str):
                    found.update(addresses_in(text, Look.WHOLE))
    return frozenset(found)
