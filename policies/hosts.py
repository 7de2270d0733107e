"""Finds host names in any text of a manifest, however they are written there.

Nothing here knows who owns a host; it only reads. A name counts if it has at least one dot. What is read too
much does no harm, as only names of the catalogue matter; what is read too little would let a host through. So
every text is read in several ways: as it stands, decoded (percent signs, JSON and YAML escapes, wide
characters, base64 in a text that speaks of it), without quotes (a shell joins ``s3.amazon'aws'.com``), and
with variables replaced whose values the manifest spells out.

What only people read is left out: descriptions in the schema of a custom resource, annotations of an alert,
a few annotations that no controller reads, what a selector excludes, and in the files of a ConfigMap lines of
comment, the names of XML namespaces, and descriptions and links of a dashboard.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from policies.decoding import from_base64
from policies.facts import ENGINES_OWN, Resource, Value, plain
from policies.prose import is_exclusion, without_packages, without_prose
from policies.workloads.command_line import environment_of
from policies.workloads.containers import Container, containers_of

__all__ = ["Names", "hosts_in", "names_in", "readings", "texts_of", "variables_of"]

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
_AROUND: Final = " \t\r\n\"'._-"
_PORT_OR_PATH: Final = re.compile(r"\.?(?:/|:[0-9])")
_MAY_NAME: Final = re.compile(r"[.%\\$]|[^\x00-\x7f]|b(?:ase)?64", re.IGNORECASE)
"""A text without any of these has no dot and hides none."""
_BASE64: Final = re.compile(r"b(?:ase)?64", re.IGNORECASE)
_ENCODED: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{6,}={0,2}(?![A-Za-z0-9+/=_-])")
_URL_SAFE: Final = str.maketrans("-_", "+/")
_SPECIAL: Final = frozenset("%$\\\"'`")
"""Without any of these a text has one reading."""
_ROUNDS: Final = 4
_LONGEST_CODE: Final = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Names:
    """The host names of one text, in lower case, without port, user, path or dot at the end."""

    all: frozenset[str] = _NONE
    addressed: frozenset[str] = _NONE
    """Those that stand where only a host can: after ``//`` or ``@``, or before a port or a path."""
    whole: frozenset[str] = _NONE
    """The one that is the whole text, if any."""

    def __or__(self, other: Names) -> Names:
        return Names(self.all | other.all, self.addressed | other.addressed, self.whole | other.whole)


def hosts_in(text: str, variables: Mapping[str, str] | None = None) -> frozenset[str]:
    """Return every host name in a text: see ``names_in``."""
    return names_in(text, variables).all


def names_in(text: str, variables: Mapping[str, str] | None = None) -> Names:
    """Return every host name in a text, and which of them can be nothing else.

    ``variables`` are those whose values are known: they replace ``$(NAME)``, ``${NAME}`` and ``$NAME``.
    """
    if _MAY_NAME.search(text) is None:
        return _NOTHING
    known = tuple(sorted(variables.items())) if variables and "$" in text else ()
    return _read(text, known)


_NOTHING: Final = Names()


@lru_cache(maxsize=4096)
def _read(text: str, variables: tuple[tuple[str, str], ...]) -> Names:
    """Keep what was read: rules look at every text again, and most texts stand in many resources."""
    found: set[str] = set()
    addressed: set[str] = set()
    whole: set[str] = set()
    for reading in readings(text, dict(variables)):
        length = len(reading.strip(_AROUND))
        for match in _NAME.finditer(reading):
            name = _bare_name(match)
            if "." not in name:
                continue
            found.add(name)
            if _is_addressed(reading, match):
                addressed.add(name)
            if len(name) == length:
                whole.add(name)
    return Names(frozenset(found), frozenset(addressed), frozenset(whole)) if found else _NOTHING


def _bare_name(match: re.Match[str]) -> str:
    """Return what looks like a name. The two digits of a percent sign before it are no part of it."""
    escaped = match.start() > 0 and match.string[match.start() - 1] == "%"
    return (match[0][2:] if escaped else match[0]).strip("._-")


def _is_addressed(reading: str, match: re.Match[str]) -> bool:
    before = reading[max(0, match.start() - 2) : match.start()]
    if before == "//" or before.endswith("@"):
        return True
    return not before.endswith((".", "/")) and _PORT_OR_PATH.match(reading, match.end()) is not None


def readings(text: str, variables: Mapping[str, str]) -> set[str]:
    """Return every way in which a text can be meant, in lower case: layer by layer, each with its quotes and
    without them. What the text itself assigns (``A=b``) counts as well.
    """
    if text.isascii() and _SPECIAL.isdisjoint(text) and _BASE64.search(text) is None:
        return {text.lower()}
    meant = _meant(text, variables)
    for layer in tuple(meant):
        if "$" in layer and "=" in layer:
            assigned = {match[1]: _unquoted(match[2]) for match in _ASSIGNMENT.finditer(layer)}
            meant |= _meant(layer, {**variables, **assigned}) if assigned else set()
    for layer in tuple(meant):
        if _BASE64.search(layer) is not None:
            meant.update(_decoded_words(layer))
    return {_normal(reading) for reading in meant}


def _meant(text: str, variables: Mapping[str, str]) -> set[str]:
    layers = _layers(text, variables)
    bare = _unquoted(text)
    return {*layers, *map(_unquoted, layers), *(_layers(bare, variables) if bare != text else ())}


