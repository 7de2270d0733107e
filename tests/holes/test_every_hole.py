"""Each hole through which a violation once passed is tried on the real engine with a value that is known,
unknown, absent and secret. What has no such variant says why here, and nothing is left out in silence."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final, NamedTuple

import pytest

VARIANTS: Final = ("known", "unknown", "absent", "secret")


class Tried(NamedTuple):
    """A resource of a program in this folder, which a test of the same module expects to be blamed."""

    module: str
    resource: str


class LeftOut(NamedTuple):
    """Why there is nothing to try with this kind of value."""

    reason: str
    module: str = ""
    test: str = ""
    """The test of a whole program that closes the hole for every kind of value at once."""


_BEFORE_ANY_VALUE: Final = LeftOut(
    "the engine decides it before any property is read",
    "test_state",
    "test_a_pack_configuration_that_touches_a_rule_ends_the_run",
)
_IN_STATE: Final = LeftOut("in a state every value is known")

HOLES: Final[dict[str, tuple[Tried | LeftOut, Tried | LeftOut, Tried | LeftOut, Tried | LeftOut]]] = {
    "1 an unknown value turns a policy into a warning": (
        Tried("test_values", "region-known"),
        Tried("test_values", "region-unknown"),
        Tried("test_values", "region-absent"),
        Tried("test_values", "region-secret"),
    ),
    "2 what is read first hides a later violation": (
        Tried("test_values", "args-known"),
        Tried("test_values", "behind-an-unknown"),
        Tried("test_values", "behind-an-absence"),
        Tried("test_values", "behind-a-secret"),
    ),
    "3 a broad except swallows the violation": (
        Tried("test_engine_contract", "tripping"),
        LeftOut("a rule that trips ends the run whatever it tripped over"),
        LeftOut("a rule that trips ends the run whatever it tripped over"),
        LeftOut("a rule that trips ends the run whatever it tripped over"),
    ),
    "4 lists and objects of the SDK are no lists and objects": (
        Tried("test_values", "env-known"),
        Tried("test_values", "env-all-unknown"),
        Tried("test_values", "env-absent"),
        Tried("test_values", "args-all-secret"),
    ),
    "5 a default provider takes its region from the environment": (
        Tried("test_providers", "provider-known"),
        Tried("test_providers", "provider-unknown"),
        Tried("test_providers", "default-without-region"),
        Tried("test_providers", "provider-secret"),
    ),
    "6 a child without its parent falls to the default provider": (
        Tried("test_providers", "orphan-known"),
        Tried("test_providers", "orphan-unknown"),
        Tried("test_providers", "orphan-absent"),
        Tried("test_providers", "orphan-secret"),
    ),
    "7 a resource that is only read reaches no policy": (
        Tried("test_state", "read"),
        Tried("test_state", "read-unknown"),
        LeftOut("a read has no inputs: its place is always absent, and the cloud's answer is judged"),
        LeftOut("the SDK ends a read by a secret id with a TypeError"),
    ),
    "8 the cluster is not built yet": (
        Tried("test_providers", "unbuilt-known"),
        Tried("test_providers", "unbuilt-unknown"),
        Tried("test_providers", "unbuilt-absent"),
        Tried("test_providers", "unbuilt-secret"),
    ),
    "9 a chart or a group of manifests registers no children": (
        Tried("test_rendered", "group-known:x/in-group"),
        Tried("test_rendered", "group-unknown"),
        Tried("test_rendered", "group-absent"),
        Tried("test_rendered", "group-secret:x/in-secret"),
    ),
    "10 a Helm release is one resource": (
        Tried("test_rendered", "release"),
        Tried("test_rendered", "release-unknown"),
        Tried("test_rendered", "release-absent"),
        Tried("test_rendered", "release-secret"),
    ),
    "11 a run on a part of the stack": (
        Tried("test_state", "foreign"),
        Tried("test_state", "foreign-unknown"),
        Tried("test_state", "foreign-absent"),
        Tried("test_state", "foreign-secret"),
    ),
    "12 ignore_changes shows the old value": (
        Tried("test_state", "created"),
        Tried("test_state", "created-unknown"),
        Tried("test_state", "created-absent"),
        Tried("test_state", "created-secret"),
    ),
    "13 an update without a preview": (
        Tried("test_updates", "update-known"),
        Tried("test_updates", "update-unknown"),
        Tried("test_updates", "update-absent"),
        Tried("test_updates", "update-secret"),
    ),
    "14 a configuration switches a rule off": (
        _BEFORE_ANY_VALUE,
        _BEFORE_ANY_VALUE,
        _BEFORE_ANY_VALUE,
        _BEFORE_ANY_VALUE,
    ),
    "15 refresh, import and destroy take no pack": (
        Tried("test_state", "kept"),
        _IN_STATE,
        Tried("test_state", "placeless"),
        Tried("test_state", "hidden"),
    ),
    "16 a dynamic resource can be anything": (
        Tried("test_rendered", "dynamic-known"),
        Tried("test_rendered", "dynamic-unknown"),
        Tried("test_rendered", "dynamic-absent"),
        Tried("test_rendered", "dynamic-secret"),
    ),
    "17 a remediation does not see what is unknown": (
        Tried("test_values", "region-known"),
        Tried("test_values", "region-unknown"),
        Tried("test_values", "region-absent"),
        Tried("test_values", "region-secret"),
    ),
    "18 secrets reach a policy as plain text": (
        LeftOut("the hole is about secrets; test_no_secret_is_ever_printed holds for the whole program"),
        Tried("test_values", "region-secret-unknown"),
        LeftOut("what is absent cannot be printed"),
        Tried("test_values", "args-secret"),
    ),
    "19 an exception moves with a rename or an alias": (
        Tried("test_acceptances", "heir"),
        Tried("test_acceptances", "unknown"),
        Tried("test_acceptances", "absent"),
        Tried("test_acceptances", "secret"),
    ),
    "20 a registry that looks like ours, a container that nobody lists": (
        Tried("test_images", "longer"),
        Tried("test_images", "unknown-end"),
        Tried("test_images", "absent"),
        Tried("test_images", "secret"),
    ),
    "21 a secret output without its mark": (
        Tried("test_outputs", "copy-known"),
        Tried("test_outputs", "copy-unknown"),
        LeftOut("an output without a value shows nothing; the program has two that must pass"),
        LeftOut("marked secret is what an output should be; the program has three that must pass"),
    ),
}

CELLS: Final = [
    (hole, variant, cell) for hole, row in HOLES.items() for variant, cell in zip(VARIANTS, row, strict=True)
]


def _texts(nodes: list[ast.stmt]) -> list[str]:
    """Every text in some statements, without docstrings."""
    found = [each for node in nodes for each in ast.walk(node) if isinstance(each, ast.Constant)]
    return [each.value for each in found if isinstance(each.value, str)]


def _module(name: str) -> tuple[list[str], list[str]]:
    """The texts of a module's programs, and those that its tests compare with."""
    body = ast.parse(Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")).body
    tests = [each for each in body if isinstance(each, ast.FunctionDef)]
    return _texts([each for each in body if each not in tests]), _texts([*tests])


def _tests(name: str) -> set[str]:
    """The names of a module's tests."""
    body = ast.parse(Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")).body
    return {each.name for each in body if isinstance(each, ast.FunctionDef)}


def test_the_table_has_every_hole_of_the_list_once() -> None:
    assert [int(hole.partition(" ")[0]) for hole in HOLES] == list(range(1, 22))


@pytest.mark.parametrize(
    "cell", [pytest.param(cell, id=f"{hole}, {variant}") for hole, variant, cell in CELLS]
)
def test_each_hole_is_tried_in_each_variant_or_says_why_not(cell: Tried | LeftOut) -> None:
    match cell:
        case Tried(module, name):
            programs, expected = _module(module)
            declared = name.rpartition(":")[0] or name
            assert any(f'"{declared}"' in text for text in programs), "no program declares it"
            assert name in expected or name in programs, "no test expects it"
        case LeftOut(reason, module, test):
            assert reason.strip()
            assert not test or test in _tests(module), "there is no such test"
