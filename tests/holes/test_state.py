"""Holes 7, 11, 12, 15 and 17: what is in the state already, and what a preview is told to leave alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.conftest import Project
from tests.holes.gate import CANARY, PACK, PRELUDE, Preview, new_project, preview

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("holes/state")]

URN = "urn:pulumi:dev::sample::scaleway:object/bucket:Bucket::"

BEFORE = """
bucket("kept", region="uk-lon")
bucket("kept-all", region="uk-lon")
bucket("kept-quoted", region="uk-lon")
bucket("tagged", region="uk-lon", tags={"jurisdiction": Output.secret(CANARY)})
bucket("theirs", region="uk-lon", name="theirs", opts=keep)
bucket("placeless", ResourceOptions(provider=scaleway.Provider("nowhere")))
bucket("hidden", region=Output.secret("uk-lon"))
"""
KEEP = "keep = ResourceOptions(provider=eu.provider, retain_on_delete=True)\n"
AFTER = """
def ignoring(*paths):
    return ResourceOptions(provider=eu.provider, ignore_changes=list(paths))


bucket("kept", ignoring("region"), region="fr-par")
bucket("kept-all", ignoring("*"), region="fr-par")
bucket("kept-quoted", ignoring('["region"]'), region="fr-par")
bucket("created", ignoring("region"), region="fr-par")
bucket("created-all", ignoring("*"), region="fr-par")
bucket("created-unknown", ignoring("region"), region=unknown)
bucket("created-absent", ignoring("region"))
bucket("created-secret", ignoring("region"), region=Output.secret(CANARY))
bucket("honest", ignoring("tags", "tags.x", "versioning"), region="fr-par")
scaleway.object.Bucket("created-nested", region="fr-par", opts=ignoring('["region"]', "tags"))
imported = ResourceOptions(provider=eu.provider, import_="uk-lon/theirs")
bucket("imported", imported, region="uk-lon", name="theirs")
"""
READS = """
bucket("honest", region="fr-par")
scaleway.object.Bucket.get("read", "uk-lon/theirs", opts=eu)
named = later.id.apply(lambda text: "uk-lon/theirs")
scaleway.object.Bucket.get("read-unknown", named, opts=eu)
"""


class History(NamedTuple):
    """What was said of one stack as time went by."""

    grown: Preview
    """Its state, after somebody brought it up without pack and guard."""
    ignoring: Preview
    """A preview of a program that ignores changes, and imports."""
    reading: Preview
    """Its state, after an update of a program that only reads what lies elsewhere."""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    project = new_project(tmp_path_factory.mktemp("state"), KEEP + BEFORE)
    assert project.up().returncode == 0
    grown = Preview.of(project.pulumi("policy", "analyze", *PACK))
    project.program(PRELUDE + AFTER)
    ignoring = preview(project)
    project.program(PRELUDE + READS)
    assert project.up().returncode == 0, "without pack and guard nothing stops it"
    return History(grown, ignoring, Preview.of(project.pulumi("policy", "analyze", *PACK)))


def test_a_state_that_grew_without_the_gate_is_judged_afterwards(history: History) -> None:
    report = history.grown
    assert report.refused
    assert report.resources("residency") == {
        "kept",
        "kept-all",
        "kept-quoted",
        "tagged",
        "theirs",
        "placeless",
        "hidden",
    }
    assert report.resources("residency-labels") == {"tagged"}
    assert CANARY not in report.text


def test_ignored_changes_hide_no_place_and_an_import_is_judged(history: History) -> None:
    report = history.ignoring
    assert report.refused
    assert report.resources("residency-ignore-changes") == {
        "kept",
        "kept-all",
        "kept-quoted",
        "created",
        "created-all",
        "created-unknown",
        "created-absent",
        "created-secret",
        "created-nested",
    }
    assert {"kept", "kept-all", "kept-quoted", "imported"} <= report.resources("residency")
    assert "honest" not in report.resources("residency", "residency-ignore-changes", "residency-unseen")


def test_what_a_program_only_reads_is_judged_in_the_state(history: History) -> None:
    report = history.reading
    assert report.refused
    assert report.resources("residency-unseen") == {"read", "read-unknown"}
    assert "honest" not in report.resources("residency", "residency-unseen")


PART = """
bucket("honest", region="fr-par")
bucket("foreign", region="uk-lon")
bucket("foreign-unknown", region=unknown)
bucket("foreign-absent")
bucket("foreign-secret", region=Output.secret(CANARY))
"""
LEFT_OUT = ("foreign", "foreign-unknown", "foreign-absent", "foreign-secret")


@pytest.mark.parametrize(
    "option",
    [("--target", f"{URN}honest"), tuple(f"--exclude={URN}{name}" for name in LEFT_OUT)],
    ids=["--target", "--exclude"],
)
def test_a_preview_that_leaves_out_what_is_new_is_refused(
    new: Callable[[str], Project], option: tuple[str, ...]
) -> None:
    report = preview(new(PART), *option)
    assert report.refused
    unseen = report.resources("residency-unseen") & {"honest", *LEFT_OUT}
    assert unseen == {"foreign", "foreign-unknown", "foreign-absent", "foreign-secret"}
    assert "honest" not in report.resources("residency")
    assert CANARY not in report.text


def test_a_variable_in_the_environment_cannot_narrow_the_gate_unseen(
    new: Callable[[str], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_OPTION_TARGET", f"{URN}honest")
    report = preview(new(PART))
    assert report.refused
    assert "PULUMI_OPTION_TARGET is set" in report.text


@pytest.mark.parametrize("command", ["refresh", "destroy", "import"])
def test_the_commands_that_take_no_pack_say_so_instead_of_running_without_it(
    new: Callable[[str], Project], command: str
) -> None:
    report = Preview.of(new("").pulumi(command, "--yes", *PACK))
    assert report.refused
    assert "unknown flag: --policy-pack" in report.text


def test_a_pack_configuration_that_touches_a_rule_ends_the_run(new: Callable[[str], Project]) -> None:
    project = new('bucket("honest", region="fr-par")')
    config = {
        "residency": "disabled",
        "images-digest": {"enforcementLevel": "advisory"},
        "model-ip": "remediate",
        "regoin": "mandatory",
    }
    file = project.directory / "pack.json"
    file.write_text(json.dumps(config))
    report = preview(project, "--policy-pack-config", str(file))
    assert report.refused
    assert "makes 'residency' disabled" in report.text
    assert "makes 'images-digest' advisory" in report.text
    assert "makes 'model-ip' remediate" in report.text
    assert "names 'regoin', which is no rule" in report.text


def test_a_pack_configuration_named_by_the_environment_ends_the_run_too(
    new: Callable[[str], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = new('bucket("honest", region="fr-par")')
    file = project.directory / "pack.json"
    file.write_text('{"all": "disabled"}')
    monkeypatch.setenv("PULUMI_OPTION_POLICY_PACK_CONFIG", str(file))
    report = preview(project)
    assert report.refused
    assert "makes 'all' disabled" in report.text
