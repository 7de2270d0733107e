"""The words of a shell script: quotes, variables, substitutions."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

__all__ = ["ASSIGNMENT", "Command", "Found", "LostError", "ScriptWord", "WordReader"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ASSIGNMENT: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]]*\])?\+?=")
"""How a word begins that sets a variable."""
_BRACES = re.compile(r"\{[^{}]*(?:,|\.\.)[^{}]*\}")
_DEEPEST: Final = 24


@dataclass(frozen=True, slots=True)
class ScriptWord:
    """One word of a command, quotes taken away."""

    text: str
    readable: bool = True
    """False if the shell computes it or a part of it, also by a pattern or by braces."""
    raw: str = ""
    """As it stands in the script."""


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command."""

    words: tuple[ScriptWord, ...]
    """The program and its arguments, without assignments and redirections."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a word."""

    fields: tuple[str, ...] = ("",)
    """Its text; several where a shell splits it at blanks."""
    readable: bool = True
    several: tuple[ScriptWord, ...] = ()
    """The words for which ``"$@"`` stands."""
    is_bare: bool = False
    """True if a pattern may be written with it."""


class LostError(Exception):
    """The text leaves the grammar that is read here."""


@dataclass(slots=True)
class Found:
    """What was found in a script so far."""

    commands: list[Command] = field(default_factory=list[Command])
    assigned: set[str] = field(default_factory=set[str])
    written: set[str] = field(default_factory=set[str])


