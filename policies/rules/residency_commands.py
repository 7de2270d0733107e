"""No command beside the program makes or changes what no rule sees.

A ``command:local:Command`` runs with the credentials of whoever runs the program: one line of it can put a
workload into any cluster, or a machine into any place. So each program that it starts must be readable, and
none may be one that steers a cloud, a cluster or another machine. In these, in containers and in start
scripts no client of HTTP may send an API of a cloud more than a question; what a program in another language
says to it is left to the rules about hosts. Commands over SSH are refused by ``residency-unclassified``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from catalog import Catalog, ProgramKind
from policies.facts import Resource
from policies.models.command_lines import CommandLine, Used, command_lines_of, first_word, programs_in
from policies.models.problems import STARTS_WORKLOADS
from policies.models.programs import FileRun
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._api_requests import changing_requests
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation
from policies.workloads.local_commands import LOCAL_COMMAND

__all__ = ["RULE"]

_ID: Final = "residency-commands"
_WHAT: Final = {
    ProgramKind.CLOUD: "which creates and changes resources of a cloud",
    ProgramKind.IAC: "which applies a description of infrastructure that no rule sees",
    ProgramKind.CLUSTER: "which changes what runs in a cluster, or runs containers beside one",
    ProgramKind.REMOTE: "which reaches another machine",
    ProgramKind.RUNNER: "which does what another file says, and no rule sees that",
}
_INSTALLED: Final = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/opt/homebrew/bin/")
_DECLARE: Final = "declare what it makes as resources of this program, so that rules see them"
_READABLE: Final = (
    "write the commands out in create, update and delete, and give values by environment; the program can "
    "read a longer script from a file into the property, as text"
)


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    is_local = resource.type == LOCAL_COMMAND
    for line in command_lines_of(resource):
        steering = _found(line, context.catalog) if is_local else ()
        for found, fix in dict.fromkeys((*steering, *_requests(line, context.catalog))):
            yield violation(
                _ID,
                resource,
                found=f"{line.where} {found}",
                allowed="programs that only read or wait, named where the command stands; Python of the "
                "standard library",
                fix=fix,
            )


def _found(line: CommandLine, catalog: Catalog) -> Iterator[tuple[str, str]]:
    steering = [used for used in programs_in(line, catalog) if used.program.kind in _WHAT]
    for used in steering:
        if not _is_harmless(used):
            yield f"runs {used.program.name}, {_WHAT[used.program.kind]}", _DECLARE
    judged = {f"it runs {used.program.name}, {STARTS_WORKLOADS}" for used in steering}
    for problem in line.runs.problems:
        if problem not in judged:  # some verbs of these programs are harmless: see above
            yield f"cannot be read: {problem}", _READABLE
    for file in line.runs.files:
        if not _is_installed(file):
            yield "cannot be read: it runs a file that is not in the program", _READABLE


def _requests(line: CommandLine, catalog: Catalog) -> Iterator[tuple[str, str]]:
    for client, host in changing_requests(line, catalog):
        yield f"runs {client} with a request to {host} that may create or change what no rule sees", _DECLARE


def _is_harmless(used: Used) -> bool:
    word = first_word(used)
    return word is not None and word.readable and word.text in used.program.harmless


def _is_installed(file: FileRun) -> bool:
    return not file.interpreter and file.path.startswith(_INSTALLED) and ".." not in file.path


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="No command beside the program makes or changes what no rule sees",
    why="A command runs with the credentials of whoever deploys: one line puts a workload into any cluster "
    "or a machine into any place, and no resource stands for it.",
    law=LAW,
    source="pulumi-command 1.2.1 (local.Command: create, update, delete, interpreter, environment); "
    "catalog/data/programs.yaml, each row with its source",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Declare resources instead; keep commands to what reads or waits, with every program named.",
    exception=NO_EXCEPTION,
    check=_check,
)
