"""What the API server refuses beyond types: names, labels, selectors, quantities.

Rules as in the Kubernetes documentation (Object Names and IDs; Labels and Selectors; Resource Management for
Pods and Containers; read 2026-11). A value that is not known yet is not judged.
"""

import re
from collections.abc import Iterator, Mapping

from rehearsal.twins.check import Failure
from rehearsal.twins.kubernetes.fields import mapping_at, objects_at, value_at
from rehearsal.twins.kubernetes.kinds import Kind
from rehearsal.twins.kubernetes.quantity import parse_quantity
from rehearsal.twins.values import Unknown, Value

__all__ = ["invalid"]

_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_WORD = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")

_ANY_SEGMENT = frozenset(
    {
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterTrustBundle",
        "IPAddress",
        "Role",
        "RoleBinding",
    }
)
"""Kinds whose names may hold anything a URL path segment can."""

_SHORT: Mapping[str, int] = {"CronJob": 52, "Job": 63, "Namespace": 63, "Service": 63}
"""Longest names, in characters, where not 253."""

_POD_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Deployment": ("spec", "template"),
    "Job": ("spec", "template"),
    "Pod": (),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
}

_SELECTING = frozenset({"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"})
_NATIVE = re.compile(r"[^/]+|([^/]+\.)?kubernetes\.io/.+")
"""Resources of Kubernetes itself; all others, such as `nvidia.com/gpu`, are extended resources."""


def invalid(kind: Kind, inputs: dict[str, Value]) -> list[Failure]:
    """Every such mistake in an object; types are taken as checked."""
    found = [*_name(kind, inputs), *_labels("metadata", mapping_at(inputs, "metadata"))]
    template = _POD_TEMPLATES.get(kind.name) if kind.group in ("", "apps", "batch") else None
    if template is not None:
        prefix = ".".join(template)
        pod = mapping_at(inputs, *template)
        if template:
            found.extend(_labels(f"{prefix}.metadata", mapping_at(pod, "metadata")))
        found.extend(_containers(f"{prefix}.spec".lstrip("."), mapping_at(pod, "spec")))
    if kind.name in _SELECTING and kind.group == "apps":
        found.extend(_selector(inputs))
    if kind.name == "PersistentVolumeClaim":
        path = "spec.resources.requests"
        found.extend(_quantities(path, mapping_at(inputs, *path.split("."))))
    return found


def _name(kind: Kind, inputs: Value) -> Iterator[Failure]:
    metadata = mapping_at(inputs, "metadata")
    if metadata.get("generateName") is not None:
        yield Failure(
            "metadata.generateName",
            "not supported with server-side apply; set metadata.name, or leave both out",
        )
    name = metadata.get("name")
    if not isinstance(name, str):
        return
    limit = _SHORT.get(kind.name, 253)
    if kind.name in _ANY_SEGMENT:
        form, wanted = r"(?!\.\.?$)[^/%]+", "any text without '/' and '%'"
    elif kind.name == "Namespace":
        form, wanted = _LABEL, "lower-case letters, digits and '-', with a letter or digit at both ends"
    elif kind.name == "Service" and not kind.group:
        form = r"[a-z](?:[-a-z0-9]*[a-z0-9])?"
        wanted = "lower-case letters, digits and '-', with a letter first and a letter or digit last"
    else:
        form = _SUBDOMAIN
        wanted = "lower-case letters, digits, '-' and '.', with a letter or digit at both ends"
    if not re.fullmatch(form, name) or len(name) > limit:
        yield Failure("metadata.name", f"{name!r} is no valid name: {wanted}, at most {limit} characters")


def _labels(path: str, metadata: Value) -> Iterator[Failure]:
    for key, value in mapping_at(metadata, "labels").items():
        yield from _key(f"{path}.labels", key)
        if isinstance(value, str) and value and (len(value) > 63 or not _WORD.fullmatch(value)):
            yield Failure(
                f"{path}.labels[{key!r}]",
                "a label's value has at most 63 letters, digits, '-', '_' and '.', the first and last a "
                "letter or digit",
            )
    for key in mapping_at(metadata, "annotations"):
        yield from _key(f"{path}.annotations", key)


def _key(path: str, key: str) -> Iterator[Failure]:
    prefix, slash, name = key.rpartition("/")
    prefixed = not slash or (len(prefix) <= 253 and re.fullmatch(_SUBDOMAIN, prefix))
    if not prefixed or len(name) > 63 or not _WORD.fullmatch(name):
        yield Failure(
            path,
            f"{key!r} is no valid key: an optional DNS name and '/', then at most 63 letters, digits, '-_.'",
        )


def _selector(inputs: Value) -> Iterator[Failure]:
    labels = value_at(inputs, "spec", "template", "metadata", "labels")
    wanted = mapping_at(inputs, "spec", "selector", "matchLabels")
    parents = (
        value_at(inputs, *path.split(".")) for path in ("spec", "spec.template", "spec.template.metadata")
    )
    if isinstance(labels, Unknown) or any(isinstance(parent, Unknown) for parent in parents):
        return
    have = mapping_at(labels)
    for key, value in wanted.items():
        other = have.get(key)
        if not isinstance(value, Unknown) and not isinstance(other, Unknown) and value != other:
            yield Failure(
                "spec.template.metadata.labels",
                f"must hold the selector's {key}={value!s}: `selector` does not match template `labels`",
            )


def _containers(path: str, spec: Value) -> Iterator[Failure]:
    names: set[str] = set()
    for group in ("initContainers", "containers"):
        for index, container in enumerate(objects_at(spec, group)):
            here = f"{path}.{group}[{index}]"
            name = container.get("name")
            if isinstance(name, str):
                if name in names:
                    yield Failure(f"{here}.name", f"{name!r} is the name of another container of the pod")
                names.add(name)
            yield from _resources(f"{here}.resources", mapping_at(container, "resources"))


def _resources(path: str, resources: Value) -> Iterator[Failure]:
    limits, requests = mapping_at(resources, "limits"), mapping_at(resources, "requests")
    for part, values in (("limits", limits), ("requests", requests)):
        yield from _quantities(f"{path}.{part}", values)
    for name, asked in requests.items():
        at_most, request = parse_quantity(limits.get(name)), parse_quantity(asked)
        if request is None or isinstance(limits.get(name), Unknown):
            continue
        extended = not _NATIVE.fullmatch(name)
        if extended and at_most is None:
            yield Failure(
                f"{path}.limits", f"must set {name}: it cannot be overcommitted, so it needs a limit"
            )
        elif at_most is not None and (request != at_most if extended else request > at_most):
            rule = "equal the limit" if extended else "not exceed the limit"
            yield Failure(f"{path}.requests[{name!r}]", f"{asked} must {rule} of {limits[name]}")


def _quantities(path: str, values: Mapping[str, Value]) -> Iterator[Failure]:
    for name, value in values.items():
        if isinstance(value, str) and parse_quantity(value) is None:
            yield Failure(
                f"{path}[{name!r}]",
                f"{value!r} is no quantity: a number and k, M, G, T, Ki, Mi, Gi, Ti or m ('16Gi')",
            )
