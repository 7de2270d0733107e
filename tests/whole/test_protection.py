"""A team that asks for it cannot delete its cluster or its bucket by a slip, on the real engine."""

from collections.abc import Callable

import pytest

from infra.protection import PROTECTED
from tests.conftest import REPOSITORY, Project

pytestmark = pytest.mark.engine

PACK = ("--policy-pack", str(REPOSITORY / "policies"))


def test_a_protected_cluster_and_bucket_outlive_a_destroy_until_somebody_says_so(
    sovereign: Callable[[str], Project],
) -> None:
    stack = sovereign("eu")
    stack.configure("sovereign:protect", True)
    up = stack.up(*PACK)
    assert up.returncode == 0, up.stdout
    assert stack.pulumi("preview", "--expect-no-changes").returncode == 0
    kept = {(item["type"], item["id"]) for item in stack.cloud() if item["type"] in PROTECTED}
    assert {type_ for type_, _ in kept} == {each for each in PROTECTED if each.startswith("scaleway:")}

    refused = stack.pulumi("destroy", "--yes", "--skip-preview")
    assert refused.returncode != 0
    assert "protected" in refused.stdout
    left = {(item["type"], item["id"]) for item in stack.cloud()}
    assert kept <= left, "a cluster without its access list would be open to all"

    stack.configure("sovereign:protect", False)
    assert stack.up().returncode == 0
    destroyed = stack.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stdout
    assert stack.cloud() == []