def _decoded_words(text: str) -> Iterator[str]:
    """Yield what stands behind each word in base64 of a text that decodes such words by itself."""
    for match in _ENCODED.finditer(text):
        word = match[0].rstrip("=").translate(_URL_SAFE)
        yield from_base64(word + "=" * (-len(word) % 4)) or ""


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


def texts_of(resource: Resource) -> Iterator[tuple[str, Names]]:
    """Yield every place in a resource where hosts are named, with their names.

    Keys count like values: a label, an annotation and a file name of a ConfigMap are keys. The values of a
    Kubernetes Secret are left alone, its names are not. Inside a container the variables of that container
    are replaced, and a ``binaryData`` of a ConfigMap is decoded. The image of a container is left to
    ``images-registry``, which allows the registries of the jurisdiction and no other.
    """
    yield from resource.once(_texts)


def _texts(resource: Resource) -> tuple[tuple[str, Names], ...]:
    return tuple(_read_texts(resource))


def _read_texts(resource: Resource) -> Iterator[tuple[str, Names]]:
    yield from _named("type", names_in(resource.type.partition(":")[2]))
    is_kubernetes = resource.package == "kubernetes"
    is_secret = resource.type.startswith("kubernetes:core/v1:Secret")
    reader = _Reader(
        {
            part.path: environment_of(part)
            for part in (containers_of(resource) if is_kubernetes else ())
            if isinstance(part, Container)
        },
        frozenset({"data", "stringData"}) if is_secret else _NONE,
        files="data" if resource.type.startswith("kubernetes:core/v1:ConfigMap") else "",
        unread=_unread_by_machines(resource) if is_kubernetes else None,
    )
    variables = variables_of(resource)
    for key, value in resource.properties.items():
        if key != ENGINES_OWN:
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
    files: str = ""
    """The path whose values are files: a name that is a whole one need not be a host."""
    unread: Callable[[str, str, Value], bool] | None = None
    """Says whether what stands at a path under a key is for people alone."""


_DOCUMENTARY: Final = re.compile(
    r"app\.kubernetes\.io/.*|artifacthub\.io/.*|meta\.helm\.sh/.*|org\.opencontainers\.image\..*|a8r\.io/.*"
    r"|link\.argocd\.argoproj\.io/.*|kubernetes\.io/(?:description|change-cause)"
)
"""Annotations by which people and catalogues of charts describe an object; no controller acts on them."""
_ALERT: Final = re.compile(r"spec\.groups\[\d+\]\.rules\[\d+\]")
_ALERT_KINDS: Final = ("kubernetes:monitoring.coreos.com/", "kubernetes:operator.victoriametrics.com/")
_SCHEMAS: Final = "kubernetes:apiextensions.k8s.io/"
_PODS: Final = re.compile(r"kubernetes:core/v1:Pod(?:Patch|List)?")
_DATA_OF_SCHEMA: Final = re.compile(r"(?<!\.properties)\.(?:default|enum|example)(?=[.\[]|$)")


def _unread_by_machines(resource: Resource) -> Callable[[str, str, Value], bool]:
    """Return what tells documentation in an object from what a controller reads.

    A pod can read its own annotations and use them; what describes a Deployment stays with the Deployment.
    """
    is_alerts = resource.type.startswith(_ALERT_KINDS)
    is_schema = resource.type.startswith(_SCHEMAS)
    is_pod = _PODS.fullmatch(resource.type) is not None

    def unread(path: str, key: str, value: Value) -> bool:
        if path == "metadata.annotations":
            return not is_pod and _DOCUMENTARY.fullmatch(key) is not None
        if is_alerts:
            return key == "annotations" and _ALERT.fullmatch(path) is not None
        if not is_schema or not path.startswith("spec.") or _DATA_OF_SCHEMA.search(path):
            return False
        return key == "externalDocs" or (key == "description" and isinstance(plain(value), str))

    return unread


def _named(path: str, names: Names) -> Iterator[tuple[str, Names]]:
    if names.all:
        yield path, names


def _walk(
    key: str, value: Value, path: str, reader: _Reader, variables: Mapping[str, str]
) -> Iterator[tuple[str, Names]]:
    yield from _named(path, _of_key(key))
    bare = plain(value)
    if isinstance(bare, str):
        yield from _named(path, names_in(without_packages(bare), variables))
    elif isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _walk("", element, f"{path}[{index}]", reader, variables)
    elif isinstance(bare, Mapping) and not is_exclusion(bare, path):
        own = reader.containers.get(path)
        inner = variables if own is None else own
        for name, item in bare.items():
            here = f"{path}.{name}"
            if path in reader.hidden or (reader.unread is not None and reader.unread(path, name, item)):
                yield from _named(here, _of_key(name))
            elif key == "binaryData":
                yield from _named(here, _of_file(names_in(from_base64(plain(item)) or "")))
            elif path == reader.files and isinstance(plain(item), str):
                text = without_prose(str(plain(item)))
                yield from _named(here, _of_key(name) | _of_file(names_in(text, inner)))
            elif own is None or name != "image":
                yield from _walk(name, item, here, reader, inner)


def _of_key(key: str) -> Names:
    """Return the names in a key, which is a name of a setting unless something says that it is a host."""
    return _of_file(names_in(key))


def _of_file(names: Names) -> Names:
    return Names(names.all, names.addressed) if names.whole else names
