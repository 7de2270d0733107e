"""What a controller of the cluster brings besides its pods: account, rights in the whole cluster, paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.networking.v1 import NetworkPolicySpecArgsDict
from pulumi_kubernetes.rbac.v1 import PolicyRuleArgsDict

from components.workloads.namespace import ClosedNamespace
from components.workloads.target import ClusterTarget

__all__ = ["ControllerArgs", "controller_identity"]


@dataclass(frozen=True, kw_only=True)
class ControllerArgs:
    """A controller and what it may do."""

    app: str
    """Name of its objects; its cluster-wide role is called ``sovereign:<app>``."""
    rules: Sequence[PolicyRuleArgsDict]
    """What it may do in the whole cluster."""
    paths: NetworkPolicySpecArgsDict


def controller_identity(
    name: str,
    args: ControllerArgs,
    *,
    namespace: ClosedNamespace,
    target: ClusterTarget,
    parent: pulumi.Resource,
) -> list[pulumi.Resource]:
    """Create ServiceAccount, ClusterRole with its binding and NetworkPolicy as children of ``parent``.

    Returns what the controller's pods wait for. The account mounts no token by itself: a pod asks for it.
    """
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
