"""Services of companies of the United States that a manifest names by a field and not by a host."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from catalog._mappings import frozen
from catalog._source import Country, Fact, Line, Source
from catalog.hosts import HostKind

__all__ = [
    "CONFIG_FILE",
    "FLAG",
    "SCHEME",
    "VARIABLE",
    "FileHints",
    "NamedService",
    "hints_of",
    "services_by_key",
]

CONFIG_FILE: Final = "config-file"
"""A text of YAML, JSON or TOML in a config map, a secret or a field of an object."""
FLAG: Final = "flag"
"""A flag on the command line of a container."""
VARIABLE: Final = "variable"
"""An environment variable of a container, or an entry of a config map that may become one."""
SCHEME: Final = "scheme"
"""What stands before ``://`` in any text."""
TEXT: Final = "text"
"""A configuration file in a form of its own, known by a word in it."""


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        message = f"a value is a regular expression for the whole value; this one cannot be read: {error}"
        raise ValueError(message) from error
    return text


class NamedService(Fact):
    """One way to name a hosted service without a host: a key, or a value of one."""

    name: Line
    reader: Line
    """The program that reads the field."""
    where: tuple[Line, ...] = Field(min_length=1)
    """API groups of objects, or ``config-file``, ``flag``, ``variable``, ``scheme``, ``text``."""
    paths: tuple[Line, ...] = Field(min_length=1)
    """Keys joined by dots, the last ones of the whole path; ``*`` stands for any one key, and lists do not
    count. For a flag, a variable and a scheme, its name; for a text, a word in lower case by which the file
    is known.
    """
    value: Annotated[str, AfterValidator(_pattern)] | None = None
    """A regular expression for the whole value, in lower case; without one the key alone says it. For a text,
    what is looked for in it.
    """
    unless: tuple[Line, ...] = ()
    """Keys in the same object, or inside it: one that says something leads elsewhere, and that host is
    judged instead.
    """
    beside: tuple[Line, ...] = ()
    """Keys that have to stand in the same object for the row to mean anything."""
    owner: Line
    """The company that runs the service."""
    country: Country
    kind: HostKind
    note: str = ""
    source: Source


def services_by_key(rows: Iterable[NamedService]) -> Mapping[str, Mapping[str, tuple[NamedService, ...]]]:
    """Return the rows by where they are read, then by the last key of their paths."""
    found: dict[str, dict[str, tuple[NamedService, ...]]] = {}
    for row in rows:
        for where in row.where:
            keys = found.setdefault(where, {})
            for last in dict.fromkeys(path.rpartition(".")[2] for path in row.paths):
                keys[last] = (*keys.get(last, ()), row)
    return frozen({where: frozen(keys) for where, keys in found.items()})


@dataclass(frozen=True, slots=True)
class FileHints:
    """Tells in one look whether a configuration file can name a service at all: parsing takes far longer."""

    words: re.Pattern[str]
    """Keys that name a service by themselves, and API groups."""
    common: re.Pattern[str]
    """Keys that name one by their value."""
    values: re.Pattern[str]
    """Such values."""

    def may_name(self, text: str) -> bool:
        """Return False for a text that no row can be about. A text with escapes may hide anything."""
        if self.words.search(text):
            return True
        return bool(self.common.search(text)) and ("\\" in text or bool(self.values.search(text.lower())))


def hints_of(rows: Iterable[NamedService]) -> FileHints:
    """Return what a text must hold to name one of some services."""
    words: set[str] = set()
    common: set[str] = set()
    values: set[str] = set()
    for row in rows:
        words.update(where for where in row.where if "." in where)
        if CONFIG_FILE in row.where:
            keys = {path.rpartition(".")[2] for path in row.paths}
            if row.value is None:
                words |= keys
            else:
                common |= keys
                values.add(f"(?:{row.value})")
    return FileHints(
        _any_word(words), _any_word(common), re.compile(rf"(?<![\w-])(?:{'|'.join(sorted(values))})")
    )


def _any_word(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(sorted(map(re.escape, words)))})(?![\w-])")
