"""What the API server fills into an object: defaults a program may read, and values it decides.

Defaults as in the Kubernetes API reference (read 2026-11).
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import cast

from rehearsal.twins.kubernetes.decided import Decided
from rehearsal.twins.kubernetes.fields import mapping_at, objects_at
from rehearsal.twins.kubernetes.kinds import Kind
from rehearsal.twins.outputs import private_address, short_hash
from rehearsal.twins.values import Unknown, Value

__all__ = ["completed", "text_of"]

_FIRST_NODE_PORT, _NODE_PORTS = 30000, 2768
"""The API server's default range: 30000-32767."""

_Object = dict[str, Value]


def completed(kind: Kind, inputs: Mapping[str, Value], decided: Decided, seed: str) -> _Object:
    """The object with its defaults; what cannot be known yet is left as it is.

    Args:
        kind: its kind.
        inputs: what the program asks for.
        decided: where the cluster's own values come from.
        seed: what made-up values depend on: the object's uid.
    """
    live = cast(_Object, _copied(dict(inputs)))
    fill = _FILLERS.get((kind.group, kind.name))
    if fill is not None:
        fill(live, decided, seed)
    return live


def _copied(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in cast(_Object, value).items() if item is not None}
    if isinstance(value, list):
        return [_copied(item) for item in cast("list[Value]", value)]
    return value


def _set(values: _Object, **defaults: Value) -> None:
    for name, value in defaults.items():
        values.setdefault(name, value)


def _part(values: Value, name: str) -> _Object:
    """A nested object, made when missing; a detached one when it is not known."""
    if not isinstance(values, dict):
        return {}
    found = cast(_Object, values).setdefault(name, {})
    return cast(_Object, found) if isinstance(found, dict) else {}


# Workloads


def _pod_spec(spec: _Object, restart: str | None = "Always") -> None:
    if restart is not None:
        _set(spec, restartPolicy=restart)
    _set(spec, dnsPolicy="ClusterFirst", schedulerName="default-scheduler", terminationGracePeriodSeconds=30)
    _part(spec, "securityContext")
    for container in (*objects_at(spec, "initContainers"), *objects_at(spec, "containers")):
        _set(
            container,
            imagePullPolicy=_pull_policy(container.get("image")),
            terminationMessagePath="/dev/termination-log",
            terminationMessagePolicy="File",
        )
        _part(container, "resources")
        for port in objects_at(container, "ports"):
            _set(port, protocol="TCP")


def _pull_policy(image: Value) -> Value:
    """`Always` for the tag `latest`, given or implied; `IfNotPresent` for any other tag and for a digest."""
    if not isinstance(image, str) or "@" in image:
        return image if isinstance(image, Unknown) else "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if tag in ("", "latest") else "IfNotPresent"


