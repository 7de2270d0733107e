"""One run of the engine for each program of this folder, shared by the tests that read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.holes.gate import Preview, new_project, preview

Judge = Callable[..., Preview]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Preview a program with the pack: ``judge(program, config)``."""

    def run(program: str, config: Iterable[tuple[str, str]] = ()) -> Preview:
        return preview(new_project(tmp_path_factory.mktemp("hole"), program, config))

    return run


@pytest.fixture
def new(tmp_path: Path) -> Callable[[str], Project]:
    """A project with a program, in a directory of its own."""
    return lambda program: new_project(tmp_path, program)
