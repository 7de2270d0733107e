"""Nothing in a stack points at a host of a hyperscaler or another service of the United States.

It reads what is written, answers of DNS among it, so a name of the same program that leads elsewhere is found
where it is made. A bare address is left to ``residency-addresses``. A name made elsewhere that leads away, a
value of a Secret, a file inside an image or a chart say nothing to it, nor does what is only known after the
update, until then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from catalog import Host
from policies.facts import Resource, Value, plain
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._hosts import hosts_of, is_read, shown_path
from policies.rules._hyperscalers import LAW, REFERENCES
from policies.rules._residency import violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "hyperscalers-hosts"

_VOLUMES: Final = {
    "awsElasticBlockStore": "Amazon Web Services",
    "azureDisk": "Microsoft",
    "azureFile": "Microsoft",
    "gcePersistentDisk": "Google",
}
"""Volume types of Kubernetes itself that are disks of a hyperscaler."""

_MARKS: Final = {
    re.compile(r"(service\.beta\.)?kubernetes\.io/aws-.*"): "Amazon Web Services",
    re.compile(r"alb\.ingress\.kubernetes\.io/.*"): "Amazon Web Services",
    re.compile(r"ingress\.k8s\.aws/.*"): "Amazon Web Services",
    re.compile(r"(service\.beta\.)?kubernetes\.io/azure-.*"): "Microsoft",
    re.compile(r"appgw\.ingress\.kubernetes\.io/.*"): "Microsoft",
    re.compile(r"azure\.workload\.identity/.*"): "Microsoft",
    re.compile(r"kubernetes\.io/gce-.*"): "Google",
    re.compile(r"ingress\.gcp\.kubernetes\.io/.*"): "Google",
    re.compile(r"iam\.gke\.io/.*"): "Google",
}
"""Provisioners and annotations that only a hyperscaler's controllers read."""

_INGRESS_CLASSES: Final = {
    "alb": "Amazon Web Services",
    "azure-application-gateway": "Microsoft",
    "gce": "Google",
}
_ENGINE_MARK: Final = re.compile(r"metadata\.annotations\.pulumi\.com/[A-Za-z]+")
"""Annotations by which the Kubernetes provider steers itself (``pulumi.com/autonamed``): names, no hosts."""

_SCHEMAS: Final = "kubernetes:apiextensions.k8s.io/"
"""Definitions of kinds: one that embeds pods lists every type of volume, and uses none."""

_INGRESS_KEYS: Final = frozenset({"ingressClassName", "kubernetes.io/ingress.class"})


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or not is_read(resource):
        return
    seen: set[tuple[str, str]] = set()
    for path, name, host in hosts_of(resource, context.catalog):
        if host is None or (name == "pulumi.com" and _ENGINE_MARK.fullmatch(path)):
            continue
        if host.is_foreign and (path, host.suffix) not in seen:
            seen.add((path, host.suffix))
            yield _violation(resource, path, _description(host))
    for path, found in _marks(resource):
        yield _violation(resource, path, found)


def _description(host: Host) -> str:
    return f"a host under {host.suffix}, run by {host.owner} ({host.country}, {host.kind})"


def _violation(resource: Resource, path: str, found: str) -> Violation:
    return violation(
        _ID,
        resource,
        found=f"`{shown_path(path)}` has {found}",
        allowed="hosts of the stack itself and endpoints of its cloud in its jurisdiction",
        fix="mirror what is fetched there into the registry or bucket of the jurisdiction, "
        "replace the service by one inside it, or take the text out",
    )


def _marks(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield volume types, provisioners, annotations and ingress classes of a hyperscaler."""
    if resource.package == "kubernetes" and not resource.type.startswith(_SCHEMAS):
        for key, item in resource.properties.items():
            yield from _walk(key, item, key)


def _walk(key: str, value: Value, path: str) -> Iterator[tuple[str, str]]:
    bare = plain(value)
    owner = _VOLUMES.get(key) or _owner(key)
    if owner is not None and bare is not None:
        yield path, f"a key that only controllers of {owner} read"
    if isinstance(bare, Mapping):
        for name, item in bare.items():
            yield from _walk(name, item, f"{path}.{name}")
    elif isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _walk("", element, f"{path}[{index}]")
    elif isinstance(bare, str):
        owner = _INGRESS_CLASSES.get(bare) if key in _INGRESS_KEYS else _owner(bare)
        if owner is not None:
            yield path, f"a value that only controllers of {owner} read"


def _owner(text: str) -> str | None:
    if "/" not in text:
        return None
    return next((owner for pattern, owner in _MARKS.items() if pattern.fullmatch(text)), None)


RULE = ResourceRule(
    id=_ID,
    family=Family.HYPERSCALERS,
    title="Nothing in a stack points at a host of a hyperscaler or another service of the United States",
    why="One image, one webhook or one metrics endpoint sends data where the CLOUD Act reaches it.",
    law=LAW,
    source="catalog/data/hosts.yaml, each row with its source; the two provisions from memory, 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Mirror what is fetched there into the jurisdiction, or use a service inside it.",
    exception="none. No US hyperscaler, for anything",
    check=_check,
)
