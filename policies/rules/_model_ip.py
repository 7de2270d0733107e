"""What the rules about models share: the law and the framework behind them."""

from __future__ import annotations

from typing import Final

__all__ = ["LAW", "REFERENCES", "SOURCE"]

LAW: Final = "Copyright and the licence of each checkpoint: only what can be read can be judged"
SOURCE: Final = "catalog/data/models.yaml and catalog/data/hub_owners.yaml, each row with its source"
REFERENCES: Final = ("EU Cloud Sovereignty Framework SOV-3", "EU Cloud Sovereignty Framework SOV-5")
