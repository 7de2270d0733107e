"""Models of known developers, found in any text: a word, a path, an image, a configuration.

``owner/name`` is taken for a model where the owner is one of ``catalog/data/hub_owners.yaml``, in any letter
case, also as a step of a longer path, in the layout of the hub's cache (``models--owner--name``) and with an
escaped slash. Whether the model may be served is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Final

from catalog import load_catalog

__all__ = ["family_in", "known_models", "without_comments"]

_OTHER = re.compile(r"[^A-Za-z0-9._/-]+")
_CACHED = re.compile(r"models--([A-Za-z0-9._-]+?)--([A-Za-z0-9._-]+)")
_CODE = re.compile(r"\\u(?P<long>[0-9A-Fa-f]{4})|\\x(?P<short>[0-9A-Fa-f]{2})|%(?P<url>[0-9A-Fa-f]{2})")
_FILE = re.compile(r"\.(?:git|gguf|safetensors|tar|tar\.gz|tgz|zip)$", re.IGNORECASE)
_SHORT: Final = 400
_COMMENT = re.compile(r"(?m)^[ \t]*#.*$")


def known_models(text: str) -> tuple[str, ...]:
    """Return every model of a known developer that a text names, once each, as the catalogue spells it.

    A model that no row spells out is returned as the text has it.
    """
    if "/" not in text and "--" not in text and "%" not in text and "\\" not in text:
        return ()  # most words
    return _known(text) if len(text) < _SHORT else _search(text)


@lru_cache(maxsize=4096)
def _known(text: str) -> tuple[str, ...]:
    return _search(text)  # many workloads share their variables and paths


def _search(text: str) -> tuple[str, ...]:
    found = (_model(owner, name) for owner, name in _pairs(_unescaped(text)))
    return tuple({model.lower(): model for model in found if model}.values())


def family_in(name: str) -> str:
    """Return the family of models after which an image is named, as ``llama`` for ``meta-llama-3-8b``.

    A version must follow, as programs are called after families too (``llama-cpp``). Empty if there is none.
    """
    found = _families().search(name.lower())
    return found["family"] if found is not None else ""


def without_comments(text: str) -> str:
    """Return a configuration or script without its lines of comment, which tell no program anything."""
    return _COMMENT.sub("", text) if "#" in text else text


def _unescaped(text: str) -> str:
    """Return a text with the escapes of JSON, YAML and URLs written out, which can spell a name anew."""
    if "\\" not in text and "%" not in text:
        return text
    plain = _CODE.sub(lambda match: chr(int(match[match.lastgroup or ""], 16)), text)
    return plain.replace("\\/", "/")


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield each known owner in a text, with the step of the path behind it."""
    owners = _owners()
    for chunk in _OTHER.split(text):
        if "/" in chunk:
            steps = [step for step in chunk.split("/") if step]
            for index, step in enumerate(steps[:-1]):
                if step.lower() in owners:
                    yield step, steps[index + 1]
        if "--" in chunk:
            for match in _CACHED.finditer(chunk):
                yield match[1], match[2]


def _model(owner: str, name: str) -> str:
    names = _owners().get(owner.lower())
    name = _FILE.sub("", name.rstrip(".-_"))
    if names is None or not name or not names.fullmatch(name.lower()):
        return ""
    model = f"{owner}/{name}"
    return _spelt_out().get(model.lower(), model)


@cache
def _owners() -> Mapping[str, re.Pattern[str]]:
    """Return the names that are models, by owner in lower case; the catalogue's own owners are among them."""
    catalog = load_catalog()
    rows = {row.id.partition("/")[0].lower(): _names(()) for row in catalog.models}
    return rows | {row.owner.lower(): _names(row.names) for row in catalog.hub_owners.values()}


def _names(patterns: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = [".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns or ("*",)]
    return re.compile("|".join(alternatives))


@cache
def _spelt_out() -> Mapping[str, str]:
    return {row.id.lower(): row.id for row in load_catalog().models if not row.is_pattern}


@cache
def _families() -> re.Pattern[str]:
    words = sorted({each for row in load_catalog().hub_owners.values() for each in row.families})
    family = "|".join(map(re.escape, words))
    return re.compile(rf"(?<![a-z])(?P<family>{family})[-_.]?(?:v|r|\d+x)?\d")
