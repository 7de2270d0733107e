"""What Civo is asked before a start."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi
import pulumi_civo as civo

from components.clouds.civo.stock import stock
from components.clouds.inspection import Answer, Inspection, Verdict, stock_answer, untold
from components.clouds.stock import StockUntoldError, asked

__all__ = ["inspect"]


def inspect(needs: Inspection, provider: pulumi.ProviderResource) -> Iterator[Answer]:
    """The region, the CPU node type, and what a person must look up."""
    yield _region(needs, provider)
    node_type = needs.cpu_node_type.name
    yield stock_answer(node_type, needs.place.code, lambda: stock(node_type, provider))
    yield from untold(
        "account of this jurisdiction",
        "a token does not tell its account",
        "civo apikey show, and compare with the account that you keep for this jurisdiction",
    )
    yield from untold(
        "quota",
        "the provider has no call for it; new accounts have 16 cores and 63 GB, less than one L40S node",
        "dashboard, Account, Quota: ask for more before the first GPU pool",
    )


def _region(needs: Inspection, provider: pulumi.ProviderResource) -> Answer:
    options = pulumi.InvokeOptions(provider=provider)
    code = needs.place.code
    named = civo.GetRegionFilterArgs(key="code", values=[code])
    try:
        regions = asked(lambda: civo.get_region(filters=[named], opts=options)).regions
    except StockUntoldError as error:
        return Answer(about=f"region {code}", verdict=Verdict.FAIL, found=str(error), remedy="set CIVO_TOKEN")
    if not regions:
        return Answer(
            about=f"region {code}",
            verdict=Verdict.FAIL,
            found="not among the regions of this account",
            remedy="ask Civo to open the region, or choose another sovereign:location",
        )
    return Answer(
        about=f"region {code}", verdict=Verdict.GOOD, found=f"{regions[0].name}, {regions[0].country}"
    )
