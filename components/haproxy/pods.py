"""The pods of one HAProxy workload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes.apps.v1 import DeploymentSpecArgsDict
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    ProbeArgsDict,
    VolumeArgsDict,
    VolumeMountArgsDict,
)

from components.workloads.pods import container_security, guaranteed, pod_security, spread_over_nodes
from components.workloads.target import selector

__all__ = ["CONFIG_DIRECTORY", "HARD_STOP_SECONDS", "HEALTH_PORT", "HaproxyPods", "haproxy_pods"]

HEALTH_PORT = 8404
"""Plain HTTP, for the kubelet only: ``GET /livez`` answers 200 while the process works."""

_USER = 99
"""User and group ``haproxy`` of the official image."""

CONFIG_DIRECTORY = "/usr/local/etc/haproxy"
"""Where the configuration lies, and what else is handed over with it."""

_CONFIG_FILE = f"{CONFIG_DIRECTORY}/haproxy.cfg"
_PRE_STOP_SECONDS = 10
"""Time for load balancers and kube-proxy to stop sending new connections before HAProxy stops taking them."""

HARD_STOP_SECONDS = 120
"""``hard-stop-after`` in the configurations: how long a running answer may go on after the stop signal."""


@dataclass(frozen=True, kw_only=True)
class HaproxyPods:
    """What distinguishes one HAProxy workload from another."""

    app: str
    image: str
    """``repository@sha256:…``."""
    replicas: int
    labels: Mapping[str, str]
    port: int
    """The port that serves; above 1024, as the process has no capability to bind lower ones."""
    config_map: pulumi.Input[str]
    """Name of the ConfigMap that holds ``haproxy.cfg`` and the files beside it."""
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """On the pods: hashes of what they read at start, so that a change of it replaces them."""
    secret_mounts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Secret name to directory."""
    priority_class: str | None = None
    cpu: str = "500m"
    memory: str = "256Mi"


def haproxy_pods(pods: HaproxyPods) -> DeploymentSpecArgsDict:
    """The Deployment's spec: non-root, read-only, no token, replaced without losing a connection."""
    volumes: list[VolumeArgsDict] = [{"name": "config", "config_map": {"name": pods.config_map}}]
    mounts: list[VolumeMountArgsDict] = [
        {"name": "config", "mount_path": CONFIG_DIRECTORY, "read_only": True}
    ]
    for number, (secret, directory) in enumerate(pods.secret_mounts.items()):
        volumes.append({"name": f"secret-{number}", "secret": {"secret_name": secret, "default_mode": 0o440}})
        mounts.append({"name": f"secret-{number}", "mount_path": directory, "read_only": True})
    container: ContainerArgsDict = {
        "name": "haproxy",
        "image": pods.image,
        "command": ["haproxy", "-W", "-db", "-f", _CONFIG_FILE],
        "ports": [
            {"name": "serve", "container_port": pods.port, "protocol": "TCP"},
            {"name": "health", "container_port": HEALTH_PORT, "protocol": "TCP"},
        ],
        "resources": guaranteed(pods.cpu, pods.memory),
        "security_context": container_security(),
        "startup_probe": _livez(period=1, failures=30),
        "liveness_probe": _livez(period=10, failures=3),
        "readiness_probe": _livez(period=2, failures=2),
        "lifecycle": {"pre_stop": {"sleep": {"seconds": _PRE_STOP_SECONDS}}},
        "volume_mounts": mounts,
    }
    return {
        "replicas": pods.replicas,
        "selector": {"match_labels": selector(pods.app)},
        "strategy": {"type": "RollingUpdate", "rolling_update": {"max_surge": 1, "max_unavailable": 0}},
        "template": {
            "metadata": {"labels": dict(pods.labels), "annotations": dict(pods.annotations)},
            "spec": {
                "service_account_name": pods.app,
                "automount_service_account_token": False,
                "enable_service_links": False,
                "security_context": pod_security(_USER, _USER),
                "priority_class_name": pods.priority_class,
                "topology_spread_constraints": spread_over_nodes(pods.app),
                "termination_grace_period_seconds": _PRE_STOP_SECONDS + HARD_STOP_SECONDS + 10,
                "containers": [container],
                "volumes": volumes,
            },
        },
    }


def _livez(*, period: int, failures: int) -> ProbeArgsDict:
    return {
        "http_get": {"path": "/livez", "port": HEALTH_PORT},
        "period_seconds": period,
        "failure_threshold": failures,
    }
