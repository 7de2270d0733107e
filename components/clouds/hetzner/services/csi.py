"""Hetzner's volume driver, and the storage class whose volumes stay in the location of the nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pulumi
import pulumi_kubernetes as k8s

from components.clouds.hetzner.services.csi_pods import (
    ATTACHER,
    CONTROLLER_APP,
    DRIVER,
    LIVENESS,
    NODE_APP,
    PROVISIONER,
    REGISTRAR,
    RESIZER,
    controller_pod,
    node_pod,
)
from components.clouds.hetzner.services.paths import TO_KUBERNETES_API
from components.workloads.controllers import ControllerArgs, controller
from components.workloads.namespace import PULL_SECRET, ClosedNamespace, docker_config
from components.workloads.network_policies import DNS, pod_policy, refuse_everything, to_public_https
from components.workloads.target import ClusterTarget, RegistryLogin, selector

__all__ = ["CSI_IMAGES", "NODE_NAMESPACE", "HetznerVolumes"]

CSI_IMAGES: Final = (DRIVER, ATTACHER, RESIZER, PROVISIONER, REGISTRAR, LIVENESS)
NODE_NAMESPACE: Final = "hetzner-volumes"
"""Apart from the controllers: mounting needs privileges that no other pod of the stack may have."""

_DRIVER_NAME: Final = "csi.hetzner.cloud"
_STORAGE_CLASS: Final = "hcloud-volumes"
_READ: Final = ["get", "list", "watch"]
_RULES: Final[list[k8s.rbac.v1.PolicyRuleArgsDict]] = [
    {
        "api_groups": [""],
        "resources": ["persistentvolumes"],
        "verbs": [*_READ, "create", "delete", "update", "patch"],
    },
    {
        "api_groups": [""],
        "resources": ["persistentvolumeclaims", "persistentvolumeclaims/status"],
        "verbs": [*_READ, "update", "patch"],
    },
    {"api_groups": [""], "resources": ["nodes", "pods"], "verbs": _READ},
    {
        "api_groups": [""],
        "resources": ["events"],
        "verbs": ["get", "list", "watch", "create", "update", "patch"],
    },
    {
        "api_groups": ["storage.k8s.io"],
        "resources": ["csinodes", "storageclasses", "volumeattributesclasses"],
        "verbs": _READ,
    },
    {
        "api_groups": ["storage.k8s.io"],
        "resources": ["volumeattachments"],
        "verbs": [*_READ, "update", "patch"],
    },
    {"api_groups": ["storage.k8s.io"], "resources": ["volumeattachments/status"], "verbs": ["patch"]},
]
"""What upstream's manifest grants, without snapshots and without reading Secrets: no storage class here needs
either."""


class HetznerVolumes(pulumi.ComponentResource):
    """Controller, node part, driver object and the default storage class.

    Only the controller has the API token. The node part asks the metadata service who it is, which pods
    cannot reach, so it runs on the hosts' network.
    """

    def __init__(
        self,
        name: str,
        *,
        images: Mapping[str, str],
        location: str,
        namespace: ClosedNamespace,
        token: k8s.core.v1.Secret,
        login: RegistryLogin | None,
        target: ClusterTarget,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Create it under the logical name ``name``."""
        super().__init__("sovereign:hetzner:Volumes", name, None, opts)
        self._name, self._target = name, target
        controller(
            name,
            ControllerArgs(
                app=CONTROLLER_APP,
                rules=_RULES,
                paths=pod_policy(CONTROLLER_APP, egress=[DNS, TO_KUBERNETES_API, to_public_https()]),
                pod=controller_pod(images, location),
            ),
            namespace=namespace,
            target=target,
            parent=self,
            after=[token],
        )
        self._nodes(images, login)
        k8s.storage.v1.CSIDriver(
            f"{name}-driver",
            metadata={"name": _DRIVER_NAME, "labels": target.labels(CONTROLLER_APP)},
            spec={
                "attach_required": True,
                "fs_group_policy": "File",
                "pod_info_on_mount": True,
                "se_linux_mount": True,
                "volume_lifecycle_modes": ["Persistent"],
            },
            opts=target.options(self),
        )
        k8s.storage.v1.StorageClass(
            f"{name}-class",
            metadata={
                "name": _STORAGE_CLASS,
                "labels": target.labels(CONTROLLER_APP),
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            provisioner=_DRIVER_NAME,
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy="Delete",
            allowed_topologies=[
                {"match_label_expressions": [{"key": f"{_DRIVER_NAME}/location", "values": [location]}]}
            ],
            opts=target.options(self),
        )
        self.register_outputs({})

    def _nodes(self, images: Mapping[str, str], login: RegistryLogin | None) -> None:
        name, target = self._name, self._target
        level = "privileged"
        labels = target.labels(NODE_APP)
        namespace = k8s.core.v1.Namespace(
            f"{name}-node-namespace",
            metadata={
                "name": NODE_NAMESPACE,
                "labels": {**target.residency.labels, "pod-security.kubernetes.io/enforce": level},
            },
            opts=target.options(self),
        )
        here = target.options(self, depends_on=[namespace])
        closed = k8s.networking.v1.NetworkPolicy(
            f"{name}-node-refuse-everything",
            metadata={
                "name": "refuse-everything",
                "namespace": NODE_NAMESPACE,
                "labels": target.residency.labels,
            },
            spec=refuse_everything(),
            opts=here,
        )
        pull_secrets: list[k8s.core.v1.LocalObjectReferenceArgsDict] = []
        if login is not None:
            k8s.core.v1.Secret(
                f"{name}-node-registry-login",
                metadata={
                    "name": PULL_SECRET,
                    "namespace": NODE_NAMESPACE,
                    "labels": target.residency.labels,
                },
                type="kubernetes.io/dockerconfigjson",
                string_data={".dockerconfigjson": docker_config(login)},
                opts=here,
            )
            pull_secrets.append({"name": PULL_SECRET})
        account = k8s.core.v1.ServiceAccount(
            f"{name}-node-account",
            metadata={"name": NODE_APP, "namespace": NODE_NAMESPACE, "labels": labels},
            automount_service_account_token=False,
            image_pull_secrets=pull_secrets,
            opts=here,
        )
        k8s.apps.v1.DaemonSet(
            f"{name}-node",
            metadata={"name": NODE_APP, "namespace": NODE_NAMESPACE, "labels": labels},
            spec={
                "selector": {"match_labels": selector(NODE_APP)},
                "template": {"metadata": {"labels": labels}, "spec": node_pod(images)},
            },
            opts=target.options(self, depends_on=[account, closed]),
        )
