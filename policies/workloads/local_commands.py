"""A command that runs where the program itself runs (``command:local:Command``), as rules read containers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import Resource, Unknown, Value, is_blank, plain
from policies.workloads.containers import Container, Variable

__all__ = ["LOCAL_COMMAND", "local_commands"]

LOCAL_COMMAND: Final = "command:local:Command"
_STEPS: Final = ("create", "update", "delete")
_SHELL: Final = ("/bin/sh", "-c")


def local_commands(resource: Resource) -> Iterator[tuple[str, Container]]:
    """Yield each step of a local command with its property: ``create``, ``update`` and ``delete``.

    A text that is only known after the update is a word that nobody can read.
    """
    if resource.type == LOCAL_COMMAND:
        yield from resource.once(_steps)


def _steps(resource: Resource) -> tuple[tuple[str, Container], ...]:
    properties = resource.properties
    given = plain(properties.get("interpreter"))
    interpreter = _SHELL if is_blank(given) else given
    variables = plain(properties.get("environment"))
    named = variables.items() if isinstance(variables, Mapping) else ()
    environment = tuple(Variable(name, item) for name, item in named)
    unreadable = "environment is only known after the update" if isinstance(variables, Unknown) else ""
    found: list[tuple[str, Container]] = []
    for step in _STEPS:
        text = properties.get(step)
        if is_blank(text):
            continue
        words: Value = (*interpreter, text) if isinstance(interpreter, tuple) else Unknown.UNKNOWN
        found.append((step, Container(step, "", None, words, None, environment, unreadable)))
    return tuple(found)
