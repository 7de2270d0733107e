"""Which cluster a Kubernetes provider leads to: what its kubeconfig says, and what it was made from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, cast
from urllib.parse import urlsplit

from catalog.strict_yaml import YamlError, parse
from policies.facts import (
    ABSENT,
    Absent,
    Provider,
    Resource,
    StackFacts,
    Unknown,
    Value,
    is_blank,
    plain,
    provider_type,
)
from policies.locality import load_locality

__all__ = [
    "CLUSTERS",
    "MACHINES",
    "PROVIDER",
    "Kubeconfig",
    "behind",
    "cluster_key",
    "default_namespace",
    "is_ambient",
    "kubeconfig_of",
    "may_be_one",
]

PROVIDER: Final = provider_type("kubernetes")

CLUSTERS: Final = frozenset(
    {
        "civo:index/kubernetesCluster:KubernetesCluster",
        "ovh:CloudProject/kube:Kube",
        "scaleway:kubernetes/cluster:Cluster",
    }
)
"""Managed clusters."""

MACHINES: Final = frozenset(
    {
        "civo:index/instance:Instance",
        "civo:index/reservedIp:ReservedIp",
        "hcloud:index/floatingIp:FloatingIp",
        "hcloud:index/loadBalancer:LoadBalancer",
        "hcloud:index/loadBalancerNetwork:LoadBalancerNetwork",
        "hcloud:index/primaryIp:PrimaryIp",
        "hcloud:index/server:Server",
        "ovh:CloudProject/instance:Instance",
        "ovh:CloudProject/loadBalancer:LoadBalancer",
        "ovh:index/cloudFloatingIp:CloudFloatingIp",
        "scaleway:instance/ip:Ip",
        "scaleway:instance/server:Server",
        "scaleway:loadbalancers/ip:Ip",
        "scaleway:loadbalancers/loadBalancer:LoadBalancer",
    }
)
"""What has the address at which a cluster built from the operating system answers."""

_HOST: Final = re.compile(r"[a-z0-9:][a-z0-9.:-]*")


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """What a kubeconfig says."""

    hosts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where it leads, servers and proxies on the way to them, by their place in it; an empty text for one
    that cannot be read.
    """
    logins: Mapping[str, str] = field(default_factory=dict[str, str])
    """Programs that log in, without their folder, by their place in it."""
    namespace: str | None = None
    """What objects without a namespace get in the current context."""


def kubeconfig_of(value: Value | Absent) -> Kubeconfig | None:
    """Return what a property says that should be a kubeconfig; None if it is none: a path, a number."""
    bare = plain(value)
    if isinstance(bare, str):
        return _read(bare)
    return _kubeconfig(bare) if isinstance(bare, Mapping) else None


def is_ambient(provider: Resource) -> bool:
    """Return True for a Kubernetes provider that takes its cluster from the machine of whoever runs this.

    Without a kubeconfig it reads the file that the environment names, or the one in the home directory; what
    is no kubeconfig is taken for a path to one.
    """
    value = provider.properties.get("kubeconfig", ABSENT)
    if isinstance(plain(value), Unknown):
        return False
    return is_blank(value) or kubeconfig_of(value) is None


@lru_cache(maxsize=64)
def _read(text: str) -> Kubeconfig | None:
    try:
        document = parse(text)
    except (YamlError, ValueError):
        return None
    return _kubeconfig(document)


def _kubeconfig(document: object) -> Kubeconfig | None:
    clusters = _entries(document, "clusters")
    if not clusters:
        return None
    hosts: dict[str, str] = {}
    logins: dict[str, str] = {}
    for index, entry in enumerate(clusters):
        cluster = _field(entry, "cluster")
        hosts[f"clusters[{index}].cluster.server"] = _host(_field(cluster, "server"))
        if _field(cluster, "proxy-url"):
            hosts[f"clusters[{index}].cluster.proxy-url"] = _host(_field(cluster, "proxy-url"))
    for index, entry in enumerate(_entries(document, "users")):
        for name, key in (("exec", "command"), ("auth-provider", "name")):
            login = _field(_field(_field(entry, "user"), name), key)
            if login:
                program = re.split(r"[/\\]", str(login))[-1].lower().removesuffix(".exe")
                logins[f"users[{index}].user.{name}"] = program
    return Kubeconfig(hosts, logins, _namespace(document))


