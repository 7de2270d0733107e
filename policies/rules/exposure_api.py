"""No Kubernetes API answers everybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import (
    ABSENT,
    Resource,
    StackFacts,
    Unknown,
    Value,
    contains_unknown,
    is_blank,
    plain,
    select,
)
from policies.network import API_PORT, openings, reach
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._api_doors import api_doors
from policies.rules._exposure import LAW, NO_EXCEPTION, REFERENCES, attached, violation
from policies.rules._pods import objects_of
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "exposure-api"

_CLUSTERS: Final[Mapping[str, tuple[str, str]]] = {
    "scaleway:kubernetes/cluster:Cluster": ("scaleway:kubernetes/acl:Acl", "clusterId"),
    "ovh:CloudProject/kube:Kube": ("ovh:CloudProject/kubeIpRestrictions:KubeIpRestrictions", "kubeId"),
}
"""Clusters whose API is open until a resource of the second type names one, by the property given."""

_SCALEWAY_ACL: Final = "scaleway:kubernetes/acl:Acl"
_OVH_ACL: Final = "ovh:CloudProject/kubeIpRestrictions:KubeIpRestrictions"
_CIVO_CLUSTER: Final = "civo:index/kubernetesCluster:KubernetesCluster"
_CIVO_FIREWALL: Final = "civo:index/firewall:Firewall"
_ADDRESSES: Final = frozenset(
    {
        "hcloud:index/floatingIp:FloatingIp",
        "hcloud:index/primaryIp:PrimaryIp",
        "hcloud:index/server:Server",
        "civo:index/reservedIp:ReservedIp",
        "ovh:CloudProject/gateway:Gateway",
        "scaleway:instance/ip:Ip",
        "scaleway:loadbalancers/ip:Ip",
        "scaleway:network/publicGateway:PublicGateway",
        "scaleway:network/publicGatewayIp:PublicGatewayIp",
    }
)
"""Types whose outputs are addresses of the stack's own: a list made from nothing else may be unknown."""

_BINDINGS: Final = (
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
)
_EVERYBODY: Final = frozenset({"system:anonymous", "system:unauthenticated"})
"""Names under which the API knows whoever has not logged in."""
_ALLOWED: Final = "the ranges of those who administer the cluster, none of them everybody"


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    by_urn = stack.by_urn()
    for resource in stack.asked:
        if resource.type in _CLUSTERS and stack.complete:
            yield from _without_list(stack, resource)
        elif resource.type == _SCALEWAY_ACL:
            yield from _scaleway_list(resource, by_urn)
        elif resource.type == _OVH_ACL:
            yield from _list(resource, "ips", resource.properties.get("ips"), by_urn)
        elif resource.type == _CIVO_CLUSTER:
            yield from _civo_cluster(resource, by_urn)
        if resource.type.startswith(_BINDINGS):
            yield from _bindings(resource)
        for found in api_doors(resource, stack):
            yield violation(
                _ID,
                resource,
                found=found,
                allowed=_ALLOWED,
                fix="take the port away, switch the public interface off, or name the ranges of your "
                "administrators",
            )
        for opening in openings(resource):
            if opening.ports == (API_PORT, API_PORT):
                yield violation(
                    _ID,
                    resource,
                    found=f"`{opening.path}` opens port {API_PORT}, the Kubernetes API, to {opening.who}",
                    allowed=_ALLOWED,
                    fix="name the ranges of your administrators (sovereign:apiAccess)",
                )


def _bindings(resource: Resource) -> Iterator[Violation]:
    for binding in objects_of(resource):
        for found in select(binding.fields, "subjects.name"):
            if plain(found.value) in _EVERYBODY:
                yield violation(
                    _ID,
                    resource,
                    found=f"`{found.path}` gives rights to whoever has not logged in",
                    allowed="users, groups and service accounts that have a name of their own",
                    fix="name those who need the role, or leave the binding out",
                )


def _without_list(stack: StackFacts, cluster: Resource) -> Iterator[Violation]:
    type_token, name = _CLUSTERS[cluster.type]
    if not any(attached(stack, cluster, type_token, name)):
        yield violation(
            _ID,
            cluster,
            found=f"no {type_token} of this stack names this cluster, so its API answers everybody",
            allowed=_ALLOWED,
            fix=f"declare a {type_token} whose `{name}` is the id of this cluster",
        )


def _scaleway_list(resource: Resource, by_urn: Mapping[str, Resource]) -> Iterator[Violation]:
    if plain(resource.properties.get("noIpAllowed")) is True:
        return
    rules = plain(resource.properties.get("aclRules"))
    if not isinstance(rules, tuple) or not rules:
        given = Unknown.UNKNOWN if isinstance(rules, Unknown) else None
        yield from _list(resource, "aclRules", given, by_urn)
        return
    for index, element in enumerate(rules):
        rule = plain(element)
        path = f"aclRules[{index}]"
        if not isinstance(rule, Mapping):
            yield from _list(resource, path, Unknown.UNKNOWN, by_urn)
        elif plain(rule.get("scalewayRanges")) is not True:
            yield from _list(resource, f"{path}.ip", rule.get("ip"), by_urn)


def _list(
    resource: Resource, path: str, ranges: Value, by_urn: Mapping[str, Resource]
) -> Iterator[Violation]:
    if ranges is not None and contains_unknown(ranges) and _from_addresses(resource, path, by_urn):
        return
    who = "everybody, as it is empty" if is_blank(ABSENT if ranges is None else ranges) else reach(ranges)
    if who is not None:
        yield violation(
            _ID,
            resource,
            found=f"`{path}` lets in {who}",
            allowed=f"{_ALLOWED}; unknown only where it comes from address resources of this stack",
            fix="name the ranges of your administrators (sovereign:apiAccess)",
        )


def _from_addresses(resource: Resource, path: str, by_urn: Mapping[str, Resource]) -> bool:
    """Return True if what is unknown comes from addresses of this stack and from nothing else.

    The update judges the list again, once its values are known.
    """
    name = path.partition("[")[0]
    behind = [by_urn.get(urn) for urn in resource.property_dependencies.get(name, ())]
    types = {each.type if each is not None else "" for each in behind} - _CLUSTERS.keys()
    return bool(types & _ADDRESSES) and types <= _ADDRESSES


def _civo_cluster(cluster: Resource, by_urn: Mapping[str, Resource]) -> Iterator[Violation]:
    behind = (by_urn.get(urn) for urn in cluster.property_dependencies.get("firewallId", ()))
    if not any(each is not None and each.type == _CIVO_FIREWALL for each in behind):
        yield violation(
            _ID,
            cluster,
            found="`firewallId` names a firewall that this stack does not declare; it may let everybody in",
            allowed=f"`firewallId` taken from a {_CIVO_FIREWALL} of this stack",
            fix="declare the firewall in this stack, with createDefaultRules false and your own ranges",
        )


RULE = StackRule(
    id=_ID,
    family=Family.EXPOSURE,
    title="No Kubernetes API answers everybody",
    why="Whoever reaches the API needs one stolen key, or one flaw, to read everything in the cluster.",
    law=LAW,
    source="pulumiverse-scaleway 1.60.0, pulumi-ovh 2.22.0 and pulumi-civo 2.4.8 (properties), 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Give each cluster an access list with the ranges of its administrators.",
    exception=NO_EXCEPTION,
    check=_check,
)
