"""What the stack would cost, as far as prices are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalog import Catalog, Lock
from components.clouds.inspection import Answer, Verdict
from infra.cost import estimate, estimate_all
from infra.gpu import GpuChoice
from infra.settings import Settings

__all__ = ["cost", "of_all"]


def cost(settings: Settings, catalog: Catalog, lock: Lock | None) -> Iterator[Answer]:
    """Euros a month and per million tokens. What has no price is named, and never counted as nothing."""
    estimated = estimate(settings, catalog, lock)
    said = estimated.output()
    missing = [*estimated.unpriced]
    amount, day = said["eurPerMonth"] or "unknown", said["asOf"] or "no date"
    yield Answer(
        about="cost a month",
        verdict=Verdict.UNTOLD if estimated.eur_per_month is None else Verdict.GOOD,
        found=f"{amount} EUR, prices of {day}. {estimated.note}",
        remedy=f"not in it: {'; '.join(missing)}" if missing else "",
    )
    per_million = said["eurPerMillionTokens"]
    yield Answer(
        about="cost per million tokens",
        verdict=Verdict.UNTOLD if per_million is None else Verdict.GOOD,
        found="unknown"
        if per_million is None
        else f"at least {per_million} EUR net of VAT, at full load and the measured speed",
        remedy=estimated.untold or "",
    )


def of_all(sites: Sequence[tuple[Settings, Lock | None, GpuChoice | None]], catalog: Catalog) -> Answer:
    """The sum of several sites. What has no price is named with its site."""
    said = estimate_all(sites, catalog)
    missing: list[str] = said["missing"]
    return Answer(
        about="cost a month",
        verdict=Verdict.UNTOLD if said["eurPerMonth"] is None else Verdict.GOOD,
        found=f"{said['eurPerMonth'] or 'unknown'} EUR. {said['note']}",
        remedy=f"not in it: {'; '.join(missing)}" if missing else "",
    )
