"""The GPUs of dedicated servers, made known to Kubernetes as ``nvidia.com/gpu``."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_kubernetes as k8s

from components.clouds.contract import GPU_TAINT_KEY
from components.clouds.hetzner.gex import ROBOT, RUNTIME_CLASS
from components.workloads.namespace import ClosedNamespace
from components.workloads.pods import container_security, environment, guaranteed
from components.workloads.target import ClusterTarget, RegistryLogin, selector

__all__ = ["GPU_IMAGE", "GPU_NAMESPACE", "HetznerGpus"]

GPU_IMAGE: Final = "nvidia-device-plugin"
GPU_NAMESPACE: Final = "hetzner-gpus"
"""Apart from the rest: beside the volumes' namespace no other may mount a directory of a host."""

_APP: Final = "nvidia-device-plugin"
_SOCKETS: Final = "/var/lib/kubelet/device-plugins"


class HetznerGpus(pulumi.ComponentResource):
    """NVIDIA's device plugin on every dedicated server, and on no other node.

    It runs as root, since the kubelet's directory of sockets is root's, but with no capability, no token and
    no network path: it talks to the kubelet by a socket in that directory, which is all it has of the host.
    """

    def __init__(
        self,
        name: str,
        *,
        image: str,
        login: RegistryLogin | None,
        target: ClusterTarget,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Create it under the logical name ``name``."""
        super().__init__("sovereign:hetzner:Gpus", name, None, opts)
        namespace = ClosedNamespace(
            f"{name}-namespace",
            namespace=GPU_NAMESPACE,
            target=target,
            login=login,
            host_access=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": _APP,
            "namespace": namespace.namespace,
            "labels": target.labels(_APP),
        }
        account = k8s.core.v1.ServiceAccount(
            f"{name}-account",
            metadata=metadata,
            automount_service_account_token=False,
            image_pull_secrets=[{"name": secret} for secret in namespace.pull_secrets],
            opts=target.options(self, depends_on=[namespace]),
        )
        k8s.apps.v1.DaemonSet(
            f"{name}-device-plugin",
            # A host that is down must not hold up an update of all the rest, which waits for these services.
            metadata={**metadata, "annotations": {"pulumi.com/skipAwait": "true"}},
            spec={
                "selector": {"match_labels": selector(_APP)},
                "template": {"metadata": {"labels": target.labels(_APP)}, "spec": _pod(image)},
            },
            opts=target.options(self, depends_on=[account]),
        )
        self.register_outputs({})


def _pod(image: str) -> k8s.core.v1.PodSpecArgsDict:
    return {
        "service_account_name": _APP,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "runtime_class_name": RUNTIME_CLASS,
        "priority_class_name": "system-node-critical",
        "security_context": {"seccomp_profile": {"type": "RuntimeDefault"}},
        "node_selector": dict(ROBOT),
        "tolerations": [{"key": GPU_TAINT_KEY, "operator": "Exists", "effect": "NoSchedule"}],
        "containers": [
            {
                "name": _APP,
                "image": image,
                # A host without a working driver shall show as a pod that fails, not as one that waits.
                "env": environment({"FAIL_ON_INIT_ERROR": "true", "NVIDIA_VISIBLE_DEVICES": "all"}),
                "resources": guaranteed("50m", "128Mi"),
                "security_context": container_security(read_only_root=False),
                "volume_mounts": [{"name": "sockets", "mount_path": _SOCKETS}],
            }
        ],
        "volumes": [{"name": "sockets", "host_path": {"path": _SOCKETS, "type": "Directory"}}],
    }
