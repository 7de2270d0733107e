"""The Kubernetes cluster autoscaler, for clouds whose node pools do not grow by themselves.

Facts about it are read in kubernetes/autoscaler: ``cluster-autoscaler/main.go`` at 00fd3a8 (flags and their
defaults, name of the lease), ``Dockerfile.amd64`` at 26388dd (path of the program; it runs as nobody
particular), the chart's ``clusterrole.yaml`` at 124b59b and ``role.yaml`` at 06418d5 (rights).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.networking.v1 import NetworkPolicyEgressRuleArgsDict

from components.workloads.controllers import ControllerArgs, controller
from components.workloads.namespace import ClosedNamespace
from components.workloads.network_policies import DNS, pod_policy, to_public_https
from components.workloads.pods import container_security, environment, guaranteed, pod_security
from components.workloads.target import ClusterTarget, RegistryLogin

__all__ = ["APP", "IMAGE", "NAMESPACE", "ClusterAutoscaler", "ScalingArgs", "flags"]

IMAGE: Final = "cluster-autoscaler"
APP: Final = "cluster-autoscaler"
"""Also the name of its lease, which no flag here changes."""
NAMESPACE: Final = "autoscaling"

_SECRET: Final = "cloud-access"
_CONTENT_HASH: Final = "sovereign.dev/content"
_STATUS: Final = "cluster-autoscaler-status"
_HEALTH_PORT: Final = 8085
_USER: Final = 65532
"""User ``nonroot`` of the image's base."""