def _namespace(document: object) -> str | None:
    current = _field(document, "current-context")
    for entry in _entries(document, "contexts"):
        namespace = _field(_field(entry, "context"), "namespace")
        if _field(entry, "name") == current and isinstance(namespace, str) and namespace:
            return namespace
    return None


def _field(value: object, name: str) -> object:
    bare = plain(cast("Value", value))
    return plain(cast("Mapping[str, Value]", bare).get(name)) if isinstance(bare, Mapping) else None


def _entries(document: object, name: str) -> tuple[object, ...]:
    found = _field(document, name)
    return tuple(cast("list[object]", found)) if isinstance(found, list | tuple) else ()


def _host(value: object) -> str:
    """Return the host of a URL in lower case, or an empty text if it cannot be told."""
    if not isinstance(value, str):
        return ""
    try:
        host = urlsplit(value if "://" in value else f"//{value}").hostname or ""
    except ValueError:
        return ""
    host = host.rstrip(".")
    return host if _HOST.fullmatch(host) else ""


def behind(provider: Resource, stack: StackFacts) -> tuple[Resource, ...]:
    """Return what the kubeconfig of a provider was made from, as far as clusters, machines and other stacks.

    What a package without a place hands on, such as a local command or a certificate, is looked through.
    """
    by_urn, neutral = stack.by_urn(), load_locality().placeless.keys() - {"kubernetes", "pulumi"}
    found: dict[str, Resource] = {}
    waiting = list(provider.property_dependencies.get("kubeconfig", ()))
    while waiting:
        urn = waiting.pop()
        resource = by_urn.get(urn)
        if resource is None or urn in found:
            continue
        found[urn] = resource
        if resource.package in neutral:
            for urns in resource.property_dependencies.values():
                waiting.extend(urns)
    return tuple(found.values())


def cluster_key(provider: Provider | None, stack: StackFacts) -> frozenset[str]:
    """Return what tells the cluster of an object from others: the URNs of what its kubeconfig was made from,
    else the hosts in it, else the provider.

    Two objects whose keys share an element are in one cluster.
    """
    if provider is None:
        return frozenset({""})
    registered = stack.by_urn().get(provider.urn)
    made_from = behind(registered, stack) if registered is not None else ()
    for types in (CLUSTERS, MACHINES):
        urns = frozenset(each.urn for each in made_from if each.type in types)
        if urns:
            return urns
    kubeconfig = kubeconfig_of(provider.properties.get("kubeconfig", ABSENT))
    hosts = frozenset(kubeconfig.hosts.values()) - {""} if kubeconfig is not None else frozenset[str]()
    return hosts or frozenset({provider.urn})


def may_be_one(first: frozenset[str], second: frozenset[str]) -> bool:
    """Return False only for two managed clusters of this stack; two hosts may be two ways into one."""
    return bool(first & second) or not (_is_managed(first) and _is_managed(second))


def _is_managed(key: frozenset[str]) -> bool:
    return all(urn.rpartition("::")[0].endswith(tuple(CLUSTERS)) for urn in key)


def default_namespace(provider: Provider | None) -> str | None:
    """Return the namespace of objects that name none: the provider's, the kubeconfig's, or ``default``.

    None if nobody can know it yet.
    """
    if provider is None:
        return "default"
    own = provider.properties.get("namespace", ABSENT)
    if not is_blank(own):
        bare = plain(own)
        return bare if isinstance(bare, str) else None
    kubeconfig = kubeconfig_of(provider.properties.get("kubeconfig", ABSENT))
    return (kubeconfig.namespace if kubeconfig is not None else None) or "default"
