"""The answers as a table for people, or as JSON for CI."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from components.clouds.inspection import Answer, Verdict

__all__ = ["Section", "as_json", "passed", "print_table"]

_STYLES: Final = {
    Verdict.GOOD: "green",
    Verdict.FAIL: "bold red",
    Verdict.LOOK: "yellow",
    Verdict.UNTOLD: "cyan",
}


@dataclass(frozen=True)
class Section:
    """Answers about one concern."""

    title: str
    answers: Sequence[Answer]


def passed(sections: Sequence[Section]) -> bool:
    """True if nothing failed. What a person must look at does not fail a preflight."""
    return all(answer.verdict is not Verdict.FAIL for section in sections for answer in section.answers)


def print_table(sections: Sequence[Section], console: Console) -> None:
    """A row for each answer, with its remedy below what was found, and the count of each verdict."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("asked", no_wrap=False, ratio=2)
    table.add_column("verdict", no_wrap=True)
    table.add_column("found, and what to do", ratio=5)
    for section in sections:
        table.add_section()
        table.add_row(f"[bold]{section.title}[/bold]", "", "")
        for answer in section.answers:
            style = _STYLES[answer.verdict]
            text = f"{answer.found}\n-> {answer.remedy}" if answer.remedy else answer.found
            table.add_row(answer.about, f"[{style}]{answer.verdict}[/{style}]", _literal(text))
    console.print(table)
    answers = [answer for section in sections for answer in section.answers]
    counts = {verdict: sum(answer.verdict is verdict for answer in answers) for verdict in Verdict}
    console.print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))


def _literal(text: str) -> str:
    """Square brackets are rich's markup; ours are only brackets."""
    return text.replace("[", r"\[")


def as_json(stack: str, sections: Sequence[Section]) -> str:
    """One object: the stack, whether it passed, and every answer."""
    listed = [
        {"section": section.title, **asdict(answer)} for section in sections for answer in section.answers
    ]
    return json.dumps({"stack": stack, "passed": passed(sections), "answers": listed}, indent=2)
