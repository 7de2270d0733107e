"""Texts in which a container is told to write a file: commands, arguments and variables of several words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.facts import Resource, plain
from policies.workloads.containers import Container, containers_of

__all__ = ["here_documents", "scripts_in"]

_HERE_DOCUMENT: Final = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?[^\n]*\n(.*?)\n[ \t]*\1(?!\w)", re.DOTALL)


def here_documents(script: str) -> tuple[tuple[str, ...], str]:
    """Return the here-documents of a shell script, and the script without them."""
    if "<<" not in script:
        return (), script
    return tuple(match[2] for match in _HERE_DOCUMENT.finditer(script)), _HERE_DOCUMENT.sub("", script)


def scripts_in(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield every text of several words, or of JSON, in commands, arguments and variables of containers."""
    for part in containers_of(resource) if resource.package == "kubernetes" else ():
        if not isinstance(part, Container):
            continue
        named = [("command", part.command), ("args", part.args)]
        named += [("env", variable.value) for variable in part.environment]
        for name, value in named:
            bare = plain(value)
            for element in bare if isinstance(bare, tuple) else (bare,):
                word = plain(element)
                if isinstance(word, str) and ("\n" in word or " " in word or word.startswith("{")):
                    yield f"{part.path}.{name}", word
