"""Where a fact comes from, and the base class of every row of the catalogue."""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

__all__ = ["Checked", "Country", "Fact", "Line", "Source"]


def _alpha2(code: str) -> str:
    if len(code) == 2 and code.isascii() and code.isalpha() and code.isupper():
        return code
    message = "an ISO 3166 alpha-2 country code is two capital letters, such as FR or GB"
    raise ValueError(message)


Country = Annotated[str, AfterValidator(_alpha2)]
"""An ISO 3166 alpha-2 country code, in capitals: the United Kingdom is GB, never UK."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""A text that says something: not empty, no blanks around it."""


class Fact(BaseModel):
    """Base of every row: it cannot be changed after loading, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Checked(StrEnum):
    """How far a fact was checked, strongest first."""

    SCHEMA = "schema"
    """Read in the provider SDK that this project installs."""
    SOURCE = "source"
    """Read in upstream source code, or in the licence text itself."""
    DOCS = "docs"
    """Read in the documentation of the company that the fact is about."""
    THREAD = "thread"
    """Read in an issue or pull request."""
    PAGE = "page"
    """Read on a page of somebody else: press, law firm, third-party table."""
    MEMORY = "memory"
    """Not checked against any text. Verify before you lean on it."""


class Source(Fact):
    """Where a fact was read and when.

    ``date`` is the date of the document when it bears one, else the day on which it was read.
    """

    ref: Line
    date: datetime.date
    checked: Checked
