"""Programs that reach out without naming a host, and schemes that stand for a service."""

from __future__ import annotations

import pytest

from catalog import ProgramKind, load_catalog
from tests.catalog.test_catalog_mistakes import Spoil, refusal


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'name: gsutil, owner: "Google", country: US, ',
            'name: gsutil, owner: "Google", ',
            "needs the country of its owner",
        ),
        ("name: gsutil,", "name: gcloud,", "gcloud"),
        ("name: scw, owner: ", "name: scw, colour: ", "colour"),
    ],
)
def test_a_mistake_in_the_list_of_programs_is_named(spoil: Spoil, old: str, new: str, message: str) -> None:
    assert message in refusal(spoil("programs.yaml", old, new))


def test_only_what_can_be_told_of_another_service_has_ways_to_be_told() -> None:
    """A way round in a row of another kind would never be read."""
    for program in load_catalog().programs.values():
        if program.kind is not ProgramKind.SERVICE:
            assert not program.elsewhere, program.name
            assert not program.variables, program.name
        assert not set(program.verbs) & set(program.harmless), program.name
