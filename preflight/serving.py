"""How the engines will behave: silent, and with a fallback that somebody has tried."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from catalog import Lock
from catalog.off_switches import OFF_SWITCHES
from components.clouds.inspection import Answer, Verdict
from infra.settings import Settings

__all__ = ["fallback", "telemetry"]

_STALE_DAYS: Final = 90
"""A fallback nobody has tried for a quarter is a hope."""


def telemetry(pack: Path) -> Iterator[Answer]:
    """The off-switches, and who holds the workloads to them."""
    if not (pack / "PulumiPolicy.yaml").is_file():
        yield Answer(
            about="telemetry off",
            verdict=Verdict.FAIL,
            found=f"no policy pack in {pack.name}/",
            remedy="restore it: its call-home rules refuse a workload that could phone home",
        )
        return
    yield Answer(
        about="telemetry off",
        verdict=Verdict.GOOD,
        found=f"{len(OFF_SWITCHES)} switches on every engine; the rules call-home-* refuse any without",
    )


def fallback(settings: Settings, lock: Lock | None, today: date) -> Iterator[Answer]:
    """Whether llama.cpp can serve when vLLM cannot, and whether that was tried lately."""
    model = lock.models.get(settings.model) if lock else None
    if model is not None and model.gguf is None:
        yield Answer(
            about="fallback",
            verdict=Verdict.LOOK if settings.gpu else Verdict.FAIL,
            found="the lock holds no GGUF, so llama.cpp cannot serve",
            remedy="add gguf to the model's weights in catalog/data/models.yaml and make the lock again",
        )
        return
    tried = settings.fallback_rehearsed
    age = (today - tried).days if tried else None
    if age is not None and 0 <= age <= _STALE_DAYS:
        yield Answer(about="fallback rehearsed", verdict=Verdict.GOOD, found=f"{tried}, {age} days ago")
        return
    yield Answer(
        about="fallback rehearsed",
        verdict=Verdict.LOOK,
        found="never noted"
        if tried is None
        else f"noted for {tried}; allowed: at most {_STALE_DAYS} days ago",
        remedy="scale vLLM to 0, send a request, see the answer marked as degraded; then note the day in "
        "sovereign:fallbackRehearsed",
    )
