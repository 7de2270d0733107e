"""What in a text tells no program where to go: comment, what only people read, names of packages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, cast

__all__ = ["is_exclusion", "without_packages", "without_prose"]

_COMMENT: Final = re.compile(
    r"(?m)^[ \t]*#(?!!|include\b|cloud-|[ \t]*(?:syntax|escape)[ \t]*=)[^\r\n]*(?<!\\)\r?$"
)
"""A line of comment. Some lines that begin like one tell a program something: which interpreter, what to
fetch; and one that ends in a backslash goes on in the next."""
_NAMESPACE: Final = re.compile(r"""\bxmlns(?::[\w-]+)?\s*=\s*(?:"[^"]*"|'[^']*')""")
_DASHBOARD: Final = ('"panels"', '"schemaVersion"')
"""Keys that every dashboard of Grafana has."""
_PACKAGE: Final = "docker.io"
"""The package of Debian and Ubuntu with Docker in it."""
_PACKAGES: Final = re.compile(
    r"(?m)^packages:[ \t]*(?:\[[^\]]*\]|\n(?:[ \t]*-[^\n]*(?:\n|\Z))+)"
    r"|(?<![\w-])apt(?:-get)?(?:[ \t]+-[\w-]+(?:=\S+)?)*[ \t]+install(?:[ \t]+[\w.+:~=-]+)+"
)
"""The packages of a cloud-config, and what APT is told to install."""
_ALONE: Final = re.compile(r"(?<![\w./:@-])docker\.io(?![\w./:@-])")
_EXCLUDING: Final = frozenset({"DoesNotExist", "NotIn"})


def without_prose(text: str) -> str:
    """Return a file without what tells no program where to go. A text of one line is a value, and no file."""
    if all(mark in text for mark in _DASHBOARD):
        return _dashboard(text)
    if "\n" not in text:
        return text
    if "#" in text:
        text = _COMMENT.sub("", text)
    return _NAMESPACE.sub("", text) if "xmlns" in text else text


def without_packages(text: str) -> str:
    """Return a text without the package ``docker.io`` where only a package can stand."""
    if _PACKAGE not in text:
        return text
    return _PACKAGES.sub(lambda match: _ALONE.sub("", match[0]), text)


def is_exclusion(value: Mapping[str, Any], path: str) -> bool:
    """Return True for a part of a selector that only says which objects are not meant."""
    return (
        ".matchExpressions[" in path
        and value.get("operator") in _EXCLUDING
        and value.keys() <= {"key", "operator", "values"}
    )


def _dashboard(text: str) -> str:
    """Return a dashboard of Grafana without descriptions and links, which people read and Grafana does not.

    A link with a variable stays, as whoever follows it takes figures along.
    """
    try:
        fields: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return json.dumps(_shown(fields), ensure_ascii=False)


def _shown(value: object) -> object:
    if isinstance(value, list):
        return [_shown(each) for each in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    kept: dict[str, object] = {}
    for key, item in cast("dict[str, object]", value).items():
        if key == "links" and isinstance(item, list):
            kept[key] = [_link(each) for each in cast("list[object]", item)]
        elif key != "description" or not isinstance(item, str):
            kept[key] = _shown(item)
    return kept


def _link(value: object) -> object:
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, object]", value)
    url = fields.get("url")
    is_plain = isinstance(url, str) and "$" not in url
    return {key: _shown(item) for key, item in fields.items() if not (is_plain and key == "url")}
