"""What Civo says about the stock of a size."""

from __future__ import annotations

import pulumi
import pulumi_civo as civo

from components.clouds.stock import Stock, asked

__all__ = ["stock"]


def stock(node_type: str, provider: pulumi.ProviderResource) -> Stock:
    """Ask for one size in the region of the provider.

    A size that is not selectable cannot be had; a selectable one may still be refused for want of quota.

    Raises:
        StockUntoldError: the call failed.
    """
    options = pulumi.InvokeOptions(provider=provider)
    named = civo.GetSizeFilterArgs(key="name", values=[node_type])
    sizes = asked(lambda: civo.get_size(filters=[named], opts=options)).sizes
    return Stock.AVAILABLE if any(size.selectable for size in sizes) else Stock.OUT
