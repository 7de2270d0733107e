"""The program itself, on the real engine."""

from collections.abc import Callable

import pytest

from tests.conftest import Project


@pytest.mark.engine
def test_wrong_settings_end_a_preview_with_one_message_and_no_traceback(
    sovereign: Callable[[str], Project],
) -> None:
    project = sovereign("eu")
    file = project.directory / "Pulumi.eu.yaml"
    file.write_text(file.read_text().replace("sovereign:replicas: 2", "sovereign:replica: two"))
    project.run("-q", "pulumi", "stack", "init", "eu")
    done = project.pulumi("preview")
    assert done.returncode != 0
    assert "1 mistake in the settings of this stack" in done.stdout
    assert "sovereign:replica: no such setting; did you mean sovereign:replicas?" in done.stdout
    assert "Traceback" not in done.stdout
    assert "the program failed" not in done.stdout