_READ: Final = ["get", "list", "watch"]
_RULES: Final[list[k8s.rbac.v1.PolicyRuleArgsDict]] = [
    # A node on its way out is tainted first.
    {"api_groups": [""], "resources": ["nodes"], "verbs": [*_READ, "update"]},
    {"api_groups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
    {"api_groups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
    # The rest is what its simulation of the scheduler looks at.
    {
        "api_groups": [""],
        "resources": [
            "namespaces",
            "persistentvolumeclaims",
            "persistentvolumes",
            "pods",
            "replicationcontrollers",
            "services",
        ],
        "verbs": _READ,
    },
    {"api_groups": ["apps"], "resources": ["daemonsets", "replicasets", "statefulsets"], "verbs": _READ},
    {"api_groups": ["batch"], "resources": ["jobs"], "verbs": _READ},
    {"api_groups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": _READ},
    {
        "api_groups": ["storage.k8s.io"],
        "resources": [
            "csidrivers",
            "csinodes",
            "csistoragecapacities",
            "storageclasses",
            "volumeattachments",
        ],
        "verbs": _READ,
    },
    {
        "api_groups": ["resource.k8s.io"],
        "resources": ["deviceclasses", "resourceclaims", "resourceslices"],
        "verbs": _READ,
    },
]
"""What the chart grants for these two clouds, without making or deleting nodes, without changing Jobs and the
status of pods, and without ConfigMaps and leases of other namespaces."""

_OWN_RULES: Final[list[k8s.rbac.v1.PolicyRuleArgsDict]] = [
    {"api_groups": [""], "resources": ["configmaps"], "verbs": ["create"]},
    {
        "api_groups": [""],
        "resources": ["configmaps"],
        "resource_names": [_STATUS],
        "verbs": ["get", "update", "delete"],
    },
    {"api_groups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
    {
        "api_groups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resource_names": [APP],
        "verbs": ["get", "update"],
    },
]


@dataclass(frozen=True, kw_only=True)
class ScalingArgs:
    """What the autoscaler of one cloud is told."""

    cloud_provider: str
    """The autoscaler's own name of the cloud."""
    groups: Sequence[str]
    """Values of ``--nodes``, in the cloud's own form; each begins with ``<least>:<most>:``."""
    variables: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Environment variables that come out of a Secret."""
    api_path: NetworkPolicyEgressRuleArgsDict
    """The way out to the servers behind the Service ``kubernetes``."""


class ClusterAutoscaler(pulumi.ComponentResource):
    """One autoscaler with a namespace of its own.

    Its pods may reach public addresses on port 443, as it calls the cloud's API: a NetworkPolicy knows
    addresses and no names. It runs no model and sees no prompt. One replica; should two run for a moment, as
    after a lost node, the lease in its namespace lets one of them act. It has a system priority: if it waited
    for room itself, nobody would make any.
    """

    def __init__(
        self,
        name: str,
        args: ScalingArgs,
        *,
        image: str,
        login: RegistryLogin | None,
        target: ClusterTarget,
        opts: pulumi.ResourceOptions,
        needed_first: Sequence[pulumi.Resource] = (),
    ) -> None:
        """Create it under the logical name ``name``, its pods after ``needed_first`` and gone before it."""
        super().__init__("sovereign:clouds:ClusterAutoscaler", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        target = replace(target, residency=target.residency.without_personal_data())
        labels = target.labels(APP)
        namespace = ClosedNamespace(
            f"{name}-namespace", namespace=NAMESPACE, target=target, login=login, opts=own
        )
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {"name": APP, "namespace": NAMESPACE, "labels": labels}
        options = target.options(self, depends_on=[namespace])
        role = k8s.rbac.v1.Role(f"{name}-own-role", metadata=metadata, rules=_OWN_RULES, opts=options)
        bound = k8s.rbac.v1.RoleBinding(
            f"{name}-own-role",
            metadata=metadata,
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": APP},
            subjects=[{"kind": "ServiceAccount", "name": APP, "namespace": NAMESPACE}],
            opts=target.options(self, depends_on=[role]),
        )
        secret = k8s.core.v1.Secret(
            f"{name}-access",
            metadata={"name": _SECRET, "namespace": NAMESPACE, "labels": target.residency.labels},
            string_data={key: pulumi.Output.secret(value) for key, value in args.secrets.items()},
            opts=options,
        )
        # Nobody finds a token of this length by its hash; a secret would hide the whole pod from policies.
        content = pulumi.Output.unsecret(pulumi.Output.all(*args.secrets.values()).apply(_sha256_of_all))
        controller(
            name,
            ControllerArgs(
                app=APP,
                rules=_RULES,
                paths=pod_policy(APP, egress=[DNS, args.api_path, to_public_https()]),
                pod=_pod(image, args),
                # The environment is read at start only: another content means another pod.
                annotations={_CONTENT_HASH: content},
            ),
            namespace=namespace,
            target=target,
            parent=self,
            after=[bound, secret, *needed_first],
        )
        self.register_outputs({})


def flags(args: ScalingArgs) -> list[str]:
    """The command line of the autoscaler, without the program.

    It grows at once and shrinks late: a node has to be half empty for twenty minutes, as a new one loads
    weights for minutes before it serves. Groups are never balanced against each other.
    """
    return [
        f"--cloud-provider={args.cloud_provider}",
        *(f"--nodes={group}" for group in args.groups),
        f"--namespace={NAMESPACE}",
        f"--status-config-map-name={_STATUS}",
        "--expander=least-waste",
        "--balance-similar-node-groups=false",
        # The count belongs to the autoscaler: a higher minimum in the settings reaches the cloud through it.
        "--enforce-node-group-min-size=true",
        "--scale-down-unneeded-time=20m",
        "--scale-down-delay-after-add=20m",
        "--scale-down-utilization-threshold=0.5",
        # What pods of the stack keep on a node are copies of weights and caches. Else no node with an engine
        # could ever go.
        "--skip-nodes-with-local-storage=false",
        f"--address=:{_HEALTH_PORT}",
    ]


def _pod(image: str, args: ScalingArgs) -> k8s.core.v1.PodSpecArgsDict:
    secrets: list[k8s.core.v1.EnvVarArgsDict] = [
        {"name": name, "value_from": {"secret_key_ref": {"name": _SECRET, "key": name}}}
        for name in args.secrets
    ]
    return {
        "service_account_name": APP,
        "automount_service_account_token": True,
        "enable_service_links": False,
        "priority_class_name": "system-cluster-critical",
        "security_context": pod_security(_USER, _USER),
        "containers": [
            {
                "name": APP,
                "image": image,
                "command": ["/cluster-autoscaler"],
                "args": [*flags(args)],
                "env": [*secrets, *environment(args.variables)],
                "resources": guaranteed("100m", "300Mi"),
                "security_context": container_security(),
                "liveness_probe": {
                    "http_get": {"path": "/health-check", "port": _HEALTH_PORT},
                    "period_seconds": 30,
                    "failure_threshold": 5,
                },
            }
        ],
    }


def _sha256_of_all(texts: list[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
