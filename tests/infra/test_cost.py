"""The cost estimate: what is known is added up exactly, what is not is named and never taken for zero."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Checked, ExchangeRate, Lock, Per, Price, Source, load_catalog
from components.clouds.hetzner.cluster import CONTROL_PLANE_TYPE
from components.clouds.hetzner.edge import LOAD_BALANCER_TYPE
from components.clouds.hetzner.network import GATEWAY_TYPE
from components.clouds.ovh.network import _GATEWAY_MODEL
from components.clouds.scaleway.cluster import _GPU_ROOT_VOLUME_GB
from components.clouds.scaleway.network import _GATEWAY_TYPE
from infra.cost import HOURS_PER_MONTH, Line, add_up, bill, estimate, estimate_all
from infra.gpu import GpuChoice
from infra.settings import Settings, parse
from tests.conftest import Project
from tests.infra.test_settings import EU, UK

CATALOG = load_catalog()
NEMO = "mistralai/Mistral-Nemo-Instruct-2407"
OVH: dict[str, object] = {
    **{key: value for key, value in EU.items() if key != "sovereign:projectId"},
    "sovereign:cloud": "ovh",
    "sovereign:location": "GRA11",
    "sovereign:serviceName": "0123456789abcdef0123456789abcdef",
}
"""A stack of which every price is known, once there is a lock."""


def settings(config: Mapping[str, object], **written: str) -> Settings:
    return parse({**config, **{f"sovereign:{key}": value for key, value in written.items()}}, CATALOG)


def lock(gigabytes: int = 20) -> Lock:
    size = gigabytes * 1_000_000_000 // 2
    file = {"sha256": "cd" * 32, "bytes": size}
    model = {
        "revision": "ef" * 20,
        "files": [{"path": "model.safetensors", **file}],
        "gguf": {"path": "m.gguf", **file},
    }
    return Lock.model_validate(
        {"rehearsal": False, "stack": "eu", "jurisdiction": "eu", "images": {}, "models": {NEMO: model}}
    )


def hetzner(**written: str) -> Settings:
    secrets = {f"sovereign:{key}" for key in ("hcloudToken", "weightsAccessKey", "weightsSecretKey")}
    config = {key: value for key, value in EU.items() if key != "sovereign:projectId"} | {
        "sovereign:cloud": "hetzner",
        "sovereign:location": "nbg1",
        "sovereign:registry": "registry.acme.eu/sovereign",
        "sovereign:hetznerProject": "1234567",
        **dict.fromkeys(secrets, "a-made-up-secret"),
        **{f"sovereign:{key}": value for key, value in written.items()},
    }
    return parse(config, CATALOG, secret_keys=secrets)


def source(day: date) -> Source:
    return Source(ref="a price list", date=day, checked=Checked.DOCS)


amounts = st.decimals(min_value=0, max_value=1000, places=5)
counts = st.integers(min_value=0, max_value=64).map(Decimal)
days = st.dates(min_value=date(2020, 1, 1), max_value=date(2026, 11, 24))


@st.composite
def priced(draw: st.DrawFn, currencies: tuple[str, ...] = ("EUR",)) -> list[tuple[Line, Price | None]]:
    """Lines, each of an item of its own, and its price where there is one."""
    lines: list[tuple[Line, Price | None]] = []
    for index in range(draw(st.integers(min_value=0, max_value=8))):
        line = Line(item=f"item-{index}", what="thing", count=draw(st.none() | counts))
        price = Price(
            item=line.item,
            per=draw(st.sampled_from(Per)),
            amount=draw(amounts),
            currency=draw(st.sampled_from(currencies)),
            source=source(draw(days)),
        )
        lines.append((line, draw(st.none() | st.just(price))))
    return lines


def total(lines: list[tuple[Line, Price | None]], rates: Mapping[str, ExchangeRate] | None = None) -> Any:
    prices = {line.item: price for line, price in lines}
    return add_up([line for line, _ in lines], prices.__getitem__, rates or {})


@given(priced())
def test_the_sum_of_what_is_known_is_exact(lines: list[tuple[Line, Price | None]]) -> None:
    """A second way of adding up, in fractions, gives the same euros to the last digit."""
    known = [(line, price) for line, price in lines if price is not None and line.count is not None]
    wanted = sum(
        (
            Fraction(price.amount)
            * Fraction(line.count or 0)
            * (HOURS_PER_MONTH if "hour" in price.per else 1)
            for line, price in known
        ),
        Fraction(0),
    )
    found = total(lines)
    assert (None if found.eur is None else Fraction(found.eur)) == (wanted if known else None)
    assert sorted(found.dates) == sorted(price.source.date for _, price in known)


@given(priced())
def test_a_line_is_in_the_sum_or_named_as_missing_never_both(lines: list[tuple[Line, Price | None]]) -> None:
    found = total(lines)
    unknown = [line for line, price in lines if price is None or line.count is None]
    assert len(found.missing) == len(unknown)
    for line, said in zip(unknown, found.missing, strict=True):
        assert said.startswith(str(line))


@given(priced())
def test_what_is_missing_is_never_taken_for_zero(lines: list[tuple[Line, Price | None]]) -> None:
    """GIVEN a bill of which nothing is known THEN its sum is not known either, and not 0."""
    found = total([(line, None) for line, _ in lines])
    assert found.eur is None
    assert len(found.missing) == len(lines)


@given(priced(("EUR", "USD", "GBP")))
def test_another_currency_is_never_added_without_a_rate(lines: list[tuple[Line, Price | None]]) -> None:
    euros = [(line, price) for line, price in lines if price is None or price.currency == "EUR"]
    assert total(lines).eur == total(euros).eur
    foreign = [line for line, price in lines if price and price.currency != "EUR" and line.count is not None]
    said = "\n".join(total(lines).missing)
    assert said.count("of which no exchange rate is known") == len(foreign)


@given(priced(("EUR", "USD")), st.decimals(min_value="0.5", max_value=2, places=4), days)
def test_a_rate_turns_another_currency_into_euros_and_its_age_counts(
    lines: list[tuple[Line, Price | None]], per_euro: Decimal, day: date
) -> None:
    rate = ExchangeRate(currency="USD", per_euro=per_euro, source=source(day))
    found = total(lines, {"USD": rate})
    dollars = [line for line, price in lines if price and price.currency == "USD" and line.count is not None]
    assert list(found.rates) == ([rate] if dollars else [])
    assert found.dates.count(day) >= len(dollars)
    assert not any("exchange rate" in said for said in found.missing)


@given(priced(), st.integers(min_value=0, max_value=7), st.integers(min_value=1, max_value=9))
def test_more_of_anything_never_costs_less(
    lines: list[tuple[Line, Price | None]], index: int, more: int
) -> None:
    grown = [
        (replace(line, count=line.count + more) if at == index and line.count is not None else line, price)
        for at, (line, price) in enumerate(lines)
    ]
    before, after = total(lines).eur, total(grown).eur
    assert (before is None) == (after is None)
    assert before is None or after >= before


@pytest.mark.parametrize("config", [EU, UK, OVH], ids=["scaleway", "civo", "ovh"])
def test_one_node_more_costs_just_that_node_more(config: dict[str, object]) -> None:
    small, large = (settings(config, cpuNodesMin=str(nodes), cpuNodesMax=str(nodes)) for nodes in (3, 4))
    one, other = (estimate(each, CATALOG, lock()).eur_per_month for each in (small, large))
    price = CATALOG.price(small.cloud.key, small.cpu_node_type.name, small.place.code)
    assert one is not None
    assert other is not None
    assert price is not None
    rate = Decimal(1) if price.currency == "EUR" else CATALOG.exchange_rates[price.currency].per_euro
    assert abs(other - one - price.amount / rate) < Decimal("1e-18")


def test_the_shipped_european_stack_says_what_it_knows_and_what_it_does_not() -> None:
    """GIVEN the default stack and no lock THEN two L4 nodes are in the sum, and each gap is named."""
    told = estimate(settings(EU), CATALOG, None).output()
    known = Decimal("0.7875") * 2 + Decimal("0.026") + Decimal("0.023") + Decimal("0.005") * 2
    cpus = settings(EU).cpu_nodes_min * Decimal("211.70")
    volumes = 2 * _GPU_ROOT_VOLUME_GB * Decimal("0.094899")
    assert told["eurPerMonth"] == str((known * 730 + cpus + volumes).quantize(Decimal("0.01")))
    assert told["eurPerMillionTokens"] is None
    assert isinstance(told["missing"], list)
    said = "\n".join(told["missing"])
    assert (
        "root volumes of the CPU nodes, of the cloud's own size (block-storage): its size is not known"
        in said
    )
    assert "bucket of weights (object-storage): there is no lock yet" in said
    assert "images in the registry (registry-storage): its size is not known" in said
    assert (
        "price per million tokens: no measurement of mistralai/Mistral-7B-Instruct-v0.3 at full load" in said
    )
    assert told["asOf"] == "2026-09-01"
    assert isinstance(told["note"], str)
    assert told["note"].startswith("An estimate, not an offer")
    assert "Only the part with known prices is in the sum" in told["note"]


def test_dollars_are_converted_at_the_dated_rate_of_the_catalogue_and_not_without() -> None:
    """GIVEN the British stack, billed in dollars THEN the note says the rate; without it nothing is added."""
    stack = settings(UK)
    told = estimate(stack, CATALOG, None)
    assert told.eur_per_month is not None
    assert "1.1133 USD, as on 2026-10-28" in told.note
    blind = estimate(stack, replace(CATALOG, exchange_rates={}), None)
    assert blind.eur_per_month is None
    assert blind.as_of is None
    assert len(blind.unpriced) == len(bill(stack, CATALOG, None, stack.gpu[0]))
    assert blind.output()["eurPerMonth"] is None


def complete(replicas: int = 2) -> Settings:
    return settings(OVH, model=NEMO, gpuNodeType="a100-180", replicas=str(replicas))


def test_with_every_price_and_a_measurement_there_is_a_price_per_million_tokens() -> None:
    """It is the month's euros over what all GPUs write at full load, and says that it is a lower bound."""
    stack = complete()
    told = estimate(stack, CATALOG, lock(), None)
    assert not told.unpriced
    assert told.untold is None
    assert told.eur_per_month is not None
    tokens = Decimal("2558.5") * 3600 * 730 * 2
    assert told.eur_per_million_tokens == told.eur_per_month / tokens * 1_000_000
    assert "at full load, i.e. a lower bound at the speed that others measured: 2558.5 tokens" in told.note
    assert "1280 requests at once" in told.note
    assert told.as_of == date(2024, 9, 7), "the measurement is the oldest source"
    output = told.output()
    assert output["missing"] == []
    assert output["eurPerMillionTokens"] == f"{told.eur_per_million_tokens:.2f}"


