"""YAML as people expect it: ``no`` is the word no, and a key given twice is an error.

YAML 1.1 reads ``country: NO`` (Norway) and ``commercial: no`` as False. Here only ``true`` and ``false`` are
booleans. PyYAML also lets the second of two equal keys win without a word, which hides a fact.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

__all__ = ["YamlError", "parse", "read"]

if TYPE_CHECKING:
    _Base = yaml.SafeLoader
else:
    _Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_BOOL = "tag:yaml.org,2002:bool"


class YamlError(Exception):
    """The text is not YAML, or gives a key twice; the message says at which line."""


class _Loader(_Base):
    yaml_implicit_resolvers = {  # noqa: RUF012  # a class attribute of PyYAML's, replaced as PyYAML does it
        first: [(tag, regexp) for tag, regexp in resolvers if tag != _BOOL]
        for first, resolvers in _Base.yaml_implicit_resolvers.items()
    }


_Loader.yaml_implicit_resolvers["t"] = [(_BOOL, re.compile("true"))]
_Loader.yaml_implicit_resolvers["f"] = [(_BOOL, re.compile("false"))]


def parse(text: str) -> object:
    """Return the document in ``text``.

    Raises:
        YamlError: the text is not one YAML document, or a mapping gives a key twice.
    """
    try:
        return _document(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}: " if mark else ""
        message = f"{where}{error.problem or error.context or 'not YAML'}"
        raise YamlError(message) from error
    except yaml.YAMLError as error:
        raise YamlError(str(error)) from error


def read(path: Path) -> object:
    """Return the document in a file.

    Raises:
        YamlError: as ``parse``, with the file's name.
        OSError: it cannot be read.
    """
    try:
        return parse(path.read_text(encoding="utf-8"))
    except YamlError as error:
        message = f"{path}: {error}"
        raise YamlError(message) from error


def _document(text: str) -> object:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _refuse_repeated_keys(node, set())
        document: object = loader.construct_document(node)  # pyright: ignore[reportUnknownMemberType]  # stub
    finally:
        loader.dispose()
    return document


def _refuse_repeated_keys(node: yaml.Node, seen: set[int]) -> None:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, seen)
    elif isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in keys:
                message = f"line {key.start_mark.line + 1}: the key {name!r} is given twice"
                raise YamlError(message)
            keys.add(name)
            _refuse_repeated_keys(value, seen)
