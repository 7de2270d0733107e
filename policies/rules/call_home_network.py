"""Network policies are enforced where models are served.

A NetworkPolicy is a wish: the network plug-in of the cluster makes it true, or nobody does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.decoding import from_base64
from policies.facts import ABSENT, Absent, Resource, StackFacts, Value, is_blank, plain, shown
from policies.hosts import readings
from policies.models.known_models import without_comments
from policies.models.machines import SCRIPTS, start_texts
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._call_home import LAW, NO_EXCEPTION, REFERENCES
from policies.rules._clusters import cluster_key, may_be_one
from policies.rules._pods import known, serving_pods
from policies.rules._serving import violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "call-home-network"
_PLUG_INS: Final = {
    "scaleway:kubernetes/cluster:Cluster": "cilium",
    "civo:index/kubernetesCluster:KubernetesCluster": "flannel",
}
"""Clusters that can be had with another plug-in, and what they get if nobody chooses."""
_ENFORCE: Final = ("calico", "canal", "cilium")
"""What the names of plug-ins that enforce policies begin with."""
_COMMANDS: Final = ("create", "update")
_FALSE: Final = r"\s*[\"']?(?:false|no|off)\b"
_SWITCHED_OFF: Final = re.compile(
    rf"--disable-network-policy(?![\w-])(?!\s*={_FALSE})"
    rf"|(?<![\w-])disable-network-policy[\"']?\s*:(?!{_FALSE})"
)
"""A flag of k3s, or a key of its file."""
_OWN_PLUG_IN: Final = re.compile(r"flannel-backend[\"']?\s*[:= ]\s*[\"']?none(?![\w-])")
_INSTALLED: Final = re.compile(rf"(?<![a-z])(?:{'|'.join(_ENFORCE)})(?![a-z])")


@dataclass(frozen=True, slots=True)
class _Fault:
    """A cluster, or a machine of one, that enforces no policy."""

    resource: Resource
    found: str
    fix: str


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    newest = stack.newest
    faults = [fault for resource in _judged(stack) for fault in _faults(resource)]
    if not faults:
        return
    is_new = newest is not None and any(fault.resource.urn == newest.urn for fault in faults)
    for fault in faults:
        for resource in stack.resources if newest is None or is_new else stack.asked:
            pod = next(serving_pods(known(resource, stack)), None)
            if pod is None or not _may_run_in(resource, fault.resource, stack):
                continue
            where = max(fault.resource, resource, key=stack.position)
            if newest is None or where.urn == newest.urn:
                yield violation(
                    _ID,
                    where,
                    found=f"{fault.found}, and {pod.container.label} of {resource.name!r} serves models "
                    "there",
                    allowed="a network plug-in that enforces every NetworkPolicy",
                    fix=fault.fix,
                    exception=NO_EXCEPTION,
                )
            break


def _judged(stack: StackFacts) -> Iterator[Resource]:
    for resource in stack.of_type(*_PLUG_INS, *SCRIPTS, "command:"):
        yield stack.judged(resource) or resource


def _may_run_in(workload: Resource, cluster: Resource, stack: StackFacts) -> bool:
    return may_be_one(frozenset({cluster.urn}), cluster_key(workload.provider, stack))


def _faults(resource: Resource) -> tuple[_Fault, ...]:
    return resource.once(_read)


def _read(resource: Resource) -> tuple[_Fault, ...]:
    return tuple(_find(resource))


def _find(resource: Resource) -> Iterator[_Fault]:
    if resource.type in _PLUG_INS:
        given = resource.properties.get("cni", ABSENT)
        chosen = _PLUG_INS[resource.type] if isinstance(given, Absent) or is_blank(given) else given
        if not _enforces(chosen):
            yield _Fault(
                resource,
                f"`cni` of {resource.name!r} is {_said(given)}, which is not known to enforce any "
                "NetworkPolicy",
                "set cni to cilium",
            )
        return
    for path, text in _scripts(resource):
        if _says_off(text) and not _brings_its_own(text):
            yield _Fault(
                resource,
                f"`{path}` of {resource.name!r} sets disable-network-policy, by which k3s enforces no "
                "NetworkPolicy",
                "leave disable-network-policy out, as the controller of k3s does no harm beside another; or "
                "set flannel-backend to none and install Cilium or Calico in the same script",
            )
            return


def _said(plug_in: Value | Absent) -> str:
    return "not set" if isinstance(plug_in, Absent) else shown(plug_in)


def _enforces(plug_in: Value) -> bool:
    bare = plain(plug_in)
    return isinstance(bare, str) and bare.lower().startswith(_ENFORCE)


def _scripts(resource: Resource) -> Iterator[tuple[str, str]]:
    yield from start_texts(resource)
    for name in _COMMANDS if resource.package == "command" else ():
        text = plain(resource.properties.get(name))
        if isinstance(text, str):
            yield name, text


def _says_off(text: str) -> bool:
    return any(_SWITCHED_OFF.search(reading) for reading in _readings(text))


def _brings_its_own(text: str) -> bool:
    """Return True for a script that leaves flannel out and installs a plug-in that enforces policies."""
    return any(_OWN_PLUG_IN.search(each) and _INSTALLED.search(each) for each in _readings(text))


def _readings(text: str) -> set[str]:
    meant = {text, from_base64(text) or text}
    return {reading for each in meant for reading in readings(without_comments(each), {})}


RULE = StackRule(
    id=_ID,
    family=Family.CALL_HOME,
    title="Network policies are enforced where models are served",
    why="Kubernetes takes a NetworkPolicy from everybody and enforces none by itself. A cluster whose "
    "plug-in does not either is open, and looks closed.",
    law=LAW,
    source="Cluster (cni) in pulumiverse-scaleway 1.60.0, KubernetesCluster (cni, by default flannel) in "
    "pulumi-civo 2.4.8, 2026-11-24; which plug-ins enforce policies (Cilium, Calico, Canal; not flannel, "
    "Kilo or none), that k3s does by itself unless told otherwise, and that nothing says whether Civo leaves "
    "it on: from memory",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Choose Cilium or Calico, and leave the controller of k3s switched on.",
    exception=NO_EXCEPTION,
    check=_check,
)
