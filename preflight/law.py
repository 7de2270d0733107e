"""Jurisdiction, ownership and licence: what a data protection officer asks first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from catalog import Catalog, Use
from components.clouds.inspection import Answer, Verdict
from infra.settings import Settings
from policies.acceptances import Acceptances, accepted

__all__ = ["licence", "ownership", "residency"]


def residency(settings: Settings, catalog: Catalog) -> Iterator[Answer]:
    """Where the stack stands, and whose law that is. Settings refuse any other place."""
    place, jurisdiction = settings.place, catalog.jurisdiction(settings.jurisdiction)
    where = f"{place.city}, {place.country}" if place.city else place.country
    storage = place.defaults.storage_region if place.defaults else None
    yield Answer(
        about="residency",
        verdict=Verdict.GOOD,
        found=f"{place.cloud} {place.code} ({where}) is in {jurisdiction.code}; weights: {storage or 'none'}",
    )


def ownership(settings: Settings, catalog: Catalog) -> Iterator[Answer]:
    """Who owns the cloud: law can reach data through a company as well as through a place."""
    cloud = settings.cloud
    at_home = cloud.country in catalog.jurisdiction(settings.jurisdiction).countries
    yield Answer(
        about="owner of the cloud",
        verdict=Verdict.GOOD if at_home else Verdict.LOOK,
        found=f"{cloud.company}, {cloud.country}. {cloud.ownership}",
        remedy=""
        if at_home
        else f"let your data protection officer judge an owner outside {settings.jurisdiction}",
    )


def licence(settings: Settings, catalog: Catalog, acceptances: Acceptances, today: date) -> Iterator[Answer]:
    """Whether the model may be served here, and by whose decision."""
    model = catalog.model(settings.model)
    use = model.uses.get(settings.jurisdiction, Use.REFUSED) if model else Use.REFUSED
    what = f"{settings.model}: {model.licence}, {use}" if model else f"{settings.model}: not in the catalogue"
    if use is Use.APPROVED:
        yield Answer(about="licence", verdict=Verdict.GOOD, found=what)
    elif model is not None and use is Use.ACCEPTANCE:
        yield _accepted(settings, acceptances, today, f"{what}. {model.reason}")
    else:
        reason = f". {model.reason}" if model else ""
        yield Answer(
            about="licence",
            verdict=Verdict.FAIL,
            found=f"{what}{reason}",
            remedy="choose a model that catalog/data/models.yaml approves in this jurisdiction",
        )
    for problem in acceptances.problems_in(settings.jurisdiction, catalog.jurisdictions):
        yield Answer(
            about="acceptances",
            verdict=Verdict.FAIL,
            found=problem,
            remedy="renew or delete the entry in policies/acceptances.yaml",
        )


def _accepted(settings: Settings, acceptances: Acceptances, today: date, what: str) -> Answer:
    found = accepted(
        acceptances.live,
        rule="model-ip",
        jurisdiction=settings.jurisdiction,
        today=today,
        subject=settings.model,
    )
    if found is None:
        return Answer(
            about="licence",
            verdict=Verdict.FAIL,
            found=f"{what} No acceptance holds today.",
            remedy="add one to policies/acceptances.yaml, with owner and end, or choose an approved model",
        )
    return Answer(
        about="licence",
        verdict=Verdict.GOOD,
        found=f"{what} Accepted by {found.owner} until {found.expires.isoformat()} ({found.ticket})",
    )
