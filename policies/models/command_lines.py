"""Every command line in a resource, wherever one may stand, and the programs of the catalogue in it.

In the containers of Kubernetes, their hooks and probes, the scripts of ConfigMaps, the containers that a
cloud runs itself, the start scripts of machines and the commands that run where the program runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from catalog import Catalog, Program
from policies.facts import Resource, Value, plain
from policies.models.machines import starts_of
from policies.models.programs import runs_of
from policies.workloads.command_line import Token, base_name, environment_of, is_wrapping
from policies.workloads.containers import Blind, Container, exec_commands
from policies.workloads.launchers import STRICT_LAUNCHERS, launched
from policies.workloads.local_commands import local_commands
from policies.workloads.program_names import LAUNCHERS, PYTHON
from policies.workloads.runs import Runs
from policies.workloads.serverless import all_containers

__all__ = ["CommandLine", "Used", "command_lines_of", "first_word", "programs_in"]

_SCRIPT_KEY: Final = re.compile(r".*\.(?:sh|bash)")
_RUNNING_OTHERS: Final = frozenset(
    {"find", "flock", "runuser", "script", "sg", "su", "trap", "watch", "xargs"}
)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """All commands of one container, script or step."""

    where: str
    """How a message names the place."""
    runs: Runs
    environment: Mapping[str, str]
    """The variables whose values are known."""
    image: Value = None
    """The image whose entry point gets the words, where the manifest names no program; else None."""


@dataclass(frozen=True, slots=True)
class Used:
    """A program of the catalogue in a command."""

    program: Program
    words: tuple[Token, ...]
    """What stands after it."""


def command_lines_of(resource: Resource) -> tuple[CommandLine, ...]:
    """Return every command line that a resource gives to something to run."""
    return resource.once(_read)


def _read(resource: Resource) -> tuple[CommandLine, ...]:
    return tuple(_lines(resource))


def _lines(resource: Resource) -> Iterator[CommandLine]:
    if resource.type.startswith("kubernetes:core/v1:ConfigMap"):
        yield from _scripts(resource)
        return
    for part in all_containers(resource):
        if not isinstance(part, Blind):
            yield _line(part.label, part)
            for command in exec_commands(part):
                yield _line(f"{part.label}, a hook or probe", part, command)
    for start in starts_of(resource):
        if start.container is not None:
            yield _line(f"`{start.where}`", start.container)
    for step, container in local_commands(resource):
        yield _line(f"`{step}`", container)


def _line(where: str, container: Container, command: Value = None) -> CommandLine:
    implicit = command is None and plain(container.command) in (None, (), "")
    runs = runs_of(container, command)
    return CommandLine(where, runs, environment_of(container), container.image if implicit else None)


def _scripts(resource: Resource) -> Iterator[CommandLine]:
    entries = plain(resource.properties.get("data"))
    for key, item in entries.items() if isinstance(entries, Mapping) else ():
        text = plain(item)
        if isinstance(text, str) and (_SCRIPT_KEY.fullmatch(key) or re.match(r"#!\S*(?:/| )\w*sh\b", text)):
            shown = f"`data.{key}`" if re.fullmatch(r"[\w.-]{1,80}", key) else "an entry of `data`"
            yield _line(shown, Container("data", "", None, ("/bin/sh", "-c", text), None))


def programs_in(line: CommandLine, catalog: Catalog) -> Iterator[Used]:
    """Yield every program of the catalogue that the commands of a line start, behind whatever wrappers."""
    image = plain(line.image)
    if isinstance(image, str):
        name = base_name(image.partition("@")[0]).partition(":")[0].lower()
        program = next((each for each in catalog.programs.values() if name in each.images), None)
        if program is not None:
            yield Used(program, line.runs.commands[0] if line.runs.commands else ())
    for words in line.runs.commands:
        yield from _in_command(words, catalog)


def _in_command(words: Sequence[Token], catalog: Catalog) -> Iterator[Used]:
    start = 0
    while start < len(words) and words[start].readable:
        name = base_name(words[start].text)
        if PYTHON.fullmatch(name):
            yield from _module(words[start + 1 :], catalog)
            return
        program = catalog.programs.get(name)
        if program is not None:
            yield Used(program, tuple(words[start + 1 :]))
        if name in STRICT_LAUNCHERS or name in _RUNNING_OTHERS:
            yield from _anywhere(words[start + 1 :], catalog)
            return
        if name in LAUNCHERS:
            index, _certain = launched(name, words[start + 1 :])
            if index is None:
                return
            start += 1 + index
        elif start + 1 < len(words) and is_wrapping(words[start].text):
            start += 1
        else:
            return


def _anywhere(words: Sequence[Token], catalog: Catalog) -> Iterator[Used]:
    """Yield the programs among the words of a command that runs one of its words in ways of its own."""
    for index, word in enumerate(words):
        program = catalog.programs.get(base_name(word.text)) if word.readable else None
        if program is not None:
            yield Used(program, tuple(words[index + 1 :]))


def _module(words: Sequence[Token], catalog: Catalog) -> Iterator[Used]:
    for index, word in enumerate(words[:-1]):
        if word.text == "-m":
            module = words[index + 1].text
            for program in catalog.programs.values():
                if any(module == each or module.startswith(f"{each}.") for each in program.modules):
                    yield Used(program, tuple(words[index + 2 :]))
            return
        if not word.text.startswith("-") and words[index - 1].text not in {"-X", "-W"}:
            return


def first_word(used: Used) -> Token | None:
    """Return the first word after a program that is no option, or an option that stands alone.

    None where an option stands before it of which nobody knows whether it takes the word as its value.
    """
    words, index = used.words, 0
    while index < len(words) and words[index].readable and words[index].text.startswith("-"):
        option = words[index].text
        if option in used.program.taking:
            index += 1
        elif "=" not in option and any(not word.text.startswith("-") for word in words[index + 1 :]):
            return None
        index += 1
    return words[min(index, len(words) - 1)] if words else None
