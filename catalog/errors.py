"""The two errors this package raises.

Both carry one message that lists every mistake found, a line each, so that a file can be mended in one go.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["CatalogError", "LockError"]


class _MistakesError(Exception):
    """A headline and the mistakes behind it; ``mistakes`` keeps them apart for a caller that counts."""

    def __init__(self, headline: str, mistakes: Sequence[str] = ()) -> None:
        self.headline = headline
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join([headline, *(f"  - {mistake}" for mistake in self.mistakes)]))


class CatalogError(_MistakesError):
    """A catalogue file is wrong, or somebody asked for a jurisdiction, cloud or place that is not in it."""


class LockError(_MistakesError):
    """A lock file (``locks/<stack>.yaml``) is absent, unreadable or wrong."""
