"""What OVHcloud says about the stock of a flavour."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
import pulumi_ovh as ovh

from catalog import Place
from components.clouds.stock import Stock, asked

__all__ = ["stock", "told"]


def stock(node_type: str, zone: Place, project: str, provider: pulumi.ProviderResource) -> Stock:
    """Ask for one flavour in the region of a zone, for one project.

    A flavour that is not available, or of which the project's quota allows none, cannot be had. One that is
    available may be gone all the same once the pool is ordered: OVHcloud has no label for stock
    (ovh/public-cloud-roadmap issues 1165, 1166, 1239). A flavour that is not listed is not told of.

    Raises:
        StockUntoldError: the call failed.
    """
    region = zone.parent or zone.code
    options = pulumi.InvokeOptions(provider=provider)
    answer = asked(
        lambda: ovh.cloudproject.get_flavors(
            name_filter=node_type, region=region, service_name=project, opts=options
        )
    )
    return told((each.available, each.quota) for each in answer.flavors if each.name == node_type)


def told(flavours: Iterable[tuple[bool, float]]) -> Stock:
    """What the rows of one flavour mean, each whether it is available and how many the quota allows."""
    found = list(flavours)
    if not found:
        return Stock.UNTOLD
    return Stock.AVAILABLE if any(available and quota >= 1 for available, quota in found) else Stock.OUT
