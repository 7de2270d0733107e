"""Finds host names in any text of a manifest, however they are written there.

Nothing here knows who owns a host; it only reads. A name counts if it has at least one dot. What is read too
much does no harm, as only names of the catalogue matter; what is read too little would let a host through. So
every text is read in several ways: as it stands, decoded (percent signs, JSON and YAML escapes, wide
characters), without quotes (a shell joins ``s3.amazon'aws'.com``), and with variables replaced whose values
the manifest spells out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from policies.decoding import from_base64
from policies.facts import Resource, Value, plain
from policies.models.command_line import environment_of
from policies.models.containers import Container, containers_of

__all__ = ["hosts_in", "readings", "texts_of", "variables_of"]

_NAME: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")
_ESCAPE: Final = re.compile(
    r"\\(?:u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|0?([0-7]{2,3})|(.))",
    re.DOTALL,
)
_BREAKS: Final = {"a": " ", "b": " ", "e": " ", "f": " ", "n": "\n", "r": "\r", "t": "\t", "v": " "}
_FOLDED: Final = re.compile(r"\\\r?\n[ \t]*")
_QUOTES: Final = re.compile(r"[\"'`\\]")
_FULL_STOPS: Final = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61", "."))
_VARIABLE: Final = re.compile(
    r"\$(?:\((?P<kubernetes>\w+)\)|\{(?P<braced>\w+)[^}]*\}|(?P<bare>[A-Za-z_]\w*))"
)
_ASSIGNMENT: Final = re.compile(r"(?<![\w$])([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|[^\s;&|)\"']*)")
"""A variable that a shell script sets, with a value that it spells out."""
_NONE: Final[frozenset[str]] = frozenset()
_MAY_NAME: Final = re.compile(r"[.%\\$]|[^\x00-\x7f]")
"""A text without any of these has no dot and hides none."""
_SPECIAL: Final = frozenset("%$\\\"'`")
"""Without any of these a text has one reading."""
_ENGINES_OWN: Final = "__internal"
"""Where the engine keeps what it knows of a provider, among that where its plugin is to be had."""
_ROUNDS: Final = 4
_LONGEST_CODE: Final = 0x10FFFF


def hosts_in(text: str, variables: Mapping[str, str] | None = None) -> frozenset[str]:
    """Return every host name in a text, in lower case, without port, user, path or dot at the end.

    ``variables`` are those whose values are known: they replace ``$(NAME)``, ``${NAME}`` and ``$NAME``.
    """
    if _MAY_NAME.search(text) is None:
        return _NONE
    known = tuple(sorted(variables.items())) if variables and "$" in text else ()
    return _read(text, known)


@lru_cache(maxsize=4096)
def _read(text: str, variables: tuple[tuple[str, str], ...]) -> frozenset[str]:
    """Keep what was read: two rules look at every text, and most texts stand in many resources."""
    found: set[str] = set()
    for reading in readings(text, dict(variables)):
        found.update(name.strip("._-") for name in _names(reading))
    return frozenset(name for name in found if "." in name)


def _names(reading: str) -> Iterator[str]:
    """Yield what looks like a name. The two digits of a percent sign before it are no part of it."""
    for match in _NAME.finditer(reading):
        escaped = match.start() > 0 and reading[match.start() - 1] == "%"
        yield match[0][2:] if escaped else match[0]


def readings(text: str, variables: Mapping[str, str]) -> set[str]:
    """Return every way in which a text can be meant, in lower case: layer by layer, each with its quotes and
    without them. What the text itself assigns (``A=b``) counts as well.
    """
    if text.isascii() and _SPECIAL.isdisjoint(text):
        return {text.lower()}
    meant = _meant(text, variables)
    for layer in tuple(meant):
        if "$" in layer and "=" in layer:
            assigned = {match[1]: _unquoted(match[2]) for match in _ASSIGNMENT.finditer(layer)}
            meant |= _meant(layer, {**variables, **assigned}) if assigned else set()
    return {_normal(reading) for reading in meant}


def _meant(text: str, variables: Mapping[str, str]) -> set[str]:
    layers = _layers(text, variables)
    bare = _unquoted(text)
    return {*layers, *map(_unquoted, layers), *(_layers(bare, variables) if bare != text else ())}


def _layers(text: str, variables: Mapping[str, str]) -> list[str]:
    layers = [text]
    for _ in range(_ROUNDS):
        below = _unescaped(unquote(_expanded(layers[-1], variables)))
        if below == layers[-1]:
            break
        layers.append(below)
    return layers


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    def replace(match: re.Match[str]) -> str:
        name = match["kubernetes"] or match["braced"] or match["bare"]
        return variables.get(name, match[0])

    return _VARIABLE.sub(replace, text) if variables and "$" in text else text


def _unescaped(text: str) -> str:
    """Return a text with one layer of escapes read, as in JSON, YAML and C; texts within texts have more."""
    if "\\" not in text:
        return text

    def character(match: re.Match[str]) -> str:
        if match[6]:
            return _BREAKS.get(match[6], match[6])
        code = int(match[5], 8) if match[5] else int(match[match.lastindex or 1], 16)
        return chr(code) if code <= _LONGEST_CODE else match[0]

    return _ESCAPE.sub(character, _FOLDED.sub("", text))


def _unquoted(text: str) -> str:
    return _QUOTES.sub("", text)


def _normal(text: str) -> str:
    """Return a text as a resolver would take it: wide letters narrow, no invisible characters, lower case."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_FULL_STOPS)).translate(_FULL_STOPS)
        text = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return text.casefold()


