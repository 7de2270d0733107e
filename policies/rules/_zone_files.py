"""Answers of DNS beside a cloud's records: whole zone files, and what external-dns is told to publish."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policies.facts import Found, Resource, Value, plain, select

__all__ = ["TARGET", "ZoneAnswer", "published_names", "zone_answers"]

_ZONE_FILES: Final[Mapping[str, tuple[str, str]]] = {
    "ovh:Domain/zoneImport:ZoneImport": ("zoneFile", "zoneName"),
}
"""Types that bring a whole zone in the form of BIND: where the file stands, and the name of the zone."""

TARGET: Final = re.compile(r"external-dns\.(?:alpha\.)?kubernetes\.io/target")
"""The annotation that tells external-dns what the names of an object answer with."""

_NAMING: Final = frozenset({"ALIAS", "ANAME", "CNAME", "DNAME", "HTTPS", "NS", "PTR", "SRV", "SVCB"})
"""Types whose answers are names to which clients of the stack go."""
_CLASSES: Final = frozenset({"CH", "CS", "HS", "IN"})
_TTL: Final = re.compile(r"(?:\d+[smhdw]?)+", re.IGNORECASE)
_WORD: Final = re.compile(r'"(?:[^"\\]|\\.)*"|;[^\n]*|[()\n]|(?:[^\s;()"\\]|\\.)+|[ \t]+')
_STEP: Final = re.compile(r"\$(?:\{[^}]*\})?")
_MADE: Final = "$generate"


@dataclass(frozen=True, slots=True)
class ZoneAnswer:
    """One record of a zone file."""

    kind: str
    """Its type, in capitals."""
    text: str
    """What it answers with; names that are relative stand there a second time, with the origin."""


def zone_answers(resource: Resource) -> Iterator[tuple[str, ZoneAnswer]]:
    """Yield every record of the zone files in a resource."""
    file, zone = _ZONE_FILES.get(resource.type, ("", ""))
    for found in select(resource.properties, file) if file else ():
        text, origin = plain(found.value), plain(resource.properties.get(zone))
        if isinstance(text, str):
            for answer in _records(text, origin if isinstance(origin, str) else ""):
                yield found.path, answer


def _records(text: str, origin: str) -> Iterator[ZoneAnswer]:
    for line in _lines(text):
        first = line[0].lower()
        if first == "$origin" and len(line) > 1:
            origin = _whole(line[1], origin)
        elif first == _MADE and len(line) > 2:
            for number in re.findall(r"\d+", line[1])[:2]:
                yield from _record([_STEP.sub(number, word) for word in line[2:]], origin)
        elif not first.startswith("$"):
            yield from _record(line, origin)


def _lines(text: str) -> Iterator[list[str]]:
    """Yield the words of each entry, which brackets carry over the end of a line; comments are left out.

    An owner that is left out is an empty word, as the line then begins with a space.
    """
    words: list[str] = []
    is_open, is_first = False, True
    for match in _WORD.finditer(text + "\n"):
        word = match[0]
        if word == "\n" and not is_open:
            if any(words):
                yield words
            words, is_first = [], True
            continue
        if is_first and word.isspace():
            words.append("")
        elif word in "()":
            is_open = word == "("
        elif not word.isspace() and not word.startswith(";"):
            words.append(word)
        is_first = False


def _record(words: list[str], origin: str) -> Iterator[ZoneAnswer]:
    rest = words[1:]
    while rest and (rest[0].upper() in _CLASSES or _TTL.fullmatch(rest[0])):
        rest = rest[1:]
    if not rest or not rest[0].isalnum():  # whatever it is, it may be an address
        yield ZoneAnswer("", " ".join(rest))
        return
    kind, answer = rest[0].upper(), rest[1:]
    relative = [_whole(each, origin) for each in answer if _is_relative(each)] if kind in _NAMING else []
    yield ZoneAnswer(kind, " ".join((*answer, *relative)))


def _is_relative(word: str) -> bool:
    return not word.endswith(".") and not word.isdecimal() and "=" not in word


def _whole(name: str, origin: str) -> str:
    return name if name.endswith(".") or not origin else f"{name}.{origin.rstrip('.')}."


def published_names(resource: Resource) -> Iterator[Found]:
    """Yield what external-dns is told to answer with, in annotations of any object and in its own kind."""
    if resource.package != "kubernetes":
        return
    yield from _annotated(resource.properties, "")
    if resource.type.startswith("kubernetes:externaldns.k8s.io/"):
        for found in select(resource.properties, "spec.endpoints"):
            fields = plain(found.value)
            if isinstance(fields, Mapping):
                kind = plain(fields.get("recordType"))
                for each in select(fields, "targets") if kind not in {"CAA", "MX", "TXT"} else ():
                    yield Found(f"{found.path}.{each.path}", each.value)


def _annotated(value: Value, path: str) -> Iterator[Found]:
    bare = plain(value)
    if isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _annotated(element, f"{path}[{index}]")
    elif isinstance(bare, Mapping):
        for name, item in bare.items():
            here = f"{path}.{name}" if path else name
            if TARGET.fullmatch(name):
                yield Found(here, item)
            elif not isinstance(item, str):
                yield from _annotated(item, here)
