"""What the rules about hyperscalers share: the law and the framework behind them."""

from __future__ import annotations

from typing import Final

__all__ = ["LAW", "REFERENCES"]

LAW: Final = "US CLOUD Act (18 U.S.C. 2713) against GDPR Art 48 and UK GDPR Art 48: orders of third countries"
REFERENCES: Final = (
    "EU Cloud Sovereignty Framework SOV-1",
    "EU Cloud Sovereignty Framework SOV-2",
    "EU Cloud Sovereignty Framework SOV-5",
    "GDPR Art 48",
)
