"""What Civo is asked before a start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pulumi
import pulumi_civo as civo

from components.clouds.civo.stock import stock
from components.clouds.inspection import Answer, Inspection, Verdict, placed_answer, stock_answer, untold
from components.clouds.stock import StockUntoldError, asked

__all__ = ["inspect", "iso_country"]

_NAMED: Final = {
    **{"UK": "GB", "UNITED KINGDOM": "GB", "GERMANY": "DE", "UNITED STATES": "US", "INDIA": "IN"},
}


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
    told = regions[0].country
    found = f"{regions[0].name}, {told or 'no country told'}"
    country = iso_country(told)
    if country is None:
        return Answer(
            about=f"region {code}",
            verdict=Verdict.UNTOLD,
            found=found,
            remedy=f"ask Civo in which country {code} stands; the catalogue says {needs.place.country}",
        )
    return placed_answer(f"region {code}", found, country, needs.place)


def iso_country(told: str) -> str | None:
    """The ISO 3166 code of a country as Civo spells it; None if that cannot be told.

    The API writes two lower-case letters, and `uk` where ISO writes GB (civo/civogo, region_test.go); names
    are read as well, as in the API's `country_name`.
    """
    text = told.strip().upper()
    if text in _NAMED:
        return _NAMED[text]
    return text if len(text) == 2 and text.isalpha() and text.isascii() else None
