"""What the rules about routers share: the law and the framework behind them."""

from __future__ import annotations

from typing import Final

__all__ = ["LAW", "REFERENCES"]

LAW: Final = (
    "GDPR and UK GDPR, article 44: a request must not leave, not even for the time it takes to route it"
)
REFERENCES: Final = (
    "EU Cloud Sovereignty Framework SOV-2",
    "EU Cloud Sovereignty Framework SOV-3",
    "GDPR Art 44",
    "UK GDPR Chapter V",
)
