"""What Scaleway says about the stock of an instance type."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumiverse_scaleway as scaleway

from components.clouds.stock import Stock, asked

__all__ = ["stock"]

_ANSWERS: Final = {"available": Stock.AVAILABLE, "scarce": Stock.SCARCE, "shortage": Stock.OUT}
"""The API's three words (instance API, server types availability)."""


def stock(node_type: str, zone: str, provider: pulumi.ProviderResource) -> Stock:
    """Ask for one type in one zone.

    Raises:
        StockUntoldError: the call failed.
    """
    options = pulumi.InvokeOptions(provider=provider)
    # The instance API writes DEV1-M; Kubernetes takes the same names.
    answer = asked(lambda: scaleway.instance.get_server_type(name=node_type, zone=zone, opts=options))
    return _ANSWERS.get(answer.availability, Stock.UNTOLD)
