"""NetworkPolicy specs: everything is refused, then each path that the stack needs is named.

These are standard NetworkPolicies, so they hold under any network plugin that enforces them: Cilium on
Scaleway, Civo and OVHcloud's standard plan, Canal on OVHcloud's free plan, k3s' own controller (kube-router)
on Hetzner. They know addresses, ports and pods, not host names; see ``egress_gate`` for how one
host is singled out.
"""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_kubernetes.networking.v1 import (
    NetworkPolicyEgressRuleArgsDict,
    NetworkPolicyIngressRuleArgsDict,
    NetworkPolicyPeerArgsDict,
    NetworkPolicyPortArgsDict,
    NetworkPolicySpecArgsDict,
)

from components.workloads.target import selector

__all__ = [
    "DNS",
    "from_anywhere",
    "from_everything_in",
    "from_pods",
    "pod_policy",
    "refuse_everything",
    "to_pods",
    "to_public_https",
]

_NAMESPACE_NAME = "kubernetes.io/metadata.name"

_NOT_PUBLIC = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
"""RFC 1918, RFC 6598 and link-local ranges: other pods, nodes, and the clouds' metadata service."""


def refuse_everything() -> NetworkPolicySpecArgsDict:
    """No pod of the namespace may be reached or reach anything, DNS included."""
    return {"pod_selector": {}, "policy_types": ["Ingress", "Egress"]}


def pod_policy(
    app: str,
    *,
    ingress: Sequence[NetworkPolicyIngressRuleArgsDict] = (),
    egress: Sequence[NetworkPolicyEgressRuleArgsDict] = (),
) -> NetworkPolicySpecArgsDict:
    """The paths of one workload. Policies add up, so this opens what ``refuse_everything`` has closed."""
    return {
        "pod_selector": {"match_labels": selector(app)},
        "policy_types": ["Ingress", "Egress"],
        "ingress": list(ingress),
        "egress": list(egress),
    }


def from_pods(namespace: str, app: str, port: int) -> NetworkPolicyIngressRuleArgsDict:
    """In: one workload of one namespace, one TCP port."""
    return {"from_": [_pods(namespace, app)], "ports": [_port(port)]}


def from_everything_in(namespace: str, port: int) -> NetworkPolicyIngressRuleArgsDict:
    """In: every pod of one namespace, one TCP port."""
    peer: NetworkPolicyPeerArgsDict = {"namespace_selector": {"match_labels": {_NAMESPACE_NAME: namespace}}}
    return {"from_": [peer], "ports": [_port(port)]}


def from_anywhere(port: int) -> NetworkPolicyIngressRuleArgsDict:
    """In: any address, one TCP port. For the router alone."""
    return {"ports": [_port(port)]}


def to_pods(namespace: str, app: str, port: int) -> NetworkPolicyEgressRuleArgsDict:
    """Out: one workload of one namespace, one TCP port."""
    return {"to": [_pods(namespace, app)], "ports": [_port(port)]}


def to_public_https() -> NetworkPolicyEgressRuleArgsDict:
    """Out: port 443 of any public IPv4 address. For the egress gate alone, which dials one host."""
    return {
        "to": [{"ip_block": {"cidr": "0.0.0.0/0", "except_": list(_NOT_PUBLIC)}}],
        "ports": [_port(443)],
    }


def _pods(namespace: str, app: str) -> NetworkPolicyPeerArgsDict:
    return {
        "namespace_selector": {"match_labels": {_NAMESPACE_NAME: namespace}},
        "pod_selector": {"match_labels": selector(app)},
    }


def _port(number: int, protocol: str = "TCP") -> NetworkPolicyPortArgsDict:
    return {"port": number, "protocol": protocol}


DNS: NetworkPolicyEgressRuleArgsDict = {
    "to": [
        {
            "namespace_selector": {"match_labels": {_NAMESPACE_NAME: "kube-system"}},
            "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [_port(53, "UDP"), _port(53)],
}
"""Out: the cluster's name server. As it forwards, a determined process could send data in names."""
