"""No volume lies on a server whose place nobody can tell, and none is filled from one.

Judged are the servers of NFS, SMB, Ceph, iSCSI and of drivers that a volume or a storage class names, the
annotation that tells KubeVirt's importer what to fill a claim from, and the monitors in the configuration of
ceph-csi. A host has to be a Service of the cluster, a private address, or an endpoint that the catalogue
places in the jurisdiction; or a cloud gave it to a resource of the same stack, whose place other rules judge.
A bare public address is left to ``residency-addresses``, a host that the catalogue knows to the rules about
hosts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.documents import TooMuchError
from policies.facts import Resource, StackFacts, plain, select
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._addresses import addresses_of
from policies.rules._destinations import ALLOWED_HOSTS, problem_of_host
from policies.rules._elsewhere import is_own
from policies.rules._hosts import is_judged_by_name, shown_path
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.rules._volume_servers import hosts_in_source, volume_sources
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "residency-volumes"
_OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "hcloud:index/storageBox:StorageBox": ("server",),
    "hcloud:index/storageBoxSubaccount:StorageBoxSubaccount": ("server",),
}
"""Outputs that are hosts of the stack's own storage: the cloud gives them, no program writes them."""


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    own: frozenset[str] | None = None
    for resource in stack.asked:
        for path, host, problem in _problems(stack.judged(resource) or resource, context):
            own = _own_hosts(stack) if own is None else own
            if host.lower().removesuffix(".") in own or (
                not stack.complete and stack.hangs_on(resource, _OWN)
            ):
                continue
            yield violation(
                _ID,
                resource,
                found=f"`{shown_path(path)}` {problem}",
                allowed=ALLOWED_HOSTS,
                fix="keep the data in a volume of the cloud, on a Service of this cluster, or fill it from "
                "the bucket of the jurisdiction",
            )


def _problems(resource: Resource, context: Context) -> Iterator[tuple[str, str, str]]:
    """Yield where a volume names a host that is not in the jurisdiction, the host, and what is wrong."""
    seen: set[tuple[str, str]] = set()
    try:
        for found in volume_sources(resource):
            for host in hosts_in_source(str(found.value)):
                problem = _problem(host, resource, context)
                if problem and (found.path, problem) not in seen:
                    seen.add((found.path, problem))
                    yield found.path, host or "", problem
    except TooMuchError:
        yield "data", "", "is too large or too deep to be read"


def _problem(host: str | None, resource: Resource, context: Context) -> str:
    if host is None:
        return "names a host that cannot be read"
    if is_own(host, context) or any(host in addresses for _, addresses in addresses_of(resource)):
        return ""
    row = context.catalog.host(host)
    if row is not None and is_judged_by_name(host, row, context.catalog):
        return ""
    problem = problem_of_host(host, context)
    return f"names a host that {problem}" if problem else ""


def _own_hosts(stack: StackFacts) -> frozenset[str]:
    given = (
        plain(found.value)
        for resource in stack.of_type(*_OWN)
        for path in _OWN.get(resource.type, ())
        for found in select(resource.properties, path)
    )
    return frozenset(text.lower().removesuffix(".") for text in given if isinstance(text, str))


RULE = StackRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="No volume lies on a server whose place nobody can tell",
    why="A volume of NFS is a server somewhere: what pods write there, weights and prompts, lies where that "
    "server stands, and no resource of a cloud stands for it.",
    law=LAW,
    source="Kubernetes API of volumes: pulumi-kubernetes 4.34.2, installed SDK, 2026-11-24; parameters of "
    "csi-driver-nfs, csi-driver-smb, ceph-csi and the annotation of KubeVirt's importer from memory, "
    "2026-11-24; hosts of storage boxes: pulumi-hcloud 1.43.3",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Keep data in volumes of the cloud, or on a server that is a Service of the cluster.",
    exception=NO_EXCEPTION,
    check=_check,
)
