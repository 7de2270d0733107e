"""Prices: what a cloud asks for one thing that a stack creates, and what a euro is in another currency."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from catalog._source import Fact, Line, Source

__all__ = ["Amount", "ExchangeRate", "Per", "PositiveAmount", "Price"]


def _decimal(value: object) -> object:
    """Refuse numbers: YAML would read 0.1 as a float, which is not 0.1."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str):
        try:
            return Decimal(value)
        except InvalidOperation:
            pass
    message = 'expected a decimal number in quotes, such as "0.7875"'
    raise ValueError(message)


Amount = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, allow_inf_nan=False)]
"""An exact decimal number, zero or more. In YAML it stands in quotes."""

PositiveAmount = Annotated[Decimal, BeforeValidator(_decimal), Field(gt=0, allow_inf_nan=False)]
"""An exact decimal number above zero. In YAML it stands in quotes."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code, such as EUR."""


class Per(StrEnum):
    """What one amount pays for."""

    HOUR = "hour"
    """One piece for an hour."""
    MONTH = "month"
    """One piece for a month."""
    GB_HOUR = "gb-hour"
    """One gigabyte for an hour."""
    GB_MONTH = "gb-month"
    """One gigabyte for a month."""

    @property
    def by_size(self) -> bool:
        """True if gigabytes are paid for, not pieces."""
        return self in {Per.GB_HOUR, Per.GB_MONTH}

    @property
    def by_hour(self) -> bool:
        """True if each hour is paid for."""
        return self in {Per.HOUR, Per.GB_HOUR}


class Price(Fact):
    """A list price of one cloud: net of VAT, on demand, without commitment. An item that has no row has no
    known price, which is not the same as being free."""

    item: Line
    """A node type of the cloud, or an item of its bill in ``data/bills.yaml``."""
    per: Per
    amount: Amount
    """Zero only where the cloud says that it is free."""
    currency: Currency
    """As the cloud asks it. Nothing is converted here."""
    places: tuple[Line, ...] = ()
    """The stack's places where this price holds; empty: it is the same at all of them."""
    note: str = ""
    source: Source

    def holds_in(self, place: str) -> bool:
        """True if the price is known to hold in the place with this code."""
        return not self.places or place in self.places


class ExchangeRate(Fact):
    """How much of a currency one euro was worth, by the reference rate of a central bank."""

    currency: Currency
    per_euro: PositiveAmount
    source: Source
