"""The `rehearse` command line."""

from rehearsal.commands.app import main

__all__ = ["main"]
