"""Prices: each can be traced, none is guessed, and a mistake in their files is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from catalog import Catalog, CatalogError, Checked, Per, Source, read_catalog

Spoil = Callable[[str, str, str], Path]
TODAY_AT_WRITING = date(2026, 11, 24)


def refusal(data: Path) -> str:
    with pytest.raises(CatalogError) as caught:
        read_catalog(data)
    return str(caught.value)


def every_source(catalog: Catalog) -> list[Source]:
    prices = [price.source for cloud in catalog.clouds for price in catalog.prices(cloud)]
    rates = [rate.source for rate in catalog.exchange_rates.values()]
    return [*prices, *rates, *(row.source for row in catalog.throughput)]


def test_every_price_can_be_traced_and_none_is_from_memory_or_the_future(catalog: Catalog) -> None:
    """A reader can look up each amount, and sees how old it is."""
    sources = every_source(catalog)
    assert len(sources) > len(catalog.clouds)
    for source in sources:
        assert date(2024, 1, 1) <= source.date <= TODAY_AT_WRITING, source
        assert source.checked is not Checked.MEMORY, source


@pytest.mark.parametrize("cloud", ["civo", "hetzner", "ovh", "scaleway"])
def test_every_cloud_has_a_bill_and_prices_in_the_currency_it_asks(catalog: Catalog, cloud: str) -> None:
    assert catalog.bills[cloud].items
    assert {price.currency for price in catalog.prices(cloud)} == {"USD" if cloud == "civo" else "EUR"}


def test_an_amount_stays_as_it_was_read(catalog: Catalog) -> None:
    """GIVEN the price of the first European stack's GPU THEN it is exact, and no float."""
    price = catalog.price("scaleway", "L4-1-24G", "fr-par-2")
    assert price is not None
    assert (price.amount, price.per) == (Decimal("0.7875"), Per.HOUR)


def test_a_price_of_some_places_is_not_taken_for_another(catalog: Catalog) -> None:
    assert catalog.price("ovh", "b3-32", "GRA11") is not None
    assert catalog.price("ovh", "b3-32", "EU-WEST-PAR") is None


@pytest.mark.parametrize(
    ("cloud", "item"),
    [("scaleway", "L4-16-24G"), ("ovh", "L4-1-24G"), ("aws", "L4-1-24G"), ("scaleway", "lb-s")],
)
def test_what_is_not_listed_has_no_price(catalog: Catalog, cloud: str, item: str) -> None:
    """Missing is None, never zero, and names are exact."""
    assert catalog.price(cloud, item, "fr-par-2") is None


def test_a_measurement_counts_for_its_model_and_its_gpu_alone(catalog: Catalog) -> None:
    for row in catalog.throughput:
        assert catalog.throughput_of(row.model, row.gpu) == row
        assert catalog.throughput_of(row.model, "no such GPU") is None
    assert catalog.throughput_of("mistralai/Mistral-7B-Instruct-v0.3", "A100 40GB") is None
    assert catalog.throughput_of("mistralai/Mistral-7B-v0.3", "A100 80GB") is None


def test_every_measurement_says_under_which_load_and_how_it_differs_from_a_stack(catalog: Catalog) -> None:
    """A reader can judge how far the price of tokens holds for the own stack."""
    default = [row for row in catalog.throughput if row.model == "mistralai/Mistral-7B-Instruct-v0.3"]
    assert {row.gpu for row in default} == {"A100 80GB", "H100 SXM"}
    for row in catalog.throughput:
        assert "requests at once" in row.load, row.name
        assert row.note, row.name


