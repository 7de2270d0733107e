"""What a stack costs, as far as prices are known. Always an estimate: the cloud's own bill is what counts.

A price that is not known stays missing: it is named, and it is never taken for zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from catalog import BillItem, Catalog, CatalogError, Each, ExchangeRate, Lock, Price, Throughput
from infra.gpu import GpuCandidate, GpuChoice
from infra.settings import Settings

__all__ = ["HOURS_PER_MONTH", "Estimate", "Line", "Total", "add_up", "bill", "estimate", "estimate_all"]

HOURS_PER_MONTH: Final = 730
"""A year has 8760 hours."""

_EURO: Final = "EUR"
_SECONDS_PER_HOUR: Final = 3600
_BYTES_PER_GB: Final = 1_000_000_000
_CENT: Final = Decimal("0.01")
_BASIS: Final = (
    "An estimate, not an offer: list prices net of VAT, on demand, of a month of 730 hours and of the least "
    "number of nodes. Traffic, logs and support are not in it."
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a bill."""

    item: str
    """As ``data/prices/<cloud>.yaml`` names it."""
    what: str
    count: Decimal | None
    """Pieces or gigabytes; None if nobody can say."""
    by_size: bool = False
    """True if gigabytes are counted."""
    unknown: str = "the amount is not known"
    """Why there is no count."""

    def __str__(self) -> str:
        """What it is, how many, and of which item."""
        if self.count is None:
            return f"{self.what} ({self.item})"
        unit = " GB" if self.by_size else " x"
        return f"{self.what} ({self.count.normalize():f}{unit} {self.item})"


@dataclass(frozen=True, kw_only=True)
class Total:
    """The sum of a bill."""

    eur: Decimal | None
    """Euros a month of all lines with a price, exact but for exchange; None if no line has one."""
    missing: Sequence[str]
    """Every line that is not in the sum, and why."""
    dates: Sequence[date]
    """Of the sources of all that is in the sum."""
    rates: Sequence[ExchangeRate]
    """The exchange rates that the sum needed."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a stack costs, as far as is known."""

    eur_per_month: Decimal | None
    """Euros a month, net of VAT; only a part if something is in ``unpriced``; None if nothing is known."""
    eur_per_million_tokens: Decimal | None
    """Euros per million output tokens, net of VAT: the sum above at full load and at a speed that others
    measured, so a lower bound at that speed. None if the speed or the price of the GPU nodes is not known."""
    unpriced: Sequence[str]
    """What the stack creates that is not in the sum, and why."""
    untold: str | None
    """Why there is no price per million tokens; None if there is one."""
    as_of: date | None
    """Date of the oldest source used."""
    note: str
    """What the numbers are, in words."""

    def output(self) -> dict[str, str | list[str] | None]:
        """The stack output ``costEstimate``: amounts as text with two decimals, null where not known."""
        untold = [] if self.untold is None else [f"price per million tokens: {self.untold}"]
        return {
            "eurPerMonth": _cents(self.eur_per_month),
            "eurPerMillionTokens": _cents(self.eur_per_million_tokens),
            "missing": [*self.unpriced, *untold],
            "asOf": None if self.as_of is None else self.as_of.isoformat(),
            "note": self.note,
        }


def estimate(
    settings: Settings, catalog: Catalog, lock: Lock | None, choice: GpuChoice | None = None
) -> Estimate:
    """Say what the stack of these settings costs at its least number of nodes.

    Args:
        settings: of the stack.
        catalog: prices, bills, exchange rates and measurements.
        lock: says how much the bucket holds; None: there is none yet, and the bucket has no known price.
        choice: the GPU pool that was taken; None: nobody has chosen yet, and the first candidate counts.

    Raises:
        CatalogError: the catalogue has no bill of the cloud.
    """
    first = settings.gpu[0] if settings.gpu else None
    gpu = first if choice is None else choice.candidate

    def price(item: str) -> Price | None:
        place = gpu.zone if gpu is not None and item == gpu.node_type.name else settings.place
        return catalog.price(settings.cloud.key, item, place.code)

    total = add_up(bill(settings, catalog, lock, gpu), price, catalog.exchange_rates)
    part = gpu.node_type.gpu if gpu else None
    measured = catalog.throughput_of(settings.model, part.model) if part else None
    # Small parts may be missing from a lower bound, the machines that write the tokens may not.
    paid = gpu is not None and not add_up([_gpu_nodes(gpu)], price, catalog.exchange_rates).missing
    untold = _untold(settings, gpu, measured, paid=paid)
    tokens: Decimal | None = None
    dates = list(total.dates)
    notes = [_BASIS]
    if total.missing:
        notes.append("Only the part with known prices is in the sum; see missing.")
    for rate in total.rates:
        notes.append(f"A euro is taken for {rate.per_euro} {rate.currency}, as on {rate.source.date}.")
    if untold is None and measured is not None and total.eur is not None:
        tokens = _per_million(total.eur, measured, settings.replicas * settings.gpus_per_replica)
        dates.append(measured.source.date)
        notes.append(
            "The price per million output tokens is that sum at full load, i.e. a lower bound at the speed "
            f"that others measured: {measured.tokens_per_second} tokens a second of one {measured.gpu}, "
            f"{measured.engine}, {measured.load}. {measured.note}".rstrip()
        )
    return Estimate(
        eur_per_month=total.eur,
        eur_per_million_tokens=tokens,
        unpriced=total.missing,
        untold=untold,
        as_of=min(dates, default=None),
        note=" ".join(notes),
    )


