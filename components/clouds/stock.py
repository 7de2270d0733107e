"""What a cloud says about the stock of a node type, before a pool is asked for."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

__all__ = ["Stock", "StockUntoldError", "asked", "unseen_stock"]

_Answer = TypeVar("_Answer")


class Stock(StrEnum):
    """How likely a pool of this node type comes up; a promise it is not: another customer may be quicker."""

    AVAILABLE = "available"
    SCARCE = "scarce"
    """There are some, but few."""
    OUT = "out of stock"
    UNTOLD = "not told"
    """The cloud's API says nothing about stock."""


class StockUntoldError(Exception):
    """The cloud was asked and gave no answer; the message is the cloud's own."""


def unseen_stock(ordered_in: str) -> str:
    """What is said of the stock of a node type that a person orders in ``ordered_in``: no API tells it."""
    return f"dedicated server, ordered in {ordered_in}; the stack cannot see its stock"


def asked(question: Callable[[], _Answer]) -> _Answer:
    """Ask a provider function.

    Raises:
        StockUntoldError: the call failed, for want of credentials or of the node type.
    """
    try:
        return question()
    except Exception as error:
        # The SDK knows no exception of its own for a failed call.
        if not str(error).startswith("invoke of "):
            raise
        raise StockUntoldError(str(error)) from error
