"""No argument and no variable makes the gate judge less than the whole stack."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.refusals import ALLOWED_FLAGS, refused


@pytest.mark.parametrize(
    "arguments",
    [
        ["--target", "urn:x"],
        ["--target=urn:x"],
        ["-t", "urn:x"],
        ["-turn:x"],
        ["-rt", "urn:x"],
        ["--target-dependents"],
        ["--target-replace", "urn:x"],
        ["--exclude", "urn:x"],
        ["-x", "urn:x"],
        ["--policy-pack", "other"],
        ["--policy-pack-config", "off.json"],
        ["--config", "sovereign:jurisdiction=uk"],
        ["--config-file", "Pulumi.other.yaml"],
        ["--stack", "uk"],
        ["--cwd", "elsewhere"],
        ["--event-log", "mine"],
        ["--show-secrets"],
        ["--remote"],
        ["--", "--target"],
        ["urn:x"],
        ["--parallel", "4", "--target", "urn:x"],
        ["--refresh", "--target", "urn:x"],
    ],
)
def test_an_argument_that_could_change_what_is_judged_is_refused(arguments: list[str]) -> None:
    assert list(refused(arguments, {}))


@pytest.mark.parametrize(
    "arguments",
    [[], ["--refresh"], ["--parallel", "4"], ["--parallel=4"], ["-p", "4", "-m", "why"], ["--color=never"]],
)
def test_what_only_changes_how_the_engine_works_is_let_through(arguments: list[str]) -> None:
    assert list(refused(arguments, {})) == []


@pytest.mark.parametrize(
    "name",
    [
        "PULUMI_OPTION_TARGET",
        "PULUMI_OPTION_TARGET_DEPENDENTS",
        "PULUMI_OPTION_EXCLUDE",
        "PULUMI_OPTION_POLICY_PACK",
        "PULUMI_OPTION_POLICY_PACK_CONFIG",
        "PULUMI_OPTION_CONFIG_FILE",
        "PULUMI_OPTION_SOMETHING_NEW",
        "pulumi_option_target",
    ],
)
def test_a_variable_that_sets_such_a_flag_is_refused_by_name(name: str) -> None:
    found = list(refused([], {name: "hush"}))

    assert [each.rule for each in found] == ["gate-arguments"]
    assert name in found[0].message
    assert "hush" not in found[0].message


def test_other_variables_are_none_of_the_gates_business() -> None:
    assert not list(
        refused([], {"PULUMI_OPTION_COLOR": "never", "PULUMI_BACKEND_URL": "file://x", "HOME": "/"})
    )


def test_a_refusal_says_what_was_found_what_is_allowed_and_what_to_do_but_no_value() -> None:
    (found,) = refused(["--config=sovereign:token=hush"], {})

    assert [line.partition(":")[0] for line in found.message.splitlines()] == ["found", "allowed", "fix"]
    assert "--config" in found.message
    assert "hush" not in found.message


_FLAGS = st.from_regex(r"-{1,2}[a-z][a-z-]{0,12}(=[a-z]*)?", fullmatch=True)


@given(st.lists(_FLAGS, min_size=1, max_size=4))
def test_every_flag_that_is_not_on_the_list_is_refused_wherever_it_stands(flags: list[str]) -> None:
    unlisted = [flag for flag in flags if flag.partition("=")[0] not in ALLOWED_FLAGS]
    taken_as_values = sum(ALLOWED_FLAGS.get(flag, False) for flag in flags)

    assert len(list(refused(flags, {}))) >= len(unlisted) - taken_as_values
