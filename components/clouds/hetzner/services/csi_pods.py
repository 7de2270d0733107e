"""The pods of Hetzner's volume driver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    HTTPGetActionArgsDict,
    PodSpecArgsDict,
    ProbeArgsDict,
    SecurityContextArgsDict,
    VolumeMountArgsDict,
)

from components.workloads.pods import container_security, guaranteed, pod_security

__all__ = [
    "ATTACHER",
    "CONTROLLER_APP",
    "DRIVER",
    "LIVENESS",
    "NODE_APP",
    "PROVISIONER",
    "REGISTRAR",
    "RESIZER",
    "controller_pod",
    "node_pod",
]

DRIVER: Final = "hcloud-csi-driver"
ATTACHER: Final = "csi-attacher"
RESIZER: Final = "csi-resizer"
PROVISIONER: Final = "csi-provisioner"
REGISTRAR: Final = "csi-node-driver-registrar"
LIVENESS: Final = "livenessprobe"

CONTROLLER_APP: Final = "hcloud-csi-controller"
NODE_APP: Final = "hcloud-csi-node"

_USER: Final = 65532
_SOCKET_DIRECTORY: Final = "/run/csi"
_SOCKET: Final = f"unix://{_SOCKET_DIRECTORY}/socket"
_PLUGIN_DIRECTORY: Final = "/var/lib/kubelet/plugins/csi.hetzner.cloud/"
_HEALTH_PORT: Final = 9808
_LOOPBACK: Final = "127.0.0.1"


def controller_pod(images: Mapping[str, str], location: str) -> PodSpecArgsDict:
    """The controller: makes, attaches and grows volumes through Hetzner's API. Never as root."""
    socket: VolumeMountArgsDict = {"name": "socket", "mount_path": _SOCKET_DIRECTORY}

    def sidecar(name: str, *args: str) -> ContainerArgsDict:
        return _container(name, images[name], args, [socket], container_security())

    driver = _container(DRIVER, images[DRIVER], ["-controller"], [socket], container_security())
    driver["env"] = [
        {"name": "CSI_ENDPOINT", "value": _SOCKET},
        {"name": "ENABLE_METRICS", "value": "false"},
        {"name": "KUBE_NODE_NAME", "value_from": {"field_ref": {"field_path": "spec.nodeName"}}},
        # Else it would ask the metadata service, which no pod may reach.
        {"name": "HCLOUD_VOLUME_DEFAULT_LOCATION", "value": location},
        {"name": "HCLOUD_TOKEN", "value_from": {"secret_key_ref": {"name": "hcloud", "key": "token"}}},
    ]
    driver["liveness_probe"] = _probe({"path": "/healthz", "port": _HEALTH_PORT})
    return {
        "service_account_name": CONTROLLER_APP,
        "automount_service_account_token": True,
        "priority_class_name": "system-cluster-critical",
        "security_context": pod_security(_USER, _USER),
        "containers": [
            sidecar(ATTACHER, "--default-fstype=ext4"),
            sidecar(RESIZER),
            sidecar(PROVISIONER, "--feature-gates=Topology=true", "--default-fstype=ext4"),
            sidecar(LIVENESS, f"--http-endpoint=:{_HEALTH_PORT}"),
            driver,
        ],
        "volumes": [{"name": "socket", "empty_dir": {}}],
    }


def node_pod(images: Mapping[str, str]) -> PodSpecArgsDict:
    """The part on each cloud server: mounts. It is root with every privilege, and has no token of any
    kind."""
    plugin: VolumeMountArgsDict = {"name": "plugin", "mount_path": _SOCKET_DIRECTORY}
    no_way_up: SecurityContextArgsDict = {
        "allow_privilege_escalation": False,
        "read_only_root_filesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    registrar = _container(
        REGISTRAR,
        images[REGISTRAR],
        [f"--kubelet-registration-path={_PLUGIN_DIRECTORY}socket"],
        [plugin, {"name": "registration", "mount_path": "/registration"}],
        no_way_up,
    )
    # On the hosts' network: nobody outside the host shall reach the port.
    listen = f"--http-endpoint={_LOOPBACK}:{_HEALTH_PORT}"
    liveness = _container(LIVENESS, images[LIVENESS], [listen], [plugin], no_way_up)
    mounts: list[VolumeMountArgsDict] = [
        plugin,
        {"name": "kubelet", "mount_path": "/var/lib/kubelet", "mount_propagation": "Bidirectional"},
        {"name": "devices", "mount_path": "/dev"},
    ]
    driver = _container(DRIVER, images[DRIVER], ["-node"], mounts, {"privileged": True})
    driver["env"] = [
        {"name": "CSI_ENDPOINT", "value": _SOCKET},
        {"name": "ENABLE_METRICS", "value": "false"},
    ]
    driver["liveness_probe"] = _probe({"host": _LOOPBACK, "path": "/healthz", "port": _HEALTH_PORT})
    return {
        "service_account_name": NODE_APP,
        "automount_service_account_token": False,
        "host_network": True,
        "priority_class_name": "system-node-critical",
        "affinity": {
            "node_affinity": {
                "required_during_scheduling_ignored_during_execution": {
                    "node_selector_terms": [
                        {
                            "match_expressions": [
                                {
                                    "key": "instance.hetzner.cloud/provided-by",
                                    "operator": "NotIn",
                                    "values": ["robot"],
                                }
                            ]
                        }
                    ]
                }
            }
        },
        "tolerations": [{"operator": "Exists", "effect": effect} for effect in ("NoExecute", "NoSchedule")],
        "containers": [registrar, liveness, driver],
        "volumes": [
            {"name": "kubelet", "host_path": {"path": "/var/lib/kubelet", "type": "Directory"}},
            {"name": "plugin", "host_path": {"path": _PLUGIN_DIRECTORY, "type": "DirectoryOrCreate"}},
            {
                "name": "registration",
                "host_path": {"path": "/var/lib/kubelet/plugins_registry/", "type": "Directory"},
            },
            {"name": "devices", "host_path": {"path": "/dev", "type": "Directory"}},
        ],
    }


def _probe(where: HTTPGetActionArgsDict) -> ProbeArgsDict:
    """Restarts the driver when it no longer answers on its socket.

    The sidecar asks it there for whoever asks the sidecar (kubernetes-csi/livenessprobe, ``main.go`` at
    07bd11f). Numbers as in the chart of hetznercloud/csi-driver at 0131e81.
    """
    return {
        "http_get": where,
        "initial_delay_seconds": 10,
        "period_seconds": 2,
        "timeout_seconds": 3,
        "failure_threshold": 5,
    }


def _container(
    name: str,
    image: str,
    args: Sequence[str],
    mounts: Sequence[VolumeMountArgsDict],
    security: SecurityContextArgsDict,
) -> ContainerArgsDict:
    return {
        "name": name,
        "image": image,
        "args": list(args),
        "resources": guaranteed("25m", "64Mi"),
        "security_context": security,
        "volume_mounts": list(mounts),
    }
