"""What must hold between prices, bills, exchange rates and measurements, and the rest of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from catalog._catalog import Catalog
from catalog.bills import Bill

__all__ = ["cost_mistakes"]

EURO = "EUR"


def cost_mistakes(catalog: Catalog) -> Iterator[str]:
    """Yield one line for each thing that does not fit, each with its file and key."""
    for cloud in catalog.clouds:
        yield from _prices(catalog, cloud)
        if cloud not in catalog.bills:
            yield f"bills.yaml: bills: no bill of {cloud}"
    for bill in catalog.bills.values():
        if bill.cloud not in catalog.clouds:
            yield f"bills.yaml: bills[{bill.cloud}].cloud: no cloud {bill.cloud!r} in clouds.yaml"
        else:
            yield from _bill(catalog, bill)
    if EURO in catalog.exchange_rates:
        yield f"exchange_rates.yaml: exchange_rates[{EURO}]: a euro is a euro; remove it"
    yield from _throughput(catalog)


def _prices(catalog: Catalog, cloud: str) -> Iterator[str]:
    bill = catalog.bills.get(cloud)
    billed = {entry.item for entry in bill.items} if bill else set[str]()
    for price in catalog.prices(cloud):
        key = f"prices/{cloud}.yaml: prices[{price.item}]"
        node_type = catalog.node_type(cloud, price.item)
        if node_type is None and price.item not in billed:
            yield f"{key}: neither a node type in node_types/{cloud}.yaml nor an item in bills.yaml"
        if node_type is not None and price.per.by_size:
            yield f"{key}.per: a node is not sold by the gigabyte (found {price.per})"
        for code in price.places:
            place = catalog.place(cloud, code)
            if place is None:
                yield f"{key}.places: no place {code!r} in places/{cloud}.yaml"
            elif not place.stack_location:
                yield f"{key}.places: no stack stands in {code!r}, so nothing is bought there"


def _bill(catalog: Catalog, bill: Bill) -> Iterator[str]:
    prices = {price.item: price for price in catalog.prices(bill.cloud)}
    for entry in bill.items:
        price = prices.get(entry.item)
        if price is not None and price.per.by_size != entry.by_size:
            counted = "gigabytes" if entry.by_size else "pieces"
            yield (
                f"bills.yaml: bills[{bill.cloud}].items[{entry.item}]: counted in {counted}, "
                f"but prices/{bill.cloud}.yaml gives a price per {price.per}"
            )


def _throughput(catalog: Catalog) -> Iterator[str]:
    seen: dict[tuple[str, str], str] = {}
    for row in catalog.throughput:
        key = f"throughput.yaml: throughput[{row.name}]"
        if catalog.model(row.model) is None:
            yield f"{key}.model: no row of models.yaml covers {row.model!r}"
        if row.gpu not in catalog.gpus:
            yield f"{key}.gpu: no GPU {row.gpu!r} in gpus.yaml"
        measured = (row.model, row.gpu)
        if measured in seen:
            yield f"{key}: {row.model} on {row.gpu} is given by {seen[measured]} already"
        seen[measured] = row.name
