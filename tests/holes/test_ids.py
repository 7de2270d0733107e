"""What the cloud's own ids tell, where variables of the environment may have overridden the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.holes.gate import PACK, Preview, new_project

pytestmark = pytest.mark.engine

PROGRAM = """
bucket("here", region="fr-par")
bucket("moved", region="fr-par")
"""


def test_what_was_made_elsewhere_than_the_program_says_is_found_at_the_next_update_and_in_the_state(
    tmp_path: Path,
) -> None:
    project = new_project(tmp_path, PROGRAM)
    first = Preview.of(project.up(*PACK))
    assert "residency-ids" not in first.text
    (moved,) = (item for item in project.cloud("*Bucket") if item["urn"].endswith("::moved"))
    # As if a variable had won: the inputs still say Paris, the id says Amsterdam.
    edited = project.run("cloud", "edit", moved["id"], "id=nl-ams/moved")
    assert edited.returncode == 0, edited.stdout
    assert project.pulumi("refresh", "--yes", "--skip-preview").returncode == 0
    judged = Preview.of(project.pulumi("policy", "analyze", *PACK))
    assert judged.refused
    assert judged.resources("residency-ids") == {"moved"}, judged.text
    assert "but the program asked for fr-par" in judged.text
    updated = Preview.of(project.up(*PACK))
    assert updated.refused
    assert updated.resources("residency-ids") == {"moved"}, updated.text
