"""Pods that serve models can reach nothing outside the cluster.

Objects of one cluster may be deployed with several providers. A policy closes a namespace only where it is
certainly in the cluster of the pods; it opens one wherever that cannot be ruled out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from policies.facts import Absent, Resource, StackFacts, Unknown, Value, contains_unknown, is_blank, plain
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._call_home import LAW, NO_EXCEPTION, REFERENCES
from policies.rules._clusters import cluster_key, may_be_one
from policies.rules._destinations import is_private_network
from policies.rules._pods import KubernetesObject, Pod, known, objects_of, serving_pods
from policies.rules._pods import field as at
from policies.rules._serving import violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "call-home-egress"
_POLICY: Final = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
_OTHER_POLICIES: Final = (
    "kubernetes:cilium.io/",
    "kubernetes:crd.projectcalico.org/",
    "kubernetes:projectcalico.org/",
    "kubernetes:policy.networking.k8s.io/",
)
"""API groups whose policies can open what a NetworkPolicy closes, in ways that no rule here reads."""

_FIX: Final = (
    "give the namespace a NetworkPolicy with `podSelector: {}`, `policyTypes: [Ingress, Egress]` and no "
    "rules, "
    "declared before the workload; then a second one that opens paths to pods by their labels (the "
    "cluster's DNS, a "
    "gate that dials the one host that is needed)"
)
_ALLOWED: Final = "egress to pods by selector, or to private networks; nothing else"


@dataclass(frozen=True, slots=True)
class _Policy:
    """A policy, with what is wrong with its rules whichever pods it holds for."""

    owner: KubernetesObject
    closes: bool
    selector: Value | Absent
    opening: str
    """What it opens to the outside, or empty."""

    @property
    def resource(self) -> Resource:
        return self.owner.resource


@dataclass(slots=True)
class _Policies:
    """The policies of a stack that close a namespace of a cluster, or open one."""

    stack: StackFacts
    closing: dict[str, list[frozenset[str]]] = field(default_factory=dict[str, list[frozenset[str]]])
    """Clusters, by the namespace that is closed in them."""
    opening: dict[str | None, list[tuple[frozenset[str], _Policy]]] = field(
        default_factory=dict[str | None, list[tuple[frozenset[str], _Policy]]]
    )
    """By namespace; None for those that may hold for every namespace of the cluster."""
    keys: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """What was found out about clusters, by provider."""

    def cluster(self, resource: Resource) -> frozenset[str]:
        """What tells the cluster of an object from others; providers of one cluster have it in common."""
        urn = resource.provider.urn if resource.provider is not None else ""
        if urn not in self.keys:
            self.keys[urn] = cluster_key(resource.provider, self.stack)
        return self.keys[urn]

    def closes(self, cluster: frozenset[str], namespace: str) -> bool:
        """True only for a policy that is certainly in the same cluster."""
        return any(cluster & each for each in self.closing.get(namespace, ()))

    def near(self, cluster: frozenset[str], namespace: str) -> Iterator[_Policy]:
        """What opens the namespace, in this cluster or in one that may be the same."""
        for key in (namespace, None):
            for where, policy in self.opening.get(key, ()):
                if may_be_one(cluster, where):
                    yield policy


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    pods = [pod for resource in _concerned(stack) for pod in serving_pods(known(resource, stack))]
    if not pods:
        return
    policies = _policies(stack)
    for pod in pods:
        yield from _pod(pod, stack, policies)


def _concerned(stack: StackFacts) -> Sequence[Resource]:
    """Return the resources whose pods may lead to a violation on one that the rule is asked about."""
    newest = stack.newest
    opens = newest is not None and _is_policy(newest) and any(each.opening for each in _policies_in(newest))
    return stack.resources if opens else stack.asked


def _is_policy(resource: Resource) -> bool:
    return resource.type.startswith((_POLICY, *_OTHER_POLICIES))


def _policies(stack: StackFacts) -> _Policies:
    policies = _Policies(stack)
    for resource in stack.of_type(_POLICY, *_OTHER_POLICIES):
        for policy in _policies_in(known(resource, stack)):
            namespace = policy.owner.namespace if resource.type.startswith(_POLICY) else None
            cluster = policies.cluster(resource)
            if policy.closes and namespace is not None:
                policies.closing.setdefault(namespace, []).append(cluster)
            if policy.opening:
                policies.opening.setdefault(namespace, []).append((cluster, policy))
    return policies


def _policies_in(resource: Resource) -> tuple[_Policy, ...]:
    return resource.once(_read_policies)


def _read_policies(resource: Resource) -> tuple[_Policy, ...]:
    return tuple(map(_read, objects_of(resource)))


def _read(owner: KubernetesObject) -> _Policy:
    spec = at(owner.fields, "spec")
    return _Policy(
        owner=owner,
        closes=_closes(owner.resource, spec),
        selector=plain(at(spec, "podSelector")),
        opening=_opening(owner.resource, spec),
    )


def _pod(pod: Pod, stack: StackFacts, policies: _Policies) -> Iterator[Violation]:
    resource = pod.owner.resource
    namespace = pod.owner.namespace
    label = pod.container.label
    if plain(pod.spec.get("hostNetwork", False)) is not False:
        yield _refusal(
            resource,
            f"`{pod.path}.hostNetwork` puts {label} on the node's own network, where no NetworkPolicy holds",
            f"remove hostNetwork; and {_FIX}",
        )
    if namespace is None:
        yield _refusal(resource, f"the namespace of {label} is only known after the update", _FIX)
        return
    cluster = policies.cluster(resource)
    if not policies.closes(cluster, namespace):
        yield _refusal(
            resource,
            f"no NetworkPolicy of this stack closes the namespace {namespace}, where {label} serves",
            _FIX,
        )
    for each in policies.near(cluster, namespace):
        if each.resource.type.startswith(_POLICY) and not _may_select(each.selector, pod.labels):
            continue
        yield _refusal(
            max(each.resource, resource, key=stack.position),
            f"{each.resource.type.rpartition(':')[2]} {each.resource.name!r} lets {label} of "
            f"{resource.name!r} out: {each.opening}",
            "open paths to pods by their labels; what must come from outside comes through a gate in a "
            "namespace of its own that dials one host",
        )


def _closes(resource: Resource, spec: Value | Absent) -> bool:
    """Return True for a NetworkPolicy that holds for every pod, in both directions."""
    if resource.type not in {_POLICY, f"{_POLICY}List"}:
        return False
    types = plain(at(spec, "policyTypes"))
    kinds = [plain(each) for each in types] if isinstance(types, tuple) else []
    return "Ingress" in kinds and "Egress" in kinds and _selects_all(plain(at(spec, "podSelector")))


def _selects_all(selector: Value | Absent) -> bool:
    return isinstance(selector, Mapping) and all(
        plain(item) in (None, ()) or plain(item) == {} for item in selector.values()
    )


def _opening(resource: Resource, spec: Value | Absent) -> str:
    """Return what a policy opens to the outside for the pods that it selects, or an empty text."""
    if not resource.type.startswith(_POLICY):
        return (
            "it is of a kind that no rule here reads, and it has rules for egress"
            if _has_egress(spec)
            else ""
        )
    if isinstance(plain(spec), Unknown):
        return "its rules are only known after the update"
    rules = plain(at(spec, "egress"))
    if isinstance(rules, Unknown):
        return "its egress is only known after the update"
    for index, rule in enumerate(rules if isinstance(rules, tuple) else ()):
        problem = _rule_problem(rule)
        if problem:
            return f"`spec.egress[{index}]` {problem}"
    return ""


def _rule_problem(rule: Value) -> str:
    peers = plain(at(rule, "to"))
    if isinstance(peers, Unknown) or isinstance(plain(rule), Unknown):
        return "is only known after the update"
    if is_blank(peers):
        return "has no `to`, so it allows every address"
    for peer in peers if isinstance(peers, tuple) else ():
        block = plain(at(peer, "ipBlock"))
        if isinstance(plain(peer), Unknown) or (isinstance(block, Mapping) and contains_unknown(block)):
            return "has a peer that is only known after the update"
        if isinstance(block, Mapping):
            cidr = plain(block.get("cidr"))
            if not isinstance(cidr, str) or not is_private_network(cidr):
                return (
                    "allows addresses outside private networks, and an address says nothing about its place"
                )
        elif is_blank(at(peer, "podSelector")) and is_blank(at(peer, "namespaceSelector")):
            return "has a peer that selects nothing that can be read"
    return ""


def _may_select(selector: Value | Absent, labels: Value | Absent) -> bool:
    """Return False only if the selector asks for a label that the pod certainly has not."""
    wanted = plain(at(selector, "matchLabels"))
    own = plain(labels)
    if not isinstance(wanted, Mapping) or not isinstance(own, Mapping):
        return True
    return not any(
        isinstance(plain(value), str)
        and (name not in own or (isinstance(plain(own[name]), str) and plain(own[name]) != plain(value)))
        for name, value in wanted.items()
    )


def _has_egress(spec: Value | Absent) -> bool:
    bare = plain(spec)
    if isinstance(bare, Mapping):
        return any(
            (key.lower().startswith("egress") and key != "egressDeny" and not is_blank(item))
            or _has_egress(item)
            for key, item in bare.items()
        )
    if isinstance(bare, tuple):
        return any(_has_egress(element) for element in bare)
    return isinstance(bare, Unknown)


def _refusal(resource: Resource, found: str, fix: str) -> Violation:
    return violation(_ID, resource, found=found, allowed=_ALLOWED, fix=fix, exception=NO_EXCEPTION)


RULE = StackRule(
    id=_ID,
    family=Family.CALL_HOME,
    title="Pods that serve models can reach nothing outside the cluster",
    why="Switches are promises of the software; a closed network is a fact. What no variable covers, such "
    "as the "
    "probe of an NVIDIA host by FlashInfer, ends here.",
    law=LAW,
    source="Kubernetes documentation, network policies; vLLM 0.33.0 utils/flashinfer.py, read 2026-11-23",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Close every namespace that serves with a NetworkPolicy for all pods, then open paths pod by pod.",
    exception=NO_EXCEPTION,
    check=_check,
)
