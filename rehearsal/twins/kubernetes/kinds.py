"""Kinds: how a type token names one, what the API calls it, and whether it lives in a namespace."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.twins.kubernetes.fields import mapping_at
from rehearsal.twins.values import Value

__all__ = ["DEFINITION", "NAMESPACE", "RELEASE", "Kind", "is_namespaced", "kind_of", "token_of"]

RELEASE = "kubernetes:helm.sh/v3:Release"
NAMESPACE = "kubernetes:core/v1:Namespace"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"

_CLUSTER_SCOPED: Mapping[str, frozenset[str]] = {
    "": frozenset({"Namespace", "Node", "PersistentVolume"}),
    "admissionregistration.k8s.io": frozenset(
        {
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        }
    ),
    "apiextensions.k8s.io": frozenset({"CustomResourceDefinition"}),
    "apiregistration.k8s.io": frozenset({"APIService"}),
    "auditregistration.k8s.io": frozenset({"AuditSink"}),
    "certificates.k8s.io": frozenset({"CertificateSigningRequest", "ClusterTrustBundle"}),
    "extensions": frozenset({"PodSecurityPolicy"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"FlowSchema", "PriorityLevelConfiguration"}),
    "networking.k8s.io": frozenset({"ClusterCIDR", "IPAddress", "IngressClass", "ServiceCIDR"}),
    "node.k8s.io": frozenset({"RuntimeClass"}),
    "policy": frozenset({"PodSecurityPolicy"}),
    "rbac.authorization.k8s.io": frozenset({"ClusterRole", "ClusterRoleBinding"}),
    "resource.k8s.io": frozenset(
        {"DeviceClass", "DeviceTaintRule", "ResourceClass", "ResourcePoolStatusRequest", "ResourceSlice"}
    ),
    "scheduling.k8s.io": frozenset({"PriorityClass"}),
    "storage.k8s.io": frozenset(
        {"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"}
    ),
    "storagemigration.k8s.io": frozenset({"StorageVersionMigration"}),
}
"""Kinds of the Kubernetes API without a namespace, by group (Kubernetes API reference, read 2026-11)."""


@dataclass(frozen=True)
class Kind:
    """A group, a version and a kind."""

    group: str
    """Empty for the core group."""
    version: str
    name: str
    """For example `Deployment`; of a patch resource, the kind it patches."""
    patch: bool = False
    """Whether the type is a `…Patch` resource, which changes an object it does not own."""

    @property
    def api_version(self) -> str:
        """As in a manifest: `v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """As in the API's messages: `namespaces`, `deployments.apps`."""
        lower = self.name.lower()
        if lower == "endpoints":
            plural = lower
        elif lower.endswith("s"):
            plural = f"{lower}es"
        elif lower.endswith("y"):
            plural = f"{lower[:-1]}ies"
        else:
            plural = f"{lower}s"
        return f"{plural}.{self.group}" if self.group else plural

    @property
    def qualified(self) -> str:
        """As in the API's validation messages: `Service`, `Deployment.apps`."""
        return f"{self.name}.{self.group}" if self.group else self.name


def kind_of(token: str, inputs: Mapping[str, Value] | None = None) -> Kind:
    """The kind a type token such as `kubernetes:apps/v1:Deployment` stands for.

    With the inputs, a `…Patch` type is told from a kind whose own name ends in Patch.
    """
    _, api_version, name = token.split(":", 2)
    group, _, version = api_version.rpartition("/")
    written = (inputs or {}).get("kind")
    patch = name.endswith("Patch") and written != name
    return Kind(
        "" if group == "core" else group, version, name.removesuffix("Patch") if patch else name, patch
    )


def token_of(api_version: str, name: str) -> str:
    """The type token of a manifest's `apiVersion` and `kind`."""
    return f"kubernetes:{api_version if '/' in api_version else f'core/{api_version}'}:{name}"


def is_namespaced(kind: Kind, definitions: Iterable[dict[str, Any]]) -> bool:
    """Whether objects of the kind live in a namespace.

    Args:
        kind: the kind; of the Kubernetes API itself, or custom.
        definitions: the CustomResourceDefinitions known. A custom kind without one counts as namespaced,
            as the plugin assumes it too.
    """
    if kind.name in _CLUSTER_SCOPED.get(kind.group, ()):
        return False
    for definition in definitions:
        spec = mapping_at(definition, "spec")
        if (spec.get("group"), mapping_at(spec, "names").get("kind")) == (kind.group, kind.name):
            return spec.get("scope") != "Cluster"
    return True
