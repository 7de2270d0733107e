"""The containers that serve models, for rules that look at how they do it rather than at which model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.facts import Resource
from policies.models.engines import Engine, started, suspicions
from policies.models.vllm_flags import CONFIG_JSON_FLAGS, LIST_FLAGS, MODEL_FLAGS, ONE_VALUE_FLAGS
from policies.violations import violation
from policies.workloads.command_line import Token, command_line
from policies.workloads.containers import Container, containers_of

__all__ = ["Server", "meant", "normal_flag", "servers_of", "serves", "violation"]

_KNOWN: Final = frozenset({*MODEL_FLAGS, *ONE_VALUE_FLAGS, *LIST_FLAGS, *CONFIG_JSON_FLAGS})
_SHELL_OPERATORS: Final = frozenset({";", ";;", "&", "&&", "|", "||", "(", ")", "|&", ";&"})


@dataclass(frozen=True, slots=True)
class Server:
    """An inference server that a container starts by a command that can be read."""

    container: Container
    engine: Engine
    prefix: tuple[Token, ...]
    """The words before the program: wrappers, assignments, earlier commands of a script."""
    arguments: tuple[Token, ...]
    """Its own arguments."""
    behind: tuple[Token, ...]
    """All words after the program, also those of later commands of a script."""

    @property
    def label(self) -> str:
        """How a message names its container."""
        return self.container.label


def servers_of(resource: Resource) -> Iterator[Server]:
    """Yield every server whose command can be read. What cannot be read is refused by ``model-ip``."""
    if resource.package != "kubernetes":
        return
    for container in containers_of(resource):
        if not isinstance(container, Container):
            continue
        line = command_line(container)
        found = None if line.problem else started(line, container.image)
        if found is None or found.problem:
            continue
        own = _own(found.arguments) if line.script else found.arguments
        yield Server(container, found.engine, found.prefix, own, found.arguments)


def _own(words: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return the words up to the end of the command: an operator, or a comment."""
    for index, token in enumerate(words):
        if token.text in _SHELL_OPERATORS or token.text.startswith("#"):
            return words[:index]
    return words


def serves(container: Container) -> bool:
    """Return True for a container that serves models, or for which nobody can tell that it does not."""
    return any(suspicions(container, command_line(container)))


def normal_flag(text: str) -> str:
    """Return the flag of ``--flag`` or ``--flag=value`` with hyphens for underscores, without dotted keys."""
    name = text.partition("=")[0].partition(".")[0]
    return name.replace("_", "-") if name.startswith("--") else name


def meant(flag: str, flags: frozenset[str]) -> set[str]:
    """Return which of some flags a word of vLLM's may stand for: itself, or those that it abbreviates."""
    if flag in flags:
        return {flag}
    if flag in _KNOWN or len(flag) < 2 or flag == "--":
        return set()
    return {each for each in flags if each.startswith(flag)}
