"""The engine marks secrets in the outputs of a stack: a secret without that mark is refused."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from tests.holes.gate import CANARY, PACK, Preview, new_project, preview

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("holes/outputs")]

PROGRAM = """
password = random.RandomPassword("password", length=24)
kubernetes.core.v1.Secret("keys", string_data={"key": Output.secret("open-after-all-51")}, opts=cluster)

pulumi.export("kubeconfig", '{"kind": "Config"}')
pulumi.export("join-token", Output.unsecret(password.result))
pulumi.export("admin-password", "letmein")
pulumi.export("inside", {"list": [{"password": "letmein"}]})
pulumi.export("copy-known", Output.unsecret(Output.secret("open-after-all-51")))
pulumi.export("copy-unknown", Output.unsecret(password.result))
pulumi.export("token-absent", None)
pulumi.export("token-empty", "")
pulumi.export("kubeconfig-secret", Output.secret(CANARY))
pulumi.export("secret-unknown-token", password.result)
pulumi.export("inside-secret", {"password": Output.secret(CANARY)})
pulumi.export("endpoint", "https://eu.example.com")
"""
SEEN = {"kubeconfig", "join-token", "admin-password", "inside.list[0].password", "copy-known"}
"""What can be told before anything exists."""


class History(NamedTuple):
    """What was said of one stack as time went by."""

    planned: Preview
    updated: Preview
    state: Preview


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    project = new_project(tmp_path_factory.mktemp("outputs"), PROGRAM)
    planned = preview(project)
    assert project.up().returncode == 0, "without the pack nothing stops it"
    return History(
        planned,
        Preview.of(project.up(*PACK)),
        Preview.of(project.pulumi("policy", "analyze", *PACK)),
    )


def _outputs(report: Preview) -> set[str]:
    return set(re.findall(r"found: +output `([^`]+)` is not marked secret", report.text))


def test_a_secret_without_its_mark_is_refused_at_preview(history: History) -> None:
    assert history.planned.refused
    assert history.planned.resources("exposure-outputs") == {"sample-dev"}
    assert _outputs(history.planned) == SEEN


def test_what_only_an_update_knows_is_refused_by_the_update_and_in_the_state(history: History) -> None:
    assert history.updated.refused
    assert history.state.refused
    assert _outputs(history.updated) == _outputs(history.state) == SEEN | {"copy-unknown"}


def test_no_message_shows_the_secret_that_it_is_about(history: History) -> None:
    for report in history:
        assert CANARY not in report.text
        found = [line for line in report.text.splitlines() if "found:" in line]
        assert found
        assert not any("open-after-all" in line or "letmein" in line for line in found)