def test_the_bucket_costs_by_what_the_lock_puts_into_it() -> None:
    small, large = (estimate(complete(), CATALOG, lock(size)).eur_per_month for size in (20, 40))
    assert small is not None
    assert large is not None
    assert large - small == 20 * Decimal("0.00000972") * 730


@pytest.mark.parametrize(
    ("config", "written", "said"),
    [
        (OVH, {}, "no measurement of mistralai/Mistral-7B-Instruct-v0.3 at full load on l4-90"),
        (UK, {}, "no measurement of mistralai/Mistral-7B-Instruct-v0.3 at full load on an.g1.l40s.kube.x1"),
        (OVH, {"gpuNodeType": "t2-45"}, "the price of t2-45 in euros is not known"),
        (OVH, {"location": "DE1"}, "no GPU serves"),
    ],
    ids=["no measurement on an L4", "no measurement on an L40S", "no price of the GPU", "no GPU"],
)
def test_a_gap_leaves_no_price_per_million_tokens_and_is_named(
    config: dict[str, object], written: dict[str, str], said: str
) -> None:
    told = estimate(settings(config, **written), CATALOG, lock())
    assert told.eur_per_million_tokens is None
    assert told.untold is not None
    assert said in told.untold


@pytest.mark.parametrize(
    ("config", "written"),
    [(OVH, {"gpuNodeType": "a100-180"}), (UK, {"gpuNodeType": "g4g.kube.small"})],
    ids=["no lock yet", "no price of a small part, in dollars"],
)
def test_a_small_part_without_a_price_leaves_a_lower_bound_and_stays_named(
    config: dict[str, object], written: dict[str, str]
) -> None:
    """GIVEN the default model on an A100 THEN tokens have a price, of what is known; what is not is told."""
    told = estimate(settings(config, **written), CATALOG, None)
    assert told.unpriced
    assert told.eur_per_month is not None
    tokens = Decimal("3967.6") * 3600 * 730 * 2
    assert told.eur_per_million_tokens == told.eur_per_month / tokens * 1_000_000
    assert "Only the part with known prices is in the sum" in told.note
    assert told.output()["missing"] == list(told.unpriced)


