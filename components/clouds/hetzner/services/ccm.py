"""Hetzner's cloud controller: it tells Kubernetes which server a node is, and steers load balancers."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_kubernetes as k8s

from components.clouds.hetzner.services.paths import TO_GATEWAY_NAMES, TO_KUBERNETES_API
from components.workloads.controllers import ControllerArgs, controller
from components.workloads.namespace import ClosedNamespace
from components.workloads.network_policies import pod_policy, to_public_https
from components.workloads.pods import container_security, guaranteed, pod_security
from components.workloads.target import ClusterTarget

__all__ = ["CCM_APP", "CCM_IMAGE", "HetznerCloudController"]

CCM_IMAGE: Final = "hcloud-cloud-controller-manager"
CCM_APP: Final = "hcloud-cloud-controller-manager"

_USER: Final = 65532
_RULES: Final[list[k8s.rbac.v1.PolicyRuleArgsDict]] = [
    {
        "api_groups": [""],
        "resources": ["nodes"],
        "verbs": ["get", "list", "watch", "update", "patch", "delete"],
    },
    {"api_groups": [""], "resources": ["nodes/status"], "verbs": ["patch", "update"]},
    {"api_groups": [""], "resources": ["services"], "verbs": ["get", "list", "watch", "update", "patch"]},
    {"api_groups": [""], "resources": ["services/status"], "verbs": ["update", "patch"]},
    {"api_groups": [""], "resources": ["events"], "verbs": ["create", "update", "patch"]},
]
"""What a cloud controller does (Kubernetes documentation, cloud controller manager), instead of the role
``cluster-admin`` that upstream's manifest gives it."""


class HetznerCloudController(pulumi.ComponentResource):
    """The controller with its account, its role and its network paths.

    It runs in the pods' network, where policies hold; upstream puts it on the hosts'. It tolerates nodes
    that nobody has initialised, as it is what initialises them, and asks the hosts' resolvers, as the
    cluster's own name server waits for initialised nodes.
    """

    def __init__(
        self,
        name: str,
        *,
        image: str,
        location: str,
        namespace: ClosedNamespace,
        token: k8s.core.v1.Secret,
        target: ClusterTarget,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Create it under the logical name ``name``."""
        super().__init__("sovereign:hetzner:CloudController", name, None, opts)
        reads = k8s.rbac.v1.RoleBinding(
            f"{name}-authentication",
            metadata={"name": CCM_APP, "namespace": "kube-system", "labels": target.labels(CCM_APP)},
            role_ref={
                "api_group": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": "extension-apiserver-authentication-reader",
            },
            subjects=[{"kind": "ServiceAccount", "name": CCM_APP, "namespace": namespace.namespace}],
            opts=target.options(self, depends_on=[namespace]),
        )
        controller(
            name,
            ControllerArgs(
                app=CCM_APP,
                rules=_RULES,
                paths=pod_policy(CCM_APP, egress=[TO_GATEWAY_NAMES, TO_KUBERNETES_API, to_public_https()]),
                # One alone: it has no election here, and two would both steer the load balancer.
                pod=_pod(image, location),
            ),
            namespace=namespace,
            target=target,
            parent=self,
            after=[reads, token],
        )
        self.register_outputs({})


def _pod(image: str, location: str) -> k8s.core.v1.PodSpecArgsDict:
    def secret(variable: str, key: str) -> k8s.core.v1.EnvVarArgsDict:
        return {"name": variable, "value_from": {"secret_key_ref": {"name": "hcloud", "key": key}}}

    return {
        "service_account_name": CCM_APP,
        "automount_service_account_token": True,
        "dns_policy": "Default",
        "priority_class_name": "system-cluster-critical",
        "security_context": pod_security(_USER, _USER),
        "tolerations": [
            {
                "key": "node.cloudprovider.kubernetes.io/uninitialized",
                "operator": "Exists",
                "effect": "NoSchedule",
            },
            {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"},
            {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"},
        ],
        "containers": [
            {
                "name": "cloud-controller",
                "image": image,
                "args": [
                    "--allow-untagged-cloud",
                    "--cloud-provider=hcloud",
                    "--webhook-secure-port=0",
                    "--leader-elect=false",
                ],
                "env": [
                    secret("HCLOUD_TOKEN", "token"),
                    secret("HCLOUD_NETWORK", "network"),
                    # Pods' packets go through the tunnel between nodes, not through routes of the network.
                    {"name": "HCLOUD_NETWORK_ROUTES_ENABLED", "value": "false"},
                    # The check asks the metadata service, which no pod may reach.
                    {"name": "HCLOUD_NETWORK_DISABLE_ATTACHED_CHECK", "value": "true"},
                    {"name": "HCLOUD_INSTANCES_ADDRESS_FAMILY", "value": "ipv4"},
                    {"name": "HCLOUD_LOAD_BALANCERS_LOCATION", "value": location},
                    {"name": "HCLOUD_LOAD_BALANCERS_USE_PRIVATE_IP", "value": "true"},
                    {"name": "HCLOUD_METRICS_ENABLED", "value": "false"},
                ],
                "resources": guaranteed("100m", "128Mi"),
                "security_context": container_security(),
            }
        ],
    }
