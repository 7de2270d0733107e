"""Reads an HAProxy configuration as far as the rule ``router`` needs it: sections, words, what they inherit.

Facts: HAProxy 2.6 configuration manual. A line is words; ``#`` starts a comment outside quotes; a backslash
takes the next character as it is. A section goes on until the next one; ``defaults`` hold for those behind
it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from policies.proxies.scripts import here_documents

__all__ = ["Configuration", "HaproxyError", "Line", "Section", "looks_like_haproxy", "read", "written_by"]

_SECTIONS: Final = frozenset(
    {
        *("global", "defaults", "frontend", "backend", "listen", "resolvers", "peers", "mailers", "userlist"),
        *(
            "cache",
            "ring",
            "http-errors",
            "log-forward",
            "program",
            "fcgi-app",
            "crt-store",
            "traces",
            "acme",
        ),
        *("log-profile", "sink", "healthcheck"),
    }
)
_PROXIES: Final = frozenset({"frontend", "backend", "listen"})
_UNQUOTED: Final = str.maketrans("", "", "\"'\\")
"""Takes out what makes a keyword look like another word to anybody but HAProxy."""

_SENDS: Final = re.compile(r"(?m)^\s*(?:bind|server|default_backend|use_backend)\s")


class HaproxyError(ValueError):
    """The text is no configuration that can be read; the message says why, without quoting it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One directive."""

    number: int
    words: tuple[str, ...]

    def starts_with(self, *words: str) -> bool:
        """Return True if the line begins with these words."""
        return self.words[: len(words)] == words


@dataclass(slots=True)
class Section:
    """One section, with the directives that it inherits in front of its own."""

    kind: str
    name: str
    number: int
    inherited: tuple[Line, ...] = ()
    own: list[Line] = field(default_factory=list[Line])

    @property
    def lines(self) -> tuple[Line, ...]:
        """Inherited directives, then its own."""
        return (*self.inherited, *self.own)

    def last(self, *words: str) -> Line | None:
        """Return the directive that begins with these words and holds: the last one."""
        return next((line for line in reversed(self.lines) if line.starts_with(*words)), None)

    @property
    def mode(self) -> str:
        """``tcp`` unless it says otherwise."""
        line = self.last("mode")
        return line.words[1] if line and len(line.words) > 1 else "tcp"

    @property
    def label(self) -> str:
        """How a message names it."""
        return f"{self.kind} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class Configuration:
    """A whole configuration."""

    sections: tuple[Section, ...]

    def of_kind(self, *kinds: str) -> Iterator[Section]:
        """Yield the sections of some kinds."""
        return (section for section in self.sections if section.kind in kinds)

    def backends(self) -> Mapping[str, Section]:
        """Return what a request can be sent to, by name."""
        return {section.name: section for section in self.of_kind("backend", "listen")}


def looks_like_haproxy(text: str) -> bool:
    """Return True for a text with a section that takes or sends connections.

    A line that ends in a brace or a semicolon opens or ends something in NGINX, Varnish or Terraform; HAProxy
    itself refuses it.
    """
    bare = text.translate(_UNQUOTED)
    lines = (raw.partition("#")[0].strip() for raw in bare.splitlines())
    sections = (line.split() for line in lines if not line.endswith(("{", ";")))
    return any(words[0] in _PROXIES for words in sections if len(words) > 1)


def written_by(script: str) -> Iterator[str]:
    """Yield the configurations that a shell script writes: the here-documents in it that look like one.

    A script that spells one out in another way is yielded whole, and cannot be read.
    """
    if not any(kind in script for kind in _PROXIES):
        return
    documents, rest = here_documents(script)
    bodies = [text for text in documents if looks_like_haproxy(text)]
    rest = rest.replace("\\n", "\n")
    if looks_like_haproxy(rest) and _SENDS.search(rest):
        bodies.append(rest)
    yield from bodies


def read(text: str) -> Configuration:
    """Read a configuration.

    Raises:
        HaproxyError: open quotes, a directive before any section, a conditional block, unknown defaults.
    """
    sections: list[Section] = []
    named_defaults: dict[str, Section] = {}
    defaults: Section | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        words = _words(raw, number)
        if not words:
            continue
        if words[0].startswith("."):
            message = f"line {number} is a conditional block, so nobody can tell what holds"
            raise HaproxyError(message)
        if words[0] not in _SECTIONS:
            if not sections:
                message = f"line {number} stands before any section"
                raise HaproxyError(message)
            sections[-1].own.append(Line(number, tuple(words)))
            continue
        section = _section(words, number, defaults, named_defaults)
        sections.append(section)
        if section.kind == "defaults":
            defaults = section
            if section.name:
                named_defaults[section.name] = section
    return Configuration(tuple(sections))


def _section(
    words: Sequence[str], number: int, defaults: Section | None, named: Mapping[str, Section]
) -> Section:
    name = words[1] if len(words) > 1 and words[1] != "from" else ""
    base = defaults if words[0] in _PROXIES else None
    if "from" in words[1:]:
        wanted = words[words.index("from", 1) + 1 :]
        if not wanted or wanted[0] not in named:
            message = f"line {number} takes its defaults from a section that is not there"
            raise HaproxyError(message)
        base = named[wanted[0]]
    return Section(words[0], name, number, base.lines if base else ())


def _words(raw: str, number: int) -> list[str]:
    """Split a line as HAProxy does.

    Raises:
        HaproxyError: a quote or a backslash is left open.
    """
    words: list[str] = []
    current: str | None = None
    quote = ""
    characters = iter(raw)
    for character in characters:
        if character == "\\" and quote != "'":
            following = next(characters, None)
            if following is None:
                message = f"line {number} ends in a backslash"
                raise HaproxyError(message)
            current = (current or "") + following
        elif quote:
            if character == quote:
                quote = ""
            else:
                current = (current or "") + character
        elif character in "'\"":
            quote, current = character, current or ""
        elif character == "#":
            break
        elif character.isspace():
            if current is not None:
                words.append(current)
            current = None
        else:
            current = (current or "") + character
    if quote:
        message = f"line {number} has an open quote"
        raise HaproxyError(message)
    return [*words, current] if current is not None else words