def test_only_what_no_source_gives_has_no_price(catalog: Catalog) -> None:
    """GIVEN every bill THEN these two items are all that is missing; what is found must leave this list."""
    priced = {cloud: {price.item for price in catalog.prices(cloud)} for cloud in catalog.clouds}
    gaps = {
        (bill.cloud, entry.item)
        for bill in catalog.bills.values()
        for entry in bill.items
        if entry.item not in priced[bill.cloud]
    }
    assert gaps == {("ovh", "mks-standard"), ("civo", "reserved-ip")}


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        pytest.param(
            "prices/scaleway.yaml",
            'amount: "0.7875"',
            "amount: 0.7875",
            "prices/scaleway.yaml: prices[L4-1-24G].amount: expected a decimal number in quotes",
            id="an amount that is a float",
        ),
        pytest.param(
            "prices/scaleway.yaml",
            'amount: "0.7875"',
            'amount: "-0.7875"',
            "prices/scaleway.yaml: prices[L4-1-24G].amount: Input should be greater than or equal to 0",
            id="a negative amount",
        ),
        pytest.param(
            "prices/scaleway.yaml",
            'amount: "0.7875"',
            'amount: "NaN"',
            "prices/scaleway.yaml: prices[L4-1-24G].amount:",
            id="no number at all",
        ),
        pytest.param(
            "prices/scaleway.yaml",
            'per: hour, amount: "0.7875"',
            'per: day, amount: "0.7875"',
            "prices/scaleway.yaml: prices[L4-1-24G].per: Input should be 'hour', 'month'",
            id="an unknown unit",
        ),
        pytest.param(
            "prices/scaleway.yaml",
            'amount: "0.7875", currency: EUR',
            'amount: "0.7875", currency: euro',
            "prices/scaleway.yaml: prices[L4-1-24G].currency:",
            id="a currency that is no code",
        ),
        pytest.param(
            "prices/scaleway.yaml",
            "{item: L4-2-24G,",
            "{item: L4-1-24G,",
            "prices/scaleway.yaml: prices[L4-1-24G]: given twice",
            id="two prices of one item",
        ),
        pytest.param(
            "prices/scaleway.yaml",
            "{item: L4-1-24G,",
            "{item: L4-1-24GB,",
            "prices/scaleway.yaml: prices[L4-1-24GB]: neither a node type in node_types/scaleway.yaml nor",
            id="a price of nothing that is created",
        ),
        pytest.param(
            "prices/scaleway.yaml",
            'per: hour, amount: "0.7875"',
            'per: gb-hour, amount: "0.7875"',
            "prices/scaleway.yaml: prices[L4-1-24G].per: a node is not sold by the gigabyte",
            id="a node by the gigabyte",
        ),
        pytest.param(
            "prices/ovh.yaml",
            "places: [GRA11, DE1",
            "places: [GRA12, DE1",
            "prices/ovh.yaml: prices[b3-8].places: no place 'GRA12' in places/ovh.yaml",
            id="a price in no place",
        ),
        pytest.param(
            "prices/ovh.yaml",
            "places: [GRA11, DE1",
            "places: [BHS5, DE1",
            "prices/ovh.yaml: prices[b3-8].places: no stack stands in 'BHS5'",
            id="a price where no stack stands",
        ),
        pytest.param(
            "bills.yaml",
            "  - cloud: ovh",
            "  - cloud: aws",
            "bills.yaml: bills: no bill of ovh",
            id="a cloud without a bill",
        ),
        pytest.param(
            "bills.yaml",
            "  - cloud: ovh",
            "  - cloud: aws",
            "bills.yaml: bills[aws].cloud: no cloud 'aws' in clouds.yaml",
            id="a bill without a cloud",
        ),
        pytest.param(
            "bills.yaml",
            "{item: LB-S, what:",
            "{item: LB-S, by_size: true, what:",
            "bills.yaml: bills[scaleway].items[LB-S]: counted in gigabytes, but prices/scaleway.yaml gives",
            id="a piece counted in gigabytes",
        ),
        pytest.param(
            "exchange_rates.yaml",
            "currency: USD",
            "currency: EUR",
            "exchange_rates.yaml: exchange_rates[EUR]: a euro is a euro; remove it",
            id="a rate of the euro",
        ),
        pytest.param(
            "exchange_rates.yaml",
            'per_euro: "1.1133"',
            'per_euro: "0"',
            "exchange_rates.yaml: exchange_rates[USD].per_euro: Input should be greater than 0",
            id="a worthless currency",
        ),
        pytest.param(
            "throughput.yaml",
            "gpu: A100 80GB",
            "gpu: A100",
            "throughput.yaml: throughput[mistral-nemo-a100-80gb].gpu: no GPU 'A100' in gpus.yaml",
            id="a measurement on an unknown GPU",
        ),
        pytest.param(
            "throughput.yaml",
            "model: mistralai/Mistral-Nemo-Instruct-2407",
            "model: nobody/Nothing",
            "throughput.yaml: throughput[mistral-nemo-a100-80gb].model: no row of models.yaml covers",
            id="a measurement of an unknown model",
        ),
    ],
)
def test_a_mistake_stops_the_load_and_names_file_and_key(
    spoil: Spoil, file: str, old: str, new: str, message: str
) -> None:
    """Nobody adds up a price that stands for nothing."""
    assert message in refusal(spoil(file, old, new))


def test_a_cloud_without_a_price_file_is_refused(data: Path) -> None:
    (data / "prices" / "civo.yaml").unlink()
    assert "prices/civo.yaml: the file is missing" in refusal(data)
