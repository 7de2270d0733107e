"""Hole 13, and what no preview can see: an update without a preview is refused before anything exists."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Project
from tests.holes.gate import CANARY, PACK, Preview

pytestmark = pytest.mark.engine

GUARDED = """
from policies import guard

guard.install(jurisdiction="eu", rehearsal=True)
"""
VARIANTS = {
    "known": 'bucket("update-known", region="uk-lon")',
    "unknown": 'unknown.apply(lambda text: bucket("update-unknown", region="uk-lon"))',
    "absent": 'bucket("update-absent", ResourceOptions(provider=scaleway.Provider("nowhere")))',
    "secret": 'bucket("update-secret", region=Output.secret(CANARY))',
}
FOREIGN = """
bucket("foreign", region="uk-lon")
bucket("secret", region=Output.secret(CANARY))
scaleway.network.Vpc("waits", region="fr-par", name=bucket("first", region="uk-lon").id, opts=eu)
deployment("model", vllm("--model", REFUSED))
deployment("secret-model", vllm("--model", Output.secret("owner/" + CANARY)))
"""
HIDDEN = """
unknown.apply(lambda text: bucket("hidden", region="uk-lon"))
unknown.apply(lambda text: deployment("hidden-model", vllm("--model", REFUSED)))
"""


def created(project: Project) -> list[str]:
    """What exists in the twin clouds beside the names that a program makes up."""
    return [each["type"] for each in project.cloud() if not each["type"].startswith("random:")]


@pytest.mark.parametrize("name", ["update-known", "update-unknown", "update-absent", "update-secret"])
def test_an_update_that_skips_the_preview_creates_nothing_of_what_the_guard_refuses(
    new: Callable[[str], Project], name: str
) -> None:
    project = new(GUARDED + VARIANTS[name.removeprefix("update-")])
    report = Preview.of(project.up())
    assert report.refused
    assert report.blamed == {("residency", name)}
    assert "refused, not created" in report.text
    assert CANARY not in report.text
    assert created(project) == []


@pytest.mark.parametrize("preview_first", [False, True], ids=["--skip-preview", "with its preview"])
def test_an_update_with_the_pack_creates_nothing_that_the_pack_refuses(
    new: Callable[[str], Project], preview_first: bool
) -> None:
    project = new(FOREIGN)
    if preview_first:
        report = Preview.of(project.pulumi("up", "--yes", *PACK))
    else:
        report = Preview.of(project.up(*PACK))
    assert report.refused
    assert report.resources("residency", "model-ip")
    assert CANARY not in report.text
    assert created(project) == []


@pytest.mark.parametrize("guarded", [False, True], ids=["the pack", "the guard"])
def test_what_only_exists_once_something_is_known_is_refused_when_it_comes(
    new: Callable[[str], Project], guarded: bool
) -> None:
    """No preview shows what is declared inside `apply`; the update does, before it is created."""
    project = new(GUARDED + HIDDEN if guarded else HIDDEN)
    report = Preview.of(project.up() if guarded else project.up(*PACK))
    assert report.refused
    assert report.resources("residency", "model-ip") or "refused, not created" in report.text
    assert created(project) == []