def estimate_all(
    sites: Sequence[tuple[Settings, Lock | None, GpuChoice | None]], catalog: Catalog
) -> dict[str, Any]:
    """The stack output ``costEstimate``: of the one site, or the sum of all and ``sites`` with each.

    Raises:
        CatalogError: the catalogue has no bill of a cloud.
    """
    each = {site.name: estimate(site, catalog, lock, choice) for site, lock, choice in sites}
    if len(each) == 1:
        return dict(next(iter(each.values())).output())
    known = [one.eur_per_month for one in each.values() if one.eur_per_month is not None]
    dates = [one.as_of for one in each.values() if one.as_of is not None]
    total = Estimate(
        eur_per_month=sum(known, Decimal(0)) if known else None,
        eur_per_million_tokens=None,
        unpriced=[f"{name}: {line}" for name, one in each.items() for line in one.unpriced],
        untold="told for each site",
        as_of=min(dates, default=None),
        note=f"The sum of {len(each)} sites. {_BASIS}",
    )
    return {**total.output(), "sites": {name: one.output() for name, one in each.items()}}


def bill(
    settings: Settings, catalog: Catalog, lock: Lock | None, gpu: GpuCandidate | None
) -> tuple[Line, ...]:
    """List what the stack has to pay for: its nodes, then what the catalogue's bill of the cloud names.

    Raises:
        CatalogError: the catalogue has no bill of the cloud.
    """
    found = catalog.bills.get(settings.cloud.key)
    if found is None:
        message = f"no bill of {settings.cloud.key} in bills.yaml; there are: {', '.join(catalog.bills)}"
        raise CatalogError(message)
    size = None if lock is None else _gigabytes(lock)
    many = {
        Each.STACK: Decimal(1),
        Each.CONTROL_PLANE: Decimal(settings.control_planes),
        Each.CPU_NODE: Decimal(settings.cpu_nodes_min),
        Each.GPU_NODE: Decimal(gpu.minimum if gpu else 0),
        Each.BUCKET_GB: size,
    }
    items = [entry for entry in found.items if _applies(entry, settings)]
    return (
        *_nodes(settings, gpu),
        *(_line(entry, many[entry.each]) for entry in items if many[entry.each] != 0),
    )


def add_up(
    lines: Sequence[Line], price: Callable[[str], Price | None], rates: Mapping[str, ExchangeRate]
) -> Total:
    """Add up a bill in euros a month.

    A line without a count, without a price, or in a currency without an exchange rate is named as missing.

    Args:
        lines: of the bill.
        price: the price of an item, or None.
        rates: exchange rates by currency.
    """
    eur: Decimal | None = None
    missing: list[str] = []
    dates: list[date] = []
    used: dict[str, ExchangeRate] = {}
    for line in lines:
        found = price(line.item)
        if line.count is None:
            missing.append(f"{line}: {line.unknown}")
        elif found is None:
            missing.append(f"{line}: no price known here")
        elif found.currency != _EURO and found.currency not in rates:
            missing.append(f"{line}: its price is in {found.currency}, of which no exchange rate is known")
        else:
            monthly = found.amount * line.count * (HOURS_PER_MONTH if found.per.by_hour else 1)
            if found.currency != _EURO:
                rate = rates[found.currency]
                used[found.currency] = rate
                monthly /= rate.per_euro
                dates.append(rate.source.date)
            eur = monthly if eur is None else eur + monthly
            dates.append(found.source.date)
    return Total(eur=eur, missing=missing, dates=dates, rates=list(used.values()))


def _nodes(settings: Settings, gpu: GpuCandidate | None) -> Iterator[Line]:
    cpu = settings.cpu_node_type.name
    yield Line(item=cpu, what="CPU nodes", count=Decimal(settings.cpu_nodes_min))
    if gpu is not None:
        yield _gpu_nodes(gpu)


def _gpu_nodes(gpu: GpuCandidate) -> Line:
    return Line(item=gpu.node_type.name, what="GPU nodes", count=Decimal(gpu.minimum))


def _applies(entry: BillItem, settings: Settings) -> bool:
    defaults = settings.place.defaults
    if entry.plan is not None and (defaults is None or defaults.kubernetes_plan != entry.plan):
        return False
    # Where the place names neither, the registry is the customer's own and on no bill of the cloud.
    own = defaults is not None and (defaults.registry_host or defaults.registry_region)
    return bool(own) or not entry.with_registry


def _line(entry: BillItem, many: Decimal | None) -> Line:
    unknown = "there is no lock yet, so its size is not known" if many is None else "its size is not known"
    count = None if many is None or entry.count is None else many * entry.count
    return Line(item=entry.item, what=entry.what, count=count, by_size=entry.by_size, unknown=unknown)


def _gigabytes(lock: Lock) -> Decimal:
    files = [file for model in lock.models.values() for file in model.files]
    files += [model.gguf for model in lock.models.values() if model.gguf is not None]
    files += lock.binaries.values()
    return Decimal(sum(file.bytes for file in files)) / _BYTES_PER_GB


def _untold(
    settings: Settings, gpu: GpuCandidate | None, measured: Throughput | None, *, paid: bool
) -> str | None:
    if gpu is None:
        return "no GPU serves, and the speed of llama.cpp on CPUs is not known"
    reasons: list[str] = []
    if not paid:
        reasons.append(f"the price of {gpu.node_type.name} in euros is not known")
    if measured is None:
        reasons.append(f"no measurement of {settings.model} at full load on {gpu.node_type.name} is listed")
    return "; ".join(reasons) or None


def _per_million(eur: Decimal, measured: Throughput, gpus: int) -> Decimal:
    tokens = measured.tokens_per_second * _SECONDS_PER_HOUR * HOURS_PER_MONTH * gpus
    return eur / tokens * 1_000_000


def _cents(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount.quantize(_CENT, ROUND_HALF_UP))
