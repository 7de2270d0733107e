"""The Python language runtime that the engine attaches to."""

from rehearsal.language.host import LanguageServer

__all__ = ["LanguageServer"]