def texts_of(resource: Resource) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield every place in a resource where hosts are named, with their names.

    Keys count like values: a label, an annotation and a file name of a ConfigMap are keys. The values of a
    Kubernetes Secret are left alone, its names are not. Inside a container the variables of that container
    are replaced, and a ``binaryData`` of a ConfigMap is decoded. The image of a container is left to
    ``images-registry``, which allows the registries of the jurisdiction and no other.
    """
    yield from resource.once(_texts)


def _texts(resource: Resource) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple(_read_texts(resource))


def _read_texts(resource: Resource) -> Iterator[tuple[str, frozenset[str]]]:
    yield from _named("type", hosts_in(resource.type.partition(":")[2]))
    is_kubernetes = resource.package == "kubernetes"
    is_secret = resource.type.startswith("kubernetes:core/v1:Secret")
    reader = _Reader(
        {
            part.path: environment_of(part)
            for part in (containers_of(resource) if is_kubernetes else ())
            if isinstance(part, Container)
        },
        frozenset({"data", "stringData"}) if is_secret else _NONE,
    )
    variables = variables_of(resource)
    for key, value in resource.properties.items():
        if key != _ENGINES_OWN:
            yield from _walk(key, value, key, reader, variables)


def variables_of(resource: Resource) -> Mapping[str, str]:
    """Return the known variables that a command of the package ``command`` sets for itself."""
    environment = plain(resource.properties.get("environment")) if resource.package == "command" else None
    if not isinstance(environment, Mapping):
        return {}
    values = ((name, plain(value)) for name, value in environment.items())
    return {name: value for name, value in values if isinstance(value, str)}


@dataclass(frozen=True, slots=True)
class _Reader:
    """What is known about a resource before its texts are read."""

    containers: Mapping[str, Mapping[str, str]]
    """The variables of each container, by its path."""
    hidden: frozenset[str]
    """Paths whose values are not read."""


def _named(path: str, names: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    if names:
        yield path, names


def _walk(
    key: str, value: Value, path: str, reader: _Reader, variables: Mapping[str, str]
) -> Iterator[tuple[str, frozenset[str]]]:
    yield from _named(path, hosts_in(key))
    bare = plain(value)
    if isinstance(bare, str):
        yield from _named(path, hosts_in(bare, variables))
    elif isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _walk("", element, f"{path}[{index}]", reader, variables)
    elif isinstance(bare, Mapping):
        own = reader.containers.get(path)
        inner = variables if own is None else own
        for name, item in bare.items():
            here = f"{path}.{name}"
            if path in reader.hidden:
                yield from _named(here, hosts_in(name))
            elif key == "binaryData":
                yield from _named(here, hosts_in(from_base64(plain(item)) or ""))
            elif own is None or name != "image":
                yield from _walk(name, item, here, reader, inner)
