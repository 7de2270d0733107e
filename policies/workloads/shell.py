"""The commands of a shell script, as far as its text gives them away.

This is no shell. It reads the grammar of POSIX sh and the usual additions of bash far enough to say which
word stands where a program's name stands, in substitutions, here-documents and functions too. A word that a
shell would compute is known not to be known. What cannot be followed is a problem of the whole script.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from policies.workloads.shell_words import ASSIGNMENT, Command, Found, LostError, ScriptWord, WordReader

__all__ = ["Command", "Script", "ScriptWord", "read_script"]

_OPERATORS: Final = ("&&", "||", ";;&", ";;", ";&", "|&", "&", "|", ";", "(", ")", "\n")
_REDIRECT = re.compile(r"[0-9]*(?:<<<|<<-|<<|<>|<&|<|>>|>\||>&|>)|&>>|&>")
_HEREDOCS: Final = frozenset({"<<", "<<-"})
_RESERVED: Final = frozenset({"if", "then", "elif", "else", "while", "until", "do", "!", "{"})
_CLOSING: Final = frozenset({"fi", "done", "esac", "}"})
_TEST = re.compile(r"\[\[\s")


@dataclass(frozen=True, slots=True)
class Script:
    """What a script runs."""

    commands: tuple[Command, ...] = ()
    assigned: frozenset[str] = frozenset()
    """Names of the variables that it sets in front of a command or alone."""
    written: frozenset[str] = frozenset()
    """Words that name files into which it redirects."""
    problem: str = ""
    """Why it could not be followed to its end, or empty."""


def read_script(
    text: str, environment: Mapping[str, str], positional: Sequence[ScriptWord] | None = ()
) -> Script:
    """Return what a script runs.

    Args:
        text: the script.
        environment: variables whose values are known, before the script sets any.
        positional: ``$1`` and so on; None if they are not known.
    """
    words = None if positional is None else tuple(positional)
    return _read(text, tuple(sorted(environment.items())), words)


@lru_cache(maxsize=512)
def _read(
    text: str, variables: tuple[tuple[str, str], ...], positional: tuple[ScriptWord, ...] | None
) -> Script:
    """Read a script once: several rules ask about the same one, and many workloads share it."""
    environment = dict(variables)
    found = Found()
    known = {name: value for name, value in environment.items() if not _may_set(text, name)}
    if re.search(r"\bshift\b|\bset\s+(?:--|[^-+\s])|\(\s*\)\s*\{", text):
        positional = None
    try:
        _Reader(text, known, positional, found, 0).read_list(until="")
    except LostError as problem:
        return Script(
            tuple(found.commands), frozenset(found.assigned), frozenset(found.written), str(problem)
        )
    return Script(tuple(found.commands), frozenset(found.assigned), frozenset(found.written))


def _may_set(text: str, name: str) -> bool:
    """Return True if the name stands in the script other than to be expanded."""
    return re.search(rf"(?<![$\w{{]){re.escape(name)}\b", text) is not None or f"{{{name}:=" in text


class _Reader(WordReader):
    def read_list(self, until: str) -> None:
        """Read commands up to a closing parenthesis, or to the end."""
        cases: list[bool] = []  # one for each open `case`: True where a pattern is expected
        while True:
            words = self._read_words()
            operator = self._operator()
            words = self._without_reserved(words)
            first = words[0].raw if words else ""
            if cases and first == "esac":
                cases.pop()
                words = []
            elif cases and cases[-1]:
                self._expect(operator in {"(", "\n", "|", ")"}, "it has a case that could not be followed")
                cases[-1] = operator != ")"
                continue
            elif first == "case":
                cases.append(operator != ")")
                continue
            if operator == "(" and words and self._closes_at_once():
                words = []
                operator = ";"
            elif operator == "(" and not words and self._text.startswith("(", self._at):
                self._skip_arithmetic()
                operator = ";"
            elif operator == "(":
                self._expect(not words, "it has a parenthesis that could not be followed")
                self.read_list(until=")")
                operator = ";"
            self._take(words)
            if operator in {";;", ";&", ";;&"} and cases:
                cases[-1] = True
            if operator in {")", ""}:
                self._expect(operator == until, "its parentheses are not balanced")
                return

    def _without_reserved(self, words: list[ScriptWord]) -> list[ScriptWord]:
        while words and words[0].raw in _RESERVED:
            words = words[1:]
        if words and words[0].raw in _CLOSING:
            return words[:1] if words[0].raw == "esac" else []
        if words and words[0].raw in {"for", "select"}:
            return []
        if words and words[0].raw == "function" and len(words) > 1:
            return self._without_reserved(words[2:])
        return words

    def _take(self, words: list[ScriptWord]) -> None:
        while words:
            match = ASSIGNMENT.match(words[0].raw)
            if match is None:
                break
            self._found.assigned.add(match[1])
            words = words[1:]
        if words:
            self._found.commands.append(Command(tuple(words)))

    def _closes_at_once(self) -> bool:
        match = re.compile(r"\s*\)").match(self._text, self._at)
        if match is None:
            return False
        self._at = match.end()
        return True

    def _operator(self) -> str:
        for operator in _OPERATORS:
            if self._text.startswith(operator, self._at):
                self._at += len(operator)
                if operator == "\n":
                    self._read_heredocs()
                return operator
        return ""

    def _read_words(self) -> list[ScriptWord]:
        words: list[ScriptWord] = []
        while True:
            self._skip_blanks()
            rest = self._text[self._at : self._at + 1]
            if not rest:
                return words
            redirect = _REDIRECT.match(self._text, self._at)
            if redirect is not None and not self._text.startswith(("<(", ">("), self._at):
                self._redirect(redirect[0])
            elif rest in ";&|()\n":
                return words
            elif _TEST.match(self._text, self._at) and all(each.raw in _RESERVED for each in words):
                end = self._text.find("]]", self._at)
                self._expect(end >= 0, "it does not close a test")
                self._expansions(self._text[self._at : end])
                self._at = end + 2
            else:
                words.extend(self._word())

    def _redirect(self, written: str) -> None:
        self._at += len(written)
        kind = written.lstrip("0123456789")
        self._skip_blanks()
        start = self._at
        target = self._word()
        if kind in _HEREDOCS:
            raw = self._text[start : self._at]
            delimiter = re.sub(r"[\\'\"]", "", raw)
            self._heredocs.append((delimiter, raw == delimiter))
        elif ">" in kind:
            self._found.written.update(each.text for each in target)

    def _skip_blanks(self) -> None:
        while self._at < len(self._text):
            if self._text[self._at] in " \t\r":
                self._at += 1
            elif self._text.startswith("\\\n", self._at):
                self._at += 2
            elif self._text[self._at] == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            else:
                return

    def _read_heredocs(self) -> None:
        for delimiter, expands in self._heredocs:
            body: list[str] = []
            while self._at < len(self._text):
                end = self._text.find("\n", self._at)
                line = self._text[self._at :] if end < 0 else self._text[self._at : end]
                self._at = len(self._text) if end < 0 else end + 1
                if line.lstrip("\t") == delimiter:
                    break
                body.append(line)
            if expands:
                self._expansions("\n".join(body))
        self._heredocs.clear()

    def _array(self) -> None:
        """Pass over the elements of an array, which only a computed word can name."""
        while not self._text.startswith(")", self._at):
            self._expect(self._at < len(self._text), "it does not close an array")
            before = self._at
            self._read_words()
            if self._text.startswith("\n", self._at):
                self._at += 1
            self._expect(self._at > before or self._text.startswith(")", self._at), "it has an odd array")
        self._at += 1
