"""The outputs of the stack: those of the home site under their own names, and a table of all sites."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi

from infra.building import BuiltSite
from infra.wanted import registry_of

__all__ = ["export_all"]


def export_all(sites: Sequence[BuiltSite], cost: Mapping[str, Any]) -> None:
    """Export what people and programs read of a stack whose home site is the first of ``sites``."""
    home = sites[0]
    pulumi.export("jurisdiction", home.settings.jurisdiction)
    for key, value in _described(home).items():
        if key != "endpoint" or value is not None:
            pulumi.export(key, value)
    if home.stack.kubeconfig is not None:
        pulumi.export("kubeconfig", home.stack.kubeconfig)
    if home.stack.join_script is not None:
        pulumi.export("gexJoinScript", home.stack.join_script)
    pulumi.export("sites", {site.settings.name: _described(site) for site in sites})
    for key, secret in (("siteKubeconfigs", _kubeconfig), ("siteGexJoinScripts", _join_script)):
        found = _of_further(sites[1:], secret)
        if found:
            pulumi.export(key, pulumi.Output.secret(found))
    pulumi.export("costEstimate", cost)


def _described(site: BuiltSite) -> dict[str, Any]:
    """What is no secret of one site."""
    settings, stack, taken = site.settings, site.stack, site.gpu.candidate
    return {
        "cloud": settings.cloud.key,
        "location": settings.place.code,
        "endpoint": stack.endpoint,
        "models": list(stack.models),
        "cpuNodeType": settings.cpu_node_type.name,
        "gpuNodeType": taken.node_type.name if taken else None,
        "gpuZone": taken.zone.code if taken else None,
        "gpuStock": site.gpu.reason,
        "registry": registry_of(settings) if stack.registry is None else stack.registry,
        "weightsEndpoint": stack.bucket.endpoint,
        "weightsBucket": stack.bucket.bucket,
    }


def _kubeconfig(site: BuiltSite) -> pulumi.Output[str] | None:
    return site.stack.kubeconfig


def _join_script(site: BuiltSite) -> pulumi.Output[str] | None:
    return site.stack.join_script


def _of_further(
    sites: Sequence[BuiltSite], secret: Callable[[BuiltSite], pulumi.Output[str] | None]
) -> dict[str, pulumi.Output[str]]:
    found = ((site.settings.name, secret(site)) for site in sites)
    return {name: value for name, value in found if value is not None}
