"""Ways in which a cloud can be made to misbehave."""

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

__all__ = ["Fault", "FaultKind"]


class FaultKind(StrEnum):
    """What goes wrong."""

    OUT_OF_STOCK = "out-of-stock"
    """A node type cannot be had, everywhere or in one place."""
    QUOTA = "quota"
    """The account may hold no more than `limit` objects of a type."""
    ERROR = "error"
    """An API call on a type fails, once or always."""
    SLOW = "slow"
    """Creation of a type takes `seconds`."""


@dataclass(frozen=True)
class Fault:
    """One thing set to go wrong, until it is cleared or used up."""

    number: int
    kind: FaultKind
    subject: str
    """Type token or node type; `*` and `?` match as in a shell."""
    place: str | None = None
    """Region, zone or location; None means everywhere."""
    operation: str = "create"
    """For errors: create, update, delete or read."""
    message: str = ""
    limit: int = 0
    seconds: float = 0.0
    once: bool = False

    def concerns(self, subject: str) -> bool:
        """Whether it is about this type token or node type."""
        return fnmatchcase(subject, self.subject)

    def is_at(self, places: frozenset[str]) -> bool:
        """Whether it holds in one of these places."""
        return self.place is None or self.place in places

    def __str__(self) -> str:
        where = f" in {self.place}" if self.place else ""
        often = "once" if self.once else "until cleared"
        detail = {
            FaultKind.OUT_OF_STOCK: f"out of stock{where}",
            FaultKind.QUOTA: f"quota of {self.limit}",
            FaultKind.ERROR: f"{self.operation} fails with {self.message!r}",
            FaultKind.SLOW: f"creation takes {self.seconds:g} s",
        }[self.kind]
        return f"{self.subject}: {detail} ({often})"
