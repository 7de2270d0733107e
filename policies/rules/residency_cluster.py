"""Whatever is put into a cluster goes to a cluster of this stack, or to one whose place is known.

A Kubernetes provider goes where its kubeconfig leads. It must come from a cluster or a machine of this stack,
whose own place other rules judge, or be a text whose servers have a place in the catalogue of hosts. Once the
text is known, its servers must be what those resources say of themselves; the guard sees none of that, and so
takes the word of the dependency.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from policies.facts import ABSENT, Resource, StackFacts, Unknown, Value, plain
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._clusters import (
    CLUSTERS,
    MACHINES,
    PROVIDER,
    Kubeconfig,
    behind,
    is_ambient,
    kubeconfig_of,
)
from policies.rules._hosts import places_of
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "residency-cluster"
_STACK_REFERENCE: Final = "pulumi:pulumi:StackReference"
_LOGIN_PROGRAMS: Final = frozenset(
    {
        "aws",
        "aws-iam-authenticator",
        "az",
        "azure",
        "doctl",
        "gcloud",
        "gcp",
        "gke-gcloud-auth-plugin",
        "ibmcloud",
        "kubelogin",
        "oci",
    }
)
"""Programs that log in to clusters of clouds of the United States."""

_SHELLS: Final = frozenset(
    {
        "ash",
        "bash",
        "busybox",
        "dash",
        "env",
        "fish",
        "ksh",
        "node",
        "perl",
        "python",
        "python3",
        "ruby",
        "sh",
        "sudo",
    }
    | {"zsh"}
)
"""Programs that do whatever their arguments say, with the rights of whoever deploys."""
_FIX: Final = (
    "declare the cluster in this stack and hand its kubeconfig to the provider, or name a server whose host "
    "catalog/data/hosts.yaml places in the jurisdiction; keep a cluster and what runs in it in one stack, as "
    "no rule sees where the cluster of another one stands"
)


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    for provider in stack.asked:
        if provider.type == PROVIDER:
            for found in _mistakes(provider, stack, context):
                yield violation(
                    _ID,
                    provider,
                    found=found,
                    allowed="a kubeconfig made from a cluster, machine or address of this stack, or one "
                    f"whose servers the catalogue places in {context.jurisdiction}",
                    fix=_FIX,
                )


def _mistakes(provider: Resource, stack: StackFacts, context: Context) -> Iterator[str]:
    if is_ambient(provider):
        return  # residency-provider speaks about these
    made_from = behind(provider, stack)
    own = [each for each in made_from if each.type in CLUSTERS | MACHINES]
    value = plain(provider.properties.get("kubeconfig", ABSENT))
    if isinstance(value, Unknown):
        if any(each.type == _STACK_REFERENCE for each in made_from):
            yield "`kubeconfig` comes from another stack and cannot be read, so it may lead anywhere"
        elif not own:
            yield "`kubeconfig` is only known after the update, and comes from no cluster of this stack"
        return
    kubeconfig = kubeconfig_of(value)
    if kubeconfig is not None:
        yield from _servers(kubeconfig, own, stack, context)
        for path, program in kubeconfig.logins.items():
            if program in _LOGIN_PROGRAMS:
                yield f"`kubeconfig` has {path} = {program!r}, which logs in to a cloud of the United States"
            elif program in _SHELLS:
                yield f"`kubeconfig` has {path} = {program!r}, which does whatever its arguments say"


def _servers(
    kubeconfig: Kubeconfig, own: Sequence[Resource], stack: StackFacts, context: Context
) -> Iterator[str]:
    shows_outputs = stack.inputs is not None
    for path, host in kubeconfig.hosts.items():
        if not host:
            yield f"`kubeconfig` has no host that can be read at {path}"
        elif _is_placed(host, context):
            continue
        elif not own:
            yield (
                f"`kubeconfig` leads at {path} to a host whose place nobody knows, and it comes from no "
                "cluster of this stack"
            )
        elif shows_outputs and not _is_said(host, own):
            yield f"`kubeconfig` leads at {path} to a host that no resource it was made from has as its own"


def _is_placed(host: str, context: Context) -> bool:
    """Return True for a host with a place of the catalogue, or one that other rules speak about.

    A place abroad is found by ``residency-hosts``, a hyperscaler by ``hyperscalers-hosts``.
    """
    known = context.catalog.host(host)
    return known is not None and (known.cloud is None or bool(places_of(host, known, context.catalog)))


def _is_said(host: str, own: Sequence[Resource]) -> bool:
    """Return True if a resource has the host anywhere in it: then it is its address, or in its kubeconfig."""
    return any(host in text.lower() for each in own for text in _texts(each.properties))


def _texts(value: Value) -> Iterator[str]:
    bare = plain(value)
    if isinstance(bare, str):
        yield bare
    elif isinstance(bare, tuple):
        for element in bare:
            yield from _texts(element)
    elif isinstance(bare, Mapping):
        for item in bare.values():
            yield from _texts(item)


RULE = StackRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="What runs in a cluster goes to a cluster of the stack, or to one whose place is known",
    why="An object in a cluster stands where the cluster stands, and a kubeconfig can lead to any cluster on "
    "earth.",
    law=LAW,
    source="pulumi-kubernetes 4.34.2, properties of its provider; the form of a kubeconfig and the programs "
    "that log in as commonly known; 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Take the kubeconfig of the provider from the cluster of this stack.",
    exception=NO_EXCEPTION,
    check=_check,
)
