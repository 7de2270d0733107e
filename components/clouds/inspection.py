"""What a cloud is asked about an account before anything is created in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from catalog import NodeType, Place
from components.clouds.stock import Stock, StockUntoldError

__all__ = ["Answer", "Inspection", "Verdict", "placed_answer", "stock_answer", "untold"]


class Verdict(StrEnum):
    """What an answer means for the stack."""

    GOOD = "good"
    FAIL = "fail"
    """The stack would not come up, or may not."""
    LOOK = "look"
    """A person must decide; the stack may come up."""
    UNTOLD = "not told"
    """Nobody could say. The remedy tells where a person can look."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One line of a preflight."""

    about: str
    """What was asked, in a few words."""
    verdict: Verdict
    found: str
    remedy: str = ""
    """What a person does about it; empty if the verdict is good."""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What a stack needs of its account."""

    place: Place
    project: str | None
    cpu_node_type: NodeType
    dns_zone: str | None
    """The zone that shall take the stack's record; None: another cloud's DNS has the name."""
    vcpus: int | None
    """vCPUs of all nodes at their least number, GPU nodes among them; None if the catalogue does not say."""


def stock_answer(node_type: str, zone: str, ask: Callable[[], Stock]) -> Answer:
    """Ask for the stock of a node type and say what the answer means."""
    about = f"{node_type} in {zone}"
    try:
        found = ask()
    except StockUntoldError as error:
        return Answer(
            about=about,
            verdict=Verdict.UNTOLD,
            found=str(error),
            remedy="check the credentials, and that the account may see this node type",
        )
    verdicts = {Stock.AVAILABLE: Verdict.GOOD, Stock.SCARCE: Verdict.LOOK, Stock.OUT: Verdict.FAIL}
    remedies = {
        Stock.SCARCE: "reserve capacity, or list others in sovereign:gpuAlternatives",
        Stock.OUT: "choose another node type, zone or cloud",
        Stock.UNTOLD: "ask the cloud, or try: the API says nothing about stock",
    }
    return Answer(
        about=about,
        verdict=verdicts.get(found, Verdict.UNTOLD),
        found=str(found),
        remedy=remedies.get(found, ""),
    )


def placed_answer(about: str, found: str, country: str, place: Place) -> Answer:
    """Compare the country that a cloud gives for a place with the catalogue's.

    Args:
        about: what was asked.
        found: what the cloud says, for the reader.
        country: ISO 3166 alpha-2 code of it.
        place: the catalogue's own row.
    """
    if country in place.countries:
        return Answer(about=about, verdict=Verdict.GOOD, found=found)
    return Answer(
        about=about,
        verdict=Verdict.FAIL,
        found=f"{found}, and the catalogue says {place.country}",
        remedy="stop: one of the two is wrong, and residency rests on it",
    )


def untold(about: str, found: str, remedy: str) -> Iterator[Answer]:
    """A line for something that the cloud's API does not tell."""
    yield Answer(about=about, verdict=Verdict.UNTOLD, found=found, remedy=remedy)