def test_without_a_rate_no_tokens_have_a_price() -> None:
    """GIVEN GPU nodes billed in dollars and no exchange rate THEN the reason names the node type."""
    stack = settings(UK, gpuNodeType="g4g.kube.small")
    told = estimate(stack, replace(CATALOG, exchange_rates={}), lock())
    assert told.eur_per_million_tokens is None
    assert told.untold == "the price of g4g.kube.small in euros is not known"


def test_the_shipped_british_stack_adds_up_to_its_rows() -> None:
    """GIVEN two L40S nodes, CPU nodes, a balancer and 500 GB of bucket THEN the sum is theirs in euros."""
    stack = settings(UK)
    dollars = 2 * Decimal("1.29") * 730 + stack.cpu_nodes_min * Decimal("86.91") + Decimal("10.86")
    dollars += 500 * Decimal("0.010860")
    told = estimate(stack, CATALOG, None)
    assert told.output()["eurPerMonth"] == str((dollars / Decimal("1.1133")).quantize(Decimal("0.01")))
    assert "public address of the load balancer (1 x reserved-ip): no price known here" in told.unpriced


def test_the_pool_that_was_taken_counts_and_not_the_first_in_the_list() -> None:
    """GIVEN no GPU in stock THEN no GPU is in the bill."""
    stack = settings(EU, gpuNodeType="L4-1-24G", gpuAlternatives='["L40S-1-48G"]')
    listed, taken, none = (
        estimate(stack, CATALOG, None, choice).eur_per_month or Decimal(0)
        for choice in (
            None,
            GpuChoice(candidate=stack.gpu[1], reason=""),
            GpuChoice(candidate=None, reason=""),
        )
    )
    volumes = 2 * _GPU_ROOT_VOLUME_GB * Decimal("0.094899")
    assert listed - none == 2 * Decimal("0.7875") * 730 + volumes
    assert taken - none == 2 * Decimal("1.469916") * 730 + volumes


