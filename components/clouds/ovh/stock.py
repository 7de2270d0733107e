"""What OVHcloud says about the stock of a flavour."""

from __future__ import annotations

import pulumi
import pulumi_ovh as ovh

from catalog import Place
from components.clouds.stock import Stock, asked

__all__ = ["stock"]


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
    found = [flavour for flavour in answer.flavors if flavour.name == node_type]
    if not found:
        return Stock.UNTOLD
    can_be_had = any(flavour.available and flavour.quota > 0 for flavour in found)
    return Stock.AVAILABLE if can_be_had else Stock.OUT