class WordReader(ABC):
    """Reads words from a place in a script; whoever reads lists of commands derives from it."""

    def __init__(
        self,
        text: str,
        environment: Mapping[str, str],
        positional: Sequence[ScriptWord] | None,
        found: Found,
        depth: int,
    ) -> None:
        self._expect(depth <= _DEEPEST, "it is nested too deeply")
        self._text = text
        self._at = 0
        self._environment = environment
        self._positional = positional
        self._found = found
        self._depth = depth
        self._heredocs: list[tuple[str, bool]] = []

    @abstractmethod
    def read_list(self, until: str) -> None:
        """Read commands up to a closing parenthesis, or to the end."""

    @abstractmethod
    def _array(self) -> None:
        """Pass over the elements of an array."""

    @staticmethod
    def _expect(fine: bool, problem: str) -> None:
        if not fine:
            message = f"its shell script cannot be followed: {problem}"
            raise LostError(message)

    def _word(self) -> list[ScriptWord]:
        """Read one word; an unquoted variable with blanks in its value makes several, ``"$@"`` any number."""
        start = self._at
        parts: list[str] = [""]
        readable = True
        bare = ""
        several: tuple[ScriptWord, ...] = ()
        while self._at < len(self._text) and not self._ends_word(start):
            piece = self._piece()
            parts[-1] += piece.fields[0]
            parts += piece.fields[1:]
            readable = readable and piece.readable
            bare += piece.fields[0] if piece.is_bare else ""
            several = several or piece.several
        raw = self._text[start : self._at]
        if several and not any(parts):
            return list(several)
        if several or self._is_pattern(bare, raw):
            readable = False  # a text joined to the first or last of several words
        if not any(parts) and readable and not re.search(r"['\"]", raw):
            return []
        return [ScriptWord(part, readable, raw if len(parts) == 1 else part) for part in parts]

    def _ends_word(self, start: int) -> bool:
        char = self._text[self._at]
        if char in "<>":
            return not self._text.startswith(("<(", ">("), self._at)
        if char == "(":
            return ASSIGNMENT.fullmatch(self._text[start : self._at]) is None
        return char in " \t\r\n;&|)"

    def _piece(self) -> _Piece:
        """Read the next piece of a word: a quoted text, an expansion, or one plain character."""
        char = self._text[self._at]
        if char in "<>":
            self._at += 2
            self._nested_list()
            return _Piece(readable=False)
        if char == "(":
            self._at += 1
            self._array()
            return _Piece(readable=False)
        if char == "'":
            return _Piece((self._until("'", start=self._at + 1),))
        if char == '"':
            text, fine, several = self._double_quoted()
            return _Piece((text,), fine, several)
        if char == "\\":
            following = self._text[self._at + 1 : self._at + 2]
            self._at += 2
            return _Piece(("" if following == "\n" else following,))
        if char in "$`":
            text, fine, several = self._expansion()
            fields = tuple(text.split()) if fine else (text,)
            return _Piece(fields or ("",), fine, several)
        self._at += 1
        return _Piece((char,), is_bare=True)

    @staticmethod
    def _is_pattern(bare: str, raw: str) -> bool:
        if raw in {"[", "[[", "]", "]]", "{", "}", "!"} or ASSIGNMENT.match(raw):
            return False
        return raw.startswith("~") or any(char in bare for char in "*?[") or _BRACES.search(bare) is not None

    def _until(self, end: str, *, start: int) -> str:
        close = self._text.find(end, start)
        self._expect(close >= 0, "it has unbalanced quotes")
        self._at = close + len(end)
        return self._text[start:close]

    def _double_quoted(self) -> tuple[str, bool, tuple[ScriptWord, ...]]:
        self._at += 1
        text = ""
        readable = True
        several: tuple[ScriptWord, ...] = ()
        while True:
            char = self._text[self._at : self._at + 1]
            self._expect(bool(char), "it has unbalanced quotes")
            if char == '"':
                self._at += 1
                return text, readable, several
            if char == "\\":
                following = self._text[self._at + 1 : self._at + 2]
                text += "" if following == "\n" else following if following in '$`"\\' else "\\" + following
                self._at += 2
            elif char in "$`":
                more, fine, several = self._expansion(quoted=True)
                text += more
                readable = readable and fine
            else:
                text += char
                self._at += 1

    def _expansion(self, *, quoted: bool = False) -> tuple[str, bool, tuple[ScriptWord, ...]]:
        """Read what begins with ``$`` or a backtick; return its text, whether that is known, and ``"$@"``."""
        text, at = self._text, self._at
        if text[at] == "`":
            self._at += 1
            inner = self._until_backtick()
            self._deeper(inner).read_list(until="")
            return "", False, ()
        if text.startswith("$((", at):
            self._at += 2
            self._skip_arithmetic()
            return "", False, ()
        if text.startswith("$(", at):
            self._at += 2
            self._nested_list()
            return "", False, ()
        if text.startswith("${", at):
            return (*self._braced(), ())
        if not quoted and text.startswith("$'", at):
            self._until("'", start=at + 2)
            return "", False, ()
        if not quoted and text.startswith('$"', at):
            self._at += 1
            return self._double_quoted()[0], False, ()
        name = _NAME.match(text, at + 1)
        if name is not None:
            self._at = name.end()
            return (*self._value(name[0]), ())
        special = text[at + 1 : at + 2]
        if special in {"@", "*"} and special:
            self._at += 2
            if self._positional is None:
                return "", False, ()
            return "", True, tuple(self._positional)
        if special.isdigit():
            self._at += 2
            index = int(special) - 1
            if index < 0 or self._positional is None or index >= len(self._positional):
                return "", False, ()
            return self._positional[index].text, self._positional[index].readable, ()
        if special and special in "?$!#-":
            self._at += 2
            return "", False, ()
        self._at += 1
        return "$", True, ()

    def _value(self, name: str) -> tuple[str, bool]:
        value = self._environment.get(name)
        return ("", False) if value is None else (value, True)

    def _braced(self) -> tuple[str, bool]:
        start = self._at + 2
        depth, at = 1, start
        while depth:
            char = self._text[at : at + 1]
            self._expect(bool(char), "it has an expansion that is not closed")
            if char == "\\":
                at += 1
            elif char == "'":
                close = self._text.find("'", at + 1)
                at = close if close >= 0 else at
            depth += {"{": 1, "}": -1}.get(char, 0)
            at += 1
        inner = self._text[start : at - 1]
        self._at = at
        if _NAME.fullmatch(inner):
            return self._value(inner)
        self._expansions(inner)
        return "", False

    def _until_backtick(self) -> str:
        inner = ""
        while True:
            char = self._text[self._at : self._at + 1]
            self._expect(bool(char), "it has unbalanced backticks")
            if char == "`":
                self._at += 1
                return inner
            if char == "\\" and self._text[self._at + 1 : self._at + 2] in {"`", "\\", "$"}:
                self._at += 1
                char = self._text[self._at : self._at + 1]
            inner += char
            self._at += 1

    def _nested_list(self) -> None:
        inner = self._deeper(self._text)
        inner._at = self._at
        inner.read_list(until=")")
        self._at = inner._at

    def _expansions(self, text: str) -> None:
        """Take in the commands substituted in a text that is not itself a command."""
        inner = self._deeper(text)
        while inner._at < len(text):
            char = text[inner._at]
            if char == "\\":
                inner._at += 2
            elif char in "$`":
                inner._expansion(quoted=True)
            else:
                inner._at += 1

    def _skip_arithmetic(self) -> None:
        end = self._text.find("))", self._at)
        self._expect(end >= 0, "it does not close an arithmetic expression")
        self._expansions(self._text[self._at + 1 : end])
        self._at = end + 2

    def _deeper(self, text: str) -> Self:
        return type(self)(text, self._environment, self._positional, self._found, self._depth + 1)
