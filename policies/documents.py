"""Configuration files inside a manifest, as facts: YAML (JSON is YAML too), else TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, cast

import yaml

from policies.facts import Value, freeze

__all__ = ["TooMuchError", "documents_in"]

_MOST_NODES: Final = 50_000
_DEEPEST: Final = 60
_LOADER: Final = cast("type[yaml.BaseLoader]", getattr(yaml, "CBaseLoader", yaml.BaseLoader))
"""Every scalar stays a text, and a tag that nobody knows is no reason to read nothing. In C where there is
one, which is ten times as fast.
"""


class TooMuchError(ValueError):
    """Aliases of aliases, or a nest too deep to walk."""


@lru_cache(maxsize=256)
def documents_in(text: str) -> tuple[Value, ...]:
    """Return the documents of a text as facts; none if it is neither YAML, JSON nor TOML.

    Raises:
        TooMuchError: it can be parsed, and nobody can walk it to its end.
    """
    try:
        found: list[object] = list(yaml.load_all(text, Loader=_LOADER))
    except (yaml.YAMLError, RecursionError, ValueError):
        found = []
    if not any(isinstance(each, Mapping | list) for each in found):
        try:
            found = [tomllib.loads(text)]
        except (tomllib.TOMLDecodeError, RecursionError):
            return ()
    for document in found:
        _measure(document)
    return tuple(freeze(_plain_data(document)) for document in found)


def _measure(document: object) -> None:
    """Refuse what grows without end when it is walked: aliases of aliases, and loops."""
    seen = 0
    waiting: list[tuple[object, int]] = [(document, 0)]
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        if seen > _MOST_NODES or depth > _DEEPEST:
            raise TooMuchError
        if isinstance(node, Mapping):
            waiting.extend((item, depth + 1) for item in cast("Mapping[object, object]", node).values())
        elif isinstance(node, list):
            waiting.extend((item, depth + 1) for item in cast("list[object]", node))


def _plain_data(node: object) -> object:
    """Return a document without what is no fact: a date of TOML becomes a text."""
    if isinstance(node, Mapping):
        return {str(key): _plain_data(item) for key, item in cast("Mapping[object, object]", node).items()}
    if isinstance(node, list):
        return [_plain_data(item) for item in cast("list[object]", node)]
    return node if node is None or isinstance(node, bool | int | float | str) else str(node)
