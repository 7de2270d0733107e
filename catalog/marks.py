"""What components write and policies look for. Both know it from here, so that neither goes its own way."""

from __future__ import annotations

from typing import Final

__all__ = ["DATA_LABEL", "JURISDICTION_LABEL", "MODELS_DIRECTORY", "NO_ANSWER"]

JURISDICTION_LABEL: Final = "sovereign.dev/jurisdiction"
"""Label of an object: the code of the jurisdiction that it belongs to."""

DATA_LABEL: Final = "sovereign.dev/data"
"""Label of an object: ``personal`` or ``none``."""

MODELS_DIRECTORY: Final = "/models"
"""Where weights are mounted in a pod. A model lies in ``/models/<owner>/<name>``, so its path names it."""

NO_ANSWER: Final = "192.0.0.8"
"""What a name answers to whom it has nothing to say: an address that no packet can be sent to (RFC 7600)."""
