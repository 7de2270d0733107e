"""Finds fields that name a hosted service: in objects, in configuration files, on command lines.

What is looked for is in catalog/data/services.yaml. Values that are only known after the update are judged
then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from catalog import Catalog, NamedService
from catalog.services import CONFIG_FILE, FLAG, SCHEME, TEXT, VARIABLE
from policies.decoding import from_base64
from policies.documents import TooMuchError, documents_in
from policies.facts import Resource, Unknown, Value, is_blank, plain
from policies.hosts import readings, variables_of
from policies.models.machines import starts_of
from policies.workloads.command_line import environment_of
from policies.workloads.containers import Container, containers_of

__all__ = ["services_in"]

Rows = Mapping[str, tuple[NamedService, ...]]
Finding = tuple[str, NamedService | str]
"""Where, and the service found there or what cannot be read there."""

_FLAG: Final = re.compile(r"""(?<![\w-])(--[a-z][\w-]*)(?:(?:=|\s+)["']?(?!--)([^\s"',]+))?""")
_SCHEME: Final = re.compile(r"(?<![a-z0-9+.-])([a-z][a-z0-9+.-]*)://")
_REMOTE: Final = re.compile(r"RCLONE_CONFIG_(?P<remote>\w+)_(?P<key>TYPE|PROVIDER|ENDPOINT)", re.IGNORECASE)
_SCHEMAS: Final = "kubernetes:apiextensions.k8s.io/"
"""Definitions of kinds name every service that there is a field for, and use none."""
_MERGE: Final = "<<"
"""YAML's key for what is taken in from elsewhere: it is no step of a path."""


def services_in(resource: Resource, catalog: Catalog) -> Iterator[Finding]:
    """Yield every place in a resource that names a service, with the row of the catalogue."""
    if resource.type.startswith(_SCHEMAS):
        return
    if resource.package == "kubernetes":
        group = resource.type.removeprefix("kubernetes:").partition("/")[0]
        yield from _fields(resource.properties, catalog.services_in(group), (), "")
        for part in containers_of(resource):
            if isinstance(part, Container):
                yield from _container(part, catalog)
    is_secret = resource.type.startswith("kubernetes:core/v1:Secret")
    is_map = resource.type.startswith("kubernetes:core/v1:ConfigMap")
    variables = catalog.services_in(VARIABLE)
    encoded = ("binaryData", "data") if is_secret else ("binaryData",)
    for path, key, text in _texts(resource.properties, ""):
        top = path.partition(".")[0]
        known = (from_base64(text) or "") if top in encoded and (is_secret or is_map) else text
        yield from _text(path, known, catalog, quiet=is_secret)
        for row in variables.get(key, ()) if is_map else ():
            if _fits(row, text, {}):
                yield path, row
    for start in starts_of(resource):
        if start.container is not None:
            yield from ((start.where, row) for _, row in _container(start.container, catalog))
        yield from ((start.where, row) for row in _flags(start.script or "", {}, catalog))
    for name, value in variables_of(resource).items():
        yield from _text(f"environment.{name}", value, catalog, quiet=False)


def _texts(value: Value, path: str) -> Iterator[tuple[str, str, str]]:
    """Yield every text with its path and its last key."""
    bare = plain(value)
    if isinstance(bare, str):
        yield path, path.rpartition(".")[2], bare
    elif isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _texts(element, f"{path}[{index}]")
    elif isinstance(bare, Mapping):
        for key, item in bare.items():
            yield from _texts(item, f"{path}.{key}" if path else key)


def _text(path: str, text: str, catalog: Catalog, *, quiet: bool) -> Iterator[Finding]:
    """Yield what a text names: by the scheme of a URL, or, if it is a configuration file, by its keys.

    With ``quiet`` schemes are left alone, as a value of a secret may be anything.
    """
    if "://" in text and not quiet:
        schemes = catalog.services_in(SCHEME)
        for name in dict.fromkeys(match[1] for match in _SCHEME.finditer(text.lower())):
            yield from ((path, row) for row in schemes.get(name, ()))
    if not _may_be_a_file(text):
        return
    yield from ((path, row) for row in _in_own_form(text.lower(), catalog))
    if not catalog.may_name_a_service(text):
        return
    rows = catalog.services_in(CONFIG_FILE)
    try:
        documents = documents_in(text)
    except TooMuchError:
        yield path, "a configuration file that is too large or too deep to be read"
        return
    for document in documents:
        yield from ((path, row) for _, row in _fields(document, rows, (), ""))
        group = document.get("apiVersion") if isinstance(document, Mapping) else None
        if isinstance(group, str) and "/" in group:
            own = catalog.services_in(group.partition("/")[0])
            yield from ((path, row) for _, row in _fields(document, own, (), ""))


def _in_own_form(text: str, catalog: Catalog) -> Iterator[NamedService]:
    for word, rows in catalog.services_in(TEXT).items():
        for row in rows if word in text else ():
            if re.search(row.value or "", text) and not any(each in text for each in row.unless):
                yield row


def _may_be_a_file(text: str) -> bool:
    return "\n" in text or text.lstrip().startswith(("{", "["))


def _fields(
    value: Value, rows: Rows, steps: tuple[str, ...], path: str
) -> Iterator[tuple[str, NamedService]]:
    if not rows:
        return
    bare = plain(value)
    if isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _fields(element, rows, steps, f"{path}[{index}]")
    elif isinstance(bare, Mapping):
        for key, item in bare.items():
            here = f"{path}.{key}" if path else key
            name = key.partition("/")[0]  # an exporter may have a name of its own: awsxray/mine
            below = steps if key == _MERGE else (*steps, name)
            for row in rows.get(name, ()):
                if any(_ends(below, each) for each in row.paths) and _fits(row, item, bare):
                    yield here, row
            yield from _fields(item, rows, below, here)


def _ends(steps: tuple[str, ...], path: str) -> bool:
    wanted = path.split(".")
    last = steps[-len(wanted) :]
    return len(last) == len(wanted) and all(
        each in {"*", step} for each, step in zip(wanted, last, strict=True)
    )


def _fits(row: NamedService, item: Value, around: Mapping[str, Value]) -> bool:
    """Return True if what stands under a key of a row means the service of the row."""
    bare = plain(item)
    said = str(bare).lower() if isinstance(bare, str | bool) else None
    if row.value is not None and (said is None or not re.fullmatch(row.value, said)):
        return False
    if any(name not in around for name in row.beside):
        return False
    scope = bare if isinstance(bare, Mapping) else around
    return not (row.unless and _says(scope, row.unless))


def _says(value: Value, names: tuple[str, ...]) -> bool:
    """Return True if one of some keys stands in an object, or inside it, and says something."""
    bare = plain(value)
    if isinstance(bare, tuple):
        return any(_says(element, names) for element in bare)
    if not isinstance(bare, Mapping):
        return False
    return any(
        (key in names and not is_blank(item) and isinstance(plain(item), str | Unknown)) or _says(item, names)
        for key, item in bare.items()
    )


def _container(part: Container, catalog: Catalog) -> Iterator[Finding]:
    names = catalog.services_in(VARIABLE)
    beside = {variable.name: variable.value for variable in part.environment}
    for variable in part.environment:
        for row in names.get(variable.name, ()):
            if _fits(row, variable.value, beside):
                yield f"{part.path}.env", row
    remotes = _remotes(environment_of(part))
    yield from ((f"{part.path}.env", row) for row in _in_own_form(remotes, catalog))
    words = [word for value in (part.command, part.args) for word in _known_words(value)]
    found = _flags(" ".join(words), environment_of(part), catalog)
    yield from ((f"{part.path}.args", row) for row in found)


def _remotes(environment: Mapping[str, str]) -> str:
    """Return the remotes that variables describe to rclone, in the form of its file."""
    found: dict[str, list[str]] = {}
    for name, value in environment.items():
        match = _REMOTE.fullmatch(name)
        if match is not None:
            found.setdefault(match["remote"], []).append(f"{match['key']} = {value}")
    return "\n".join(f"[{name}]\n" + "\n".join(lines) for name, lines in found.items()).lower()


def _flags(line: str, environment: Mapping[str, str], catalog: Catalog) -> Iterator[NamedService]:
    """Yield the services that the flags in a line of commands name."""
    if "--" not in line:
        return
    rows = catalog.services_in(FLAG)
    found: dict[str, NamedService] = {}
    for reading in readings(line, environment):
        flags: dict[str, Value] = {match[1]: match[2] or "" for match in _FLAG.finditer(reading)}
        for name, value in flags.items():
            found.update({row.name: row for row in rows.get(name, ()) if _fits(row, value, flags)})
    yield from found.values()


def _known_words(value: Value) -> Iterator[str]:
    bare = plain(value)
    for element in bare if isinstance(bare, tuple) else (bare,):
        word = plain(element)
        if isinstance(word, str):
            yield word
