"""Finds the Pulumi engine on PATH, or builds the pinned one from its Go module into the user's cache."""

from rehearsal.engine.locate import MINIMUM_VERSION, Engine, find_engine
from rehearsal.engine.tools import helm_binary

__all__ = ["MINIMUM_VERSION", "Engine", "find_engine", "helm_binary"]
