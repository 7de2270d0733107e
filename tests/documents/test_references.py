"""What messages and documents tell a reader to run or to read is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

ROOMS = ("catalog", "components", "infra", "operations", "policies", "preflight", "rehearsal", "benchmarks")
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
MAKE = re.compile(r"(?:^ {4}|[`']|\$ |run )make ([a-z]+)", re.MULTILINE)
DOCUMENT = re.compile(r"docs/[A-Za-z0-9_/-]+\.md")
LINK = re.compile(r"\]\(([^)#:]+?)(?:#[^)]*)?\)")


def documents() -> Iterator[Path]:
    yield from (REPOSITORY / name for name in ("README.md", "CHANGELOG.md"))
    yield from sorted((REPOSITORY / "docs").rglob("*.md"))


def sources() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((REPOSITORY / room).rglob("*.py"))


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(TARGET.findall((REPOSITORY / "Makefile").read_text()))
    named = {
        (str(file.relative_to(REPOSITORY)), target)
        for file in (*documents(), *sources())
        for target in MAKE.findall(file.read_text())
    }
    assert len(named) > 20
    assert {each for each in named if each[1] not in targets} == set()


def test_every_document_that_is_named_exists() -> None:
    named = {
        (str(file.relative_to(REPOSITORY)), document)
        for file in (*documents(), *sources(), *REPOSITORY.glob("Pulumi*.yaml"), REPOSITORY / "Makefile")
        for document in DOCUMENT.findall(file.read_text())
    }
    assert len(named) > 20
    assert {each for each in named if not (REPOSITORY / each[1]).is_file()} == set()


@pytest.mark.parametrize("file", list(documents()), ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_every_link_leads_somewhere(file: Path) -> None:
    broken = [link for link in LINK.findall(file.read_text()) if not (file.parent / link).exists()]
    assert broken == []
