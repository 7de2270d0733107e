"""A controller of the cluster: one pod with an account, rights in the whole cluster, and network paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.core.v1 import PodSpecArgsDict
from pulumi_kubernetes.networking.v1 import NetworkPolicySpecArgsDict
from pulumi_kubernetes.rbac.v1 import PolicyRuleArgsDict

from components.workloads.namespace import ClosedNamespace
from components.workloads.target import ClusterTarget, selector

__all__ = ["ControllerArgs", "controller"]


@dataclass(frozen=True, kw_only=True)
class ControllerArgs:
    """A controller and what it may do."""

    app: str
    """Name of its objects; its cluster-wide role is called ``sovereign:<app>``."""
    rules: Sequence[PolicyRuleArgsDict]
    """What it may do in the whole cluster."""
    paths: NetworkPolicySpecArgsDict
    pod: PodSpecArgsDict
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Of its pod."""


def controller(
    name: str,
    args: ControllerArgs,
    *,
    namespace: ClosedNamespace,
    target: ClusterTarget,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> k8s.apps.v1.Deployment:
    """Create the controller as children of ``parent``: its one pod after the rest and after ``after``.

    A new pod starts when the old one has ended, so that two do not steer the same things.
    """
    identity = _identity(name, args, namespace, target, parent)
    labels = target.labels(args.app)
    of_pod: k8s.meta.v1.ObjectMetaArgsDict = {"labels": labels}
    if args.annotations:
        of_pod["annotations"] = dict(args.annotations)
    return k8s.apps.v1.Deployment(
        f"{name}-deployment",
        metadata={"name": args.app, "namespace": namespace.namespace, "labels": labels},
        spec={
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"match_labels": selector(args.app)},
            "template": {"metadata": of_pod, "spec": args.pod},
        },
        opts=target.options(parent, depends_on=[*identity, *after]),
    )


def _identity(
    name: str,
    args: ControllerArgs,
    namespace: ClosedNamespace,
    target: ClusterTarget,
    parent: pulumi.Resource,
) -> list[pulumi.Resource]:
    # The account mounts no token by itself: a pod asks for it.
    labels = target.labels(args.app)
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": args.app,
        "namespace": namespace.namespace,
        "labels": labels,
    }
    role_name = f"sovereign:{args.app}"
    unnamed: k8s.meta.v1.ObjectMetaArgsDict = {"name": role_name, "labels": labels}
    options = target.options(parent, depends_on=[namespace])
    account = k8s.core.v1.ServiceAccount(
        f"{name}-account",
        metadata=metadata,
        automount_service_account_token=False,
        image_pull_secrets=[{"name": secret} for secret in namespace.pull_secrets],
        opts=options,
    )
    role = k8s.rbac.v1.ClusterRole(f"{name}-role", metadata=unnamed, rules=list(args.rules), opts=options)
    bound = k8s.rbac.v1.ClusterRoleBinding(
        f"{name}-role",
        metadata=unnamed,
        role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role_name},
        subjects=[{"kind": "ServiceAccount", "name": args.app, "namespace": namespace.namespace}],
        opts=target.options(parent, depends_on=[role]),
    )
    paths = k8s.networking.v1.NetworkPolicy(f"{name}-paths", metadata=metadata, spec=args.paths, opts=options)
    return [account, bound, paths]
