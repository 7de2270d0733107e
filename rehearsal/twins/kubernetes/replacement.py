"""Which changes replace an object, and which the API server refuses.

The replacing paths are the plugin's own table (`forceNew` in pulumi-kubernetes provider/pkg/provider/diff.go,
read 2026-11). Everything else is an update; a field the API server holds immutable then fails there, as it
does with the plugin (Kubernetes API reference, read 2026-11).
"""

import os
from collections.abc import Mapping

from rehearsal.twins.kubernetes.kinds import Kind
from rehearsal.twins.values import Value

__all__ = ["immutable_paths", "replacing_paths"]

_IDENTITY = frozenset({"metadata.name", "metadata.namespace"})


def _under(prefix: str, names: str) -> frozenset[str]:
    return frozenset(f"{prefix}.{name}" for name in names.split())


_POD = _under(
    "spec",
    "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC "
    "hostNetwork hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority "
    "priorityClassName readinessGates restartPolicy runtimeClassName schedulerName securityContext "
    "serviceAccount serviceAccountName shareProcessNamespace subdomain terminationGracePeriodSeconds volumes",
)
_CONTAINER = (
    "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources "
    "securityContext stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices "
    "volumeMounts workingDir"
)
_VOLUME = (
    "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk "
    "glusterfs hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos "
    "vsphereVolume"
)
_STATEFUL_SET = _under(
    "spec", "podManagementPolicy revisionHistoryLimit selector serviceName volumeClaimTemplates"
)
_JOB = _under("spec", "completions parallelism selector template")
_SELECTOR = frozenset({"spec.selector"})
_ROLE_REF = frozenset({"roleRef"})

_REPLACING: Mapping[tuple[str, str, str], frozenset[str]] = {
    ("", "v1", "PersistentVolume"): _under("spec", _VOLUME),
    ("", "v1", "PersistentVolumeClaim"): _under("spec", "accessModes selector storageClassName volumeName"),
    ("", "v1", "Pod"): (
        _POD | _under("spec.containers", _CONTAINER) | _under("spec.initContainers", _CONTAINER)
    ),
    ("", "v1", "ResourceQuota"): frozenset({"spec.scopes"}),
    ("", "v1", "Secret"): frozenset({"type"}),
    ("", "v1", "Service"): frozenset({"spec.clusterIP"}),
    **{("apps", version, "DaemonSet"): _SELECTOR for version in ("v1", "v1beta2")},
    **{("apps", version, "Deployment"): _SELECTOR for version in ("v1", "v1beta2")},
    **{("apps", version, "StatefulSet"): _STATEFUL_SET for version in ("v1", "v1beta1", "v1beta2")},
    **{("batch", version, "Job"): _JOB for version in ("v1", "v1beta1", "v2alpha1")},
    ("policy", "v1beta1", "PodDisruptionBudget"): frozenset({"spec"}),
    **{
        ("rbac.authorization.k8s.io", version, kind): _ROLE_REF
        for version in ("v1", "v1alpha1", "v1beta1")
        for kind in ("ClusterRoleBinding", "RoleBinding")
    },
    ("storage.k8s.io", "v1", "StorageClass"): frozenset({"parameters", "provisioner"}),
}

_IMMUTABLE: Mapping[tuple[str, str], frozenset[str]] = {
    ("", "PersistentVolumeClaim"): _under("spec", "dataSource dataSourceRef volumeMode"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _under("spec", "group scope"),
    ("apps", "ReplicaSet"): _SELECTOR,
    ("batch", "Job"): frozenset({"spec.completionMode"}),
    ("networking.k8s.io", "IngressClass"): frozenset({"spec.controller"}),
    ("node.k8s.io", "RuntimeClass"): frozenset({"handler"}),
    ("scheduling.k8s.io", "PriorityClass"): frozenset({"preemptionPolicy", "value"}),
    ("storage.k8s.io", "StorageClass"): frozenset({"reclaimPolicy", "volumeBindingMode"}),
}

_DATA: Mapping[str, tuple[frozenset[str], str, str]] = {
    "ConfigMap": (
        frozenset({"binaryData", "data"}),
        "enableConfigMapMutable",
        "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    ),
    "Secret": (frozenset({"data", "stringData"}), "enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
}
"""Kind to its data, and the provider setting and environment variable that let the data change in place.

Both are off unless set (`Provider` of pulumi-kubernetes 4.34.2: "This feature is in developer preview, and is
disabled by default"; the setting goes before the variable)."""


def replacing_paths(kind: Kind, inputs: Mapping[str, Value], settings: Mapping[str, Value]) -> frozenset[str]:
    """The paths, without list indexes, whose change replaces the object.

    Args:
        kind: the object's kind. A `…Patch` is replaced with its target's identity alone.
        inputs: the new inputs: `immutable: true` makes a ConfigMap's or Secret's data replace.
        settings: the provider's.
    """
    if kind.patch:
        return _IDENTITY
    found = _IDENTITY | _REPLACING.get((kind.group, kind.version, kind.name), frozenset())
    if not kind.group and kind.name in _DATA:
        data, setting, variable = _DATA[kind.name]
        mutable = str(settings.get(setting, os.environ.get(variable, ""))).lower() == "true"
        if not mutable or inputs.get("immutable") is True:
            found |= data
    return found


def immutable_paths(kind: Kind, before: Mapping[str, Value]) -> frozenset[str]:
    """The paths the API server lets nobody change, though no replacement is planned for them."""
    if not kind.group and kind.name in _DATA and before.get("immutable") is True:
        return _DATA[kind.name][0] | {"immutable"}
    return _IMMUTABLE.get((kind.group, kind.name), frozenset())
