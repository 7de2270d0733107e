"""No command line leads to a hyperscaler by a program that needs no host to find it.

``aws s3 sync s3://…`` without an endpoint is Amazon; ``gsutil``, ``az`` and ``hf`` know one service only.
What a program does that is not in the catalogue, or inside an image, says nothing to this rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from catalog import Catalog, Program, ProgramKind
from policies.facts import Resource
from policies.models.command_lines import CommandLine, Used, command_lines_of, first_word, programs_in
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._hosts import is_read
from policies.rules._hyperscalers import LAW, REFERENCES
from policies.rules._residency import violation
from policies.violations import Violation
from policies.workloads.command_line import Token

__all__ = ["RULE"]

_ID: Final = "hyperscalers-programs"
_OFF: Final = frozenset({"", "0", "false", "no"})


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or not is_read(resource):
        return
    for line in command_lines_of(resource):
        for found, fix in dict.fromkeys(_found(line, context.catalog)):
            yield violation(
                _ID,
                resource,
                found=f"{line.where} {found}",
                allowed="programs that are told of a service in the jurisdiction, with an endpoint that the "
                "manifest spells out",
                fix=fix,
            )


def _found(line: CommandLine, catalog: Catalog) -> Iterator[tuple[str, str]]:
    for used in programs_in(line, catalog):
        if used.program.kind is ProgramKind.SERVICE and _reaches(used) and not _is_told(used, line):
            yield _found_program(used.program), _fix(used.program)


def _found_program(program: Program) -> str:
    return (
        f"runs {program.name}, which speaks with the service of {program.owner} ({program.country}) unless "
        "it is told of another, and nothing here tells it"
    )


def _fix(program: Program) -> str:
    if not program.elsewhere and not program.variables:
        return "take what it fetches from the registry or bucket of the jurisdiction"
    named = [*program.elsewhere[:1], *program.variables[:1]]
    return f"give it {' or '.join(named)} with a host of this jurisdiction, written out; or leave it away"


def _reaches(used: Used) -> bool:
    word = first_word(used)
    if used.program.verbs:
        words = used.words if word is None else (word,)
        return any(not each.readable or each.text in used.program.verbs for each in words)
    return word is None or not word.readable or word.text not in used.program.harmless


def _is_told(used: Used, line: CommandLine) -> bool:
    """Return True if an option or a variable with a known value names another service than the owner's."""
    program = used.program
    assigned = {name: value for name, value in line.environment.items() if name in program.variables}
    for words in line.runs.commands:
        for word in words:
            name, equals, value = word.text.partition("=")
            if equals and word.readable and name in program.variables:
                assigned[name] = value
    if any(value.lower() not in _OFF for value in assigned.values()):
        return True
    return any(_names(word, used.words[index + 1 :], program) for index, word in enumerate(used.words))


def _names(word: Token, following: tuple[Token, ...], program: Program) -> bool:
    option, equals, value = word.text.partition("=")
    if option not in program.elsewhere or not word.readable:
        return False
    if equals:
        return bool(value)
    if option in {"--no-index", "--offline"}:
        return True
    return bool(following) and following[0].readable and bool(following[0].text)


RULE = ResourceRule(
    id=_ID,
    family=Family.HYPERSCALERS,
    title="No command line leads to a hyperscaler by a program that needs no host to find it",
    why="Half of the programs that fetch models and data know one service only, or go to Amazon unless told "
    "otherwise; no host stands in such a command for a reader to see.",
    law=LAW,
    source="catalog/data/programs.yaml, each row with its source",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Mirror what is fetched there into the jurisdiction, or give the program an endpoint inside it.",
    exception="none. No US hyperscaler, for anything",
    check=_check,
)
