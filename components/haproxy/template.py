"""Rendering HAProxy configurations without letting a value become a directive."""

from __future__ import annotations

import re
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

__all__ = ["TemplateValueError", "checked_host", "checked_word", "render"]

_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+\Z")

_WORD = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


class TemplateValueError(ValueError):
    """A value would not stay one word inside an HAProxy configuration."""


def checked_host(host: str) -> str:
    """Return ``host`` if it is a lower-case DNS name with a dot.

    Raises:
        TemplateValueError: it is anything else, such as a name with blanks, quotes or a line break.
    """
    if not _HOST.match(host):
        message = f"{host!r} is not a host name: allowed are lower-case letters, digits, '-' and '.'"
        raise TemplateValueError(message)
    return host


def checked_word(word: str) -> str:
    """Return ``word`` if it may name a section or a server.

    Raises:
        TemplateValueError: it has other letters than lower-case ones, digits and ``-``.
    """
    if not _WORD.fullmatch(word):
        message = f"{word!r} is not a name: allowed are lower-case letters, digits and '-'"
        raise TemplateValueError(message)
    return word


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("components", ""),
        undefined=StrictUndefined,
        autoescape=select_autoescape(default=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(template: str, **values: object) -> str:
    """Render ``template``, a path below the package ``components``; a value left out is an error."""
    return _environment().get_template(template).render(**values)
