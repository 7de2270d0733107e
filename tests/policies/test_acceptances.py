"""Acceptances hold only when they are whole, and only for a while."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.acceptances import DEFAULT_PATH, MAX_DAYS, load_acceptances
from tests.policies.stacks import TODAY

ENTRY = {
    "rule": "model-ip",
    "subject": "Qwen/Qwen3-8B",
    "jurisdiction": "eu",
    "owner": "J. Doe",
    "reason": "r",
    "ticket": "T-1",
    "expires": TODAY.isoformat(),
}


def read(tmp_path: Path, *entries: dict[str, Any]) -> Any:
    path = tmp_path / "acceptances.yaml"
    path.write_text(yaml.safe_dump({"acceptances": list(entries)}), encoding="utf-8")
    return load_acceptances(TODAY, path)


def test_the_last_day_still_counts(tmp_path: Path) -> None:
    assert len(read(tmp_path, ENTRY).live) == 1


def test_the_day_after_does_not(tmp_path: Path) -> None:
    acceptances = read(tmp_path, ENTRY | {"expires": (TODAY - timedelta(days=1)).isoformat()})

    assert acceptances.live == ()
    assert "expired on 2026-11-22" in acceptances.problems[0]


def test_nobody_accepts_anything_for_longer_than_half_a_year(tmp_path: Path) -> None:
    longest = ENTRY | {"expires": (TODAY + timedelta(days=MAX_DAYS)).isoformat()}
    too_long = ENTRY | {"expires": (TODAY + timedelta(days=MAX_DAYS + 1)).isoformat()}

    assert len(read(tmp_path, longest, too_long).live) == 1
    assert "180 days" in read(tmp_path, too_long).problems[0]


def test_residency_cannot_be_accepted(tmp_path: Path) -> None:
    acceptances = read(tmp_path, ENTRY | {"rule": "residency"})

    assert acceptances.live == ()
    assert "cannot be accepted" in acceptances.problems[0]


@pytest.mark.parametrize("field", sorted(ENTRY))
def test_an_entry_with_a_field_missing_accepts_nothing_and_says_which(tmp_path: Path, field: str) -> None:
    acceptances = read(tmp_path, {key: value for key, value in ENTRY.items() if key != field})

    assert acceptances.live == ()
    assert field in acceptances.problems[0]


@pytest.mark.parametrize(
    "change",
    [
        {"expires": "soon"},
        {"expires": "2026-13-01"},
        {"owner": " "},
        {"expries": "2027-01-01"},
        {"subject": 7},
    ],
)
def test_a_malformed_entry_accepts_nothing(tmp_path: Path, change: dict[str, Any]) -> None:
    acceptances = read(tmp_path, ENTRY | change, ENTRY)

    assert len(acceptances.live) == 1
    assert "entry 1 is malformed" in acceptances.problems[0]


@pytest.mark.parametrize(
    "text", ["", "[]", "acceptances: none", "other: []", "{", "acceptances: []\nacceptances: []"]
)
def test_a_file_that_cannot_be_read_accepts_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "acceptances.yaml"
    path.write_text(text, encoding="utf-8")

    acceptances = load_acceptances(TODAY, path)

    assert acceptances.live == ()
    assert acceptances.problems


def test_a_file_that_is_not_there_accepts_nothing(tmp_path: Path) -> None:
    assert load_acceptances(TODAY, tmp_path / "none.yaml").problems


def test_the_project_starts_with_nothing_accepted() -> None:
    acceptances = load_acceptances(TODAY, DEFAULT_PATH)

    assert acceptances.live == acceptances.problems == ()


def test_the_example_in_the_file_would_be_accepted_once_uncommented() -> None:
    lines = DEFAULT_PATH.read_text(encoding="utf-8").splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("#  - rule:"))
    example = "\n".join(line.removeprefix("#") for line in lines[start:] if line.startswith("#"))
    entry = yaml.safe_load(example)[0]

    assert set(entry) == set(ENTRY)
