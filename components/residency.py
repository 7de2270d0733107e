"""Whose data a resource holds, written on the resource itself.

Every Kubernetes object and every cloud resource that takes labels or tags says which jurisdiction it belongs
to and whether personal data passes through it. Policies, admission and the drift report read these marks;
people do too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

from catalog.marks import DATA_LABEL, JURISDICTION_LABEL

__all__ = ["DataClass", "Residency"]

DataClass = Literal["personal", "none"]
"""``personal``: prompts, answers or logs of people pass through. ``none``: weights, images and the like."""


@dataclass(frozen=True, kw_only=True)
class Residency:
    """The jurisdiction of a resource and the class of data in it."""

    jurisdiction: str
    data: DataClass

    def without_personal_data(self) -> Self:
        """The same jurisdiction, for what never sees a prompt: a weights bucket, an image registry."""
        return replace(self, data="none")

    @property
    def labels(self) -> dict[str, str]:
        """The marks as Kubernetes labels."""
        return {JURISDICTION_LABEL: self.jurisdiction, DATA_LABEL: self.data}

    @property
    def tags(self) -> list[str]:
        """The marks as ``key:value`` strings, for clouds whose tags have no keys."""
        return [f"jurisdiction:{self.jurisdiction}", f"data:{self.data}"]

    @property
    def tag_map(self) -> dict[str, str]:
        """The marks for clouds whose tags have keys."""
        return {"jurisdiction": self.jurisdiction, "data": self.data}
