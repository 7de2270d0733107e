"""Which GPU pool a stack gets: what it may take, and what it takes in view of stock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catalog import NodeType, Place
from components.clouds import Stock, StockUntoldError, unseen_stock

__all__ = ["GpuCandidate", "GpuChoice", "HeldPool", "choose"]


@dataclass(frozen=True, kw_only=True)
class GpuCandidate:
    """A GPU pool that the settings allow."""

    node_type: NodeType
    zone: Place
    """The stack's place, or another zone of its region."""
    minimum: int
    """Nodes at least."""
    maximum: int
    """Nodes at most."""
    reserved: bool
    """True if the settings say that the capacity is ours: it is preferred, and the cloud is not asked."""

    def __str__(self) -> str:
        """As a person writes it in ``sovereign:gpuAlternatives``."""
        return f"{self.node_type.name}@{self.zone.code}"


@dataclass(frozen=True, kw_only=True)
class HeldPool:
    """The GPU pool that the last update left behind."""

    node_type: str
    zone: str

    def is_of(self, candidate: GpuCandidate) -> bool:
        """True if the candidate is this very pool."""
        return (self.node_type, self.zone) == (candidate.node_type.name, candidate.zone.code)


@dataclass(frozen=True, kw_only=True)
class GpuChoice:
    """The pool to build, and why."""

    candidate: GpuCandidate | None
    """None: there is none to be had."""
    reason: str
    untold: Sequence[str] = ()
    """What clouds said instead of an answer, for the log."""


def choose(
    candidates: Sequence[GpuCandidate],
    held: HeldPool | None,
    stock: Callable[[GpuCandidate], Stock],
) -> GpuChoice:
    """Choose among ``candidates``, the best first.

    Reserved capacity comes before all else, then the pool that the stack has: what runs is not moved because
    something better is back in stock. Then the first that the cloud does not call out of stock. A cloud that
    says nothing about stock is given a try. A dedicated server is taken at its word: whoever names one in the
    settings has it, and there is nobody to ask.

    Args:
        candidates: in the order of preference; empty where the place sells no GPU.
        held: the pool of the last update; None if there was none.
        stock: asks the cloud; only called for candidates that are neither reserved nor held, and that an API
            sells.
    """
    ours = [candidate for candidate in candidates if held is not None and held.is_of(candidate)]
    reserved = [candidate for candidate in candidates if candidate.reserved]
    both = [candidate for candidate in ours if candidate.reserved]
    for kept, reason in ((both, "reserved"), (reserved, "reserved"), (ours, "held since an earlier update")):
        if kept:
            return GpuChoice(candidate=kept[0], reason=f"{kept[0]}: {reason}")
    said: list[str] = []
    untold: list[str] = []
    for candidate in candidates:
        ordered_in = candidate.node_type.ordered_in
        if ordered_in is not None:
            said.append(f"{candidate}: {unseen_stock(ordered_in)}")
            return GpuChoice(candidate=candidate, reason="; ".join(said), untold=untold)
        try:
            answer = stock(candidate)
        except StockUntoldError as error:
            answer = Stock.UNTOLD
            untold.append(f"{candidate}: {error}")
        said.append(f"{candidate}: {answer}")
        if answer is not Stock.OUT:
            return GpuChoice(candidate=candidate, reason="; ".join(said), untold=untold)
    return GpuChoice(candidate=None, reason="; ".join(said))