def items(config: dict[str, object], **written: str) -> dict[str, Decimal | None]:
    stack = settings(config, **written)
    lines = bill(stack, CATALOG, lock(), stack.gpu[0] if stack.gpu else None)
    return {line.item: line.count for line in lines}


def test_a_plan_and_a_registry_are_billed_where_the_place_has_them() -> None:
    assert items(OVH).keys() >= {"mks-free", "registry-s"}
    paris = items(OVH, location="EU-WEST-PAR")
    assert "mks-free" not in paris
    assert "mks-standard" in paris


def test_the_bill_follows_what_the_clouds_build() -> None:
    """The catalogue's bills name the very types that the components ask for."""
    scaleway = items(EU)
    assert scaleway[_GATEWAY_TYPE] == 1
    assert scaleway["block-storage"] is None, "the CPU nodes' volumes come last"
    gpu_volumes = [entry for entry in CATALOG.bills["scaleway"].items if entry.each == "gpu-node"]
    assert [entry.count for entry in gpu_volumes] == [_GPU_ROOT_VOLUME_GB]
    assert f"gateway-{_GATEWAY_MODEL}" in items(OVH)
    hetzner = {entry.item: entry for entry in CATALOG.bills["hetzner"].items}
    assert hetzner[CONTROL_PLANE_TYPE].each == "control-plane"
    assert hetzner[GATEWAY_TYPE].count == 1
    assert hetzner[LOAD_BALANCER_TYPE].count == 2


@pytest.mark.parametrize(("planes", "euros"), [("1", "8.49"), ("3", "25.47")])
def test_hetzner_bills_each_server_of_the_control_plane(planes: str, euros: str) -> None:
    """GIVEN a cloud where the stack builds its own control plane THEN its servers are in the sum."""
    stack = hetzner(controlPlanes=planes)
    told = estimate(stack, CATALOG, None)
    rest = Decimal("69.49") * stack.cpu_nodes_min + Decimal("5.49") + Decimal("0.50") + 2 * Decimal("7.49")
    assert told.eur_per_month == rest + Decimal("6.49") + Decimal(euros)
    assert not told.unpriced


@pytest.mark.engine
def test_a_stack_that_is_up_says_what_it_costs(sovereign: Callable[[str], Project]) -> None:
    """GIVEN the European stack on the real engine THEN ``costEstimate`` is among its outputs, in full."""
    project = sovereign("eu")
    project.lock()
    up = project.up()
    assert up.returncode == 0, up.stdout
    told = project.outputs()["costEstimate"]
    assert set(told) == {"eurPerMonth", "eurPerMillionTokens", "missing", "asOf", "note"}
    assert Decimal(told["eurPerMonth"]) > 2 * Decimal("0.7875") * 730
    assert told["eurPerMillionTokens"] is None
    assert any(said.startswith("root volumes of the CPU nodes") for said in told["missing"])
    assert not any(said.startswith("bucket of weights") for said in told["missing"]), "the lock says its size"


def test_the_cost_of_two_sites_is_their_sum_and_each_is_told() -> None:
    home, away = settings(EU), settings(OVH).model_copy(update={"name": "eu-ovh-gra11"})
    both = estimate_all([(home, None, None), (away, None, None)], CATALOG)
    each = both["sites"]
    assert set(each) == {"eu", "eu-ovh-gra11"}
    assert Decimal(both["eurPerMonth"]) == sum(Decimal(one["eurPerMonth"]) for one in each.values())
    assert {line.partition(": ")[0] for line in both["missing"]} >= {"eu", "eu-ovh-gra11"}
    assert both["eurPerMillionTokens"] is None, "two sites have two speeds"
    assert both["asOf"] == min(one["asOf"] for one in each.values())


def test_a_stack_of_one_site_tells_its_cost_as_before() -> None:
    assert (
        estimate_all([(settings(OVH), lock(), None)], CATALOG)
        == estimate(settings(OVH), CATALOG, lock()).output()
    )
