"""What the rules about hyperscalers share: the law behind them."""

from __future__ import annotations

from typing import Final

__all__ = ["LAW"]

LAW: Final = "US CLOUD Act (18 U.S.C. 2713) against GDPR Art 48 and UK GDPR Art 48: orders of third countries"