def _deployment(live: _Object, decided: Decided, seed: str) -> None:
    spec = _part(live, "spec")
    _set(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = _part(spec, "strategy")
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _set(_part(strategy, "rollingUpdate"), maxSurge="25%", maxUnavailable="25%")
    _pod_spec(_part(_part(spec, "template"), "spec"))


def _stateful_set(live: _Object, decided: Decided, seed: str) -> None:
    spec = _part(live, "spec")
    _set(spec, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady")
    strategy = _part(spec, "updateStrategy")
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _set(_part(strategy, "rollingUpdate"), partition=0)
    _pod_spec(_part(_part(spec, "template"), "spec"))


def _daemon_set(live: _Object, decided: Decided, seed: str) -> None:
    spec = _part(live, "spec")
    _set(spec, revisionHistoryLimit=10)
    strategy = _part(spec, "updateStrategy")
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _set(_part(strategy, "rollingUpdate"), maxSurge=0, maxUnavailable=1)
    _pod_spec(_part(_part(spec, "template"), "spec"))


def _replica_set(live: _Object, decided: Decided, seed: str) -> None:
    spec = _part(live, "spec")
    _set(spec, replicas=1)
    _pod_spec(_part(_part(spec, "template"), "spec"))


def _job(live: _Object, decided: Decided, seed: str) -> None:
    _job_spec(_part(live, "spec"))


def _job_spec(spec: _Object) -> None:
    if spec.get("completions") is None and spec.get("parallelism") is None:
        _set(spec, completions=1)
    _set(spec, parallelism=1, backoffLimit=6, completionMode="NonIndexed", suspend=False)
    _pod_spec(_part(_part(spec, "template"), "spec"), restart=None)


def _cron_job(live: _Object, decided: Decided, seed: str) -> None:
    spec = _part(live, "spec")
    _set(
        spec, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1
    )
    _pod_spec(_part(_part(_part(_part(spec, "jobTemplate"), "spec"), "template"), "spec"), restart=None)


def _pod(live: _Object, decided: Decided, seed: str) -> None:
    spec = _part(live, "spec")
    _pod_spec(spec)
    _set(spec, serviceAccountName="default", enableServiceLinks=True)
    spec.setdefault("nodeName", decided(("spec", "nodeName"), lambda: f"node-{short_hash(seed, 5)}"))


# Network


def _service(live: _Object, decided: Decided, seed: str) -> None:
    spec = _part(live, "spec")
    _set(spec, type="ClusterIP", sessionAffinity="None")
    type_ = spec["type"]
    if type_ == "ExternalName" or isinstance(type_, Unknown):
        return
    address = spec.setdefault("clusterIP", decided(("spec", "clusterIP"), lambda: private_address(seed)))
    _set(spec, clusterIPs=[address], internalTrafficPolicy="Cluster")
    _set(spec, ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack")
    outside = type_ in ("LoadBalancer", "NodePort")
    if outside:
        _set(spec, externalTrafficPolicy="Cluster")
    if type_ == "LoadBalancer":
        _set(spec, allocateLoadBalancerNodePorts=True)
    numbered = outside and spec.get("allocateLoadBalancerNodePorts") is not False
    kept = {str(port.get("port")): port for port in objects_at(decided.before, "spec", "ports")}
    for port in objects_at(spec, "ports"):
        _set(port, protocol="TCP", targetPort=port.get("port"))
        if numbered and not isinstance(port.get("port"), Unknown):
            known = Decided(kept.get(str(port.get("port")), {}), decided.preview)
            seeded = f"{seed}/{port.get('port')}"
            port.setdefault("nodePort", known(("nodePort",), lambda seeded=seeded: _node_port(seeded)))


def _node_port(seed: str) -> int:
    return _FIRST_NODE_PORT + int(short_hash(seed), 16) % _NODE_PORTS


def _network_policy(live: _Object, decided: Decided, seed: str) -> None:
    spec = _part(live, "spec")
    _part(spec, "podSelector")
    _set(spec, policyTypes=["Ingress", "Egress"] if spec.get("egress") is not None else ["Ingress"])


# Storage and configuration


def _claim(live: _Object, decided: Decided, seed: str) -> None:
    spec = _part(live, "spec")
    _set(spec, volumeMode="Filesystem")
    spec.setdefault("volumeName", decided(("spec", "volumeName"), lambda: f"pvc-{seed}"))


def _volume(live: _Object, decided: Decided, seed: str) -> None:
    _set(_part(live, "spec"), volumeMode="Filesystem", persistentVolumeReclaimPolicy="Retain")


def _storage_class(live: _Object, decided: Decided, seed: str) -> None:
    _set(live, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _secret(live: _Object, decided: Decided, seed: str) -> None:
    """`stringData` is write-only: it is read back as base64 in `data`."""
    _set(live, type="Opaque")
    texts = live.pop("stringData", None)
    if isinstance(texts, Unknown):
        live["data"] = texts
        return
    for key, text in mapping_at(texts).items():
        known = text if isinstance(text, Unknown) else base64.b64encode(str(text).encode()).decode()
        _part(live, "data")[key] = known


def text_of(data: Value) -> Value:
    """A Secret's `data` value as `stringData` would say it, or None when it is no text."""
    try:
        return base64.b64decode(str(data), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _namespace(live: _Object, decided: Decided, seed: str) -> None:
    _set(_part(live, "spec"), finalizers=["kubernetes"])
    metadata = _part(live, "metadata")
    _part(metadata, "labels").setdefault("kubernetes.io/metadata.name", metadata.get("name"))


def _binding(live: _Object, decided: Decided, seed: str) -> None:
    _set(_part(live, "roleRef"), apiGroup="rbac.authorization.k8s.io")
    for subject in objects_at(live, "subjects"):
        group = "" if subject.get("kind") == "ServiceAccount" else "rbac.authorization.k8s.io"
        if group:
            _set(subject, apiGroup=group)


def _autoscaler(live: _Object, decided: Decided, seed: str) -> None:
    _set(_part(live, "spec"), minReplicas=1)


_FILLERS: Mapping[tuple[str, str], Callable[[_Object, Decided, str], None]] = {
    ("", "Namespace"): _namespace,
    ("", "PersistentVolume"): _volume,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Pod"): _pod,
    ("", "ReplicationController"): _replica_set,
    ("", "Secret"): _secret,
    ("", "Service"): _service,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("batch", "CronJob"): _cron_job,
    ("batch", "Job"): _job,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _binding,
    ("rbac.authorization.k8s.io", "RoleBinding"): _binding,
    ("storage.k8s.io", "StorageClass"): _storage_class,
}
