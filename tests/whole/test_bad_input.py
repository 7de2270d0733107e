"""Bad input ends in one clear message, no traceback, and nothing lost."""

from collections.abc import Callable

import pytest

from tests.conftest import Project

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("sovereign:replica", "2", ["sovereign:replica", "replicas"]),
        ("sovereign:location", "LON1", ["sovereign:location", "civo"]),
        ("sovereign:jurisdiction", "fr", ["sovereign:jurisdiction", "eu, uk"]),
        ("sovereign:model", "mistralai/Mistral-9000", ["sovereign:model", "mistralai/Mistral-9000"]),
        ("sovereign:replicas", "0", ["sovereign:replicas"]),
        ("sovereign:replicas", "-1", ["sovereign:replicas"]),
        ("sovereign:replicas", "two", ["sovereign:replicas", "two"]),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(
    sovereign: Callable[[str], Project], key: str, value: str, says: list[str]
) -> None:
    project = sovereign("eu")
    project.configure(key, value)
    result = project.pulumi("preview")
    assert result.returncode != 0
    assert all(part in result.stdout for part in says), result.stdout
    assert "Traceback" not in result.stdout


def test_all_mistakes_are_listed_at_once(sovereign: Callable[[str], Project]) -> None:
    project = sovereign("eu")
    project.configure("sovereign:replicas", "-1")
    project.configure("sovereign:location", "LON1")
    project.configure("sovereign:modle", "x")
    result = project.pulumi("preview")
    assert all(
        key in result.stdout for key in ("sovereign:replicas", "sovereign:location", "sovereign:modle")
    )


def test_yaml_that_does_not_parse_is_named_with_line_and_column(sovereign: Callable[[str], Project]) -> None:
    project = sovereign("eu")
    (project.directory / "Pulumi.eu.yaml").write_text("config:\n  sovereign:jurisdiction: [eu\n")
    result = project.pulumi("preview")
    assert result.returncode == 1
    assert "Pulumi.eu.yaml is not valid YAML: line" in result.stdout
    assert "Traceback" not in result.stdout


def test_a_stack_without_a_file_names_the_stacks_there_are(sovereign: Callable[[str], Project]) -> None:
    project = sovereign("eu")
    result = project.run("pulumi", "preview", "--stack", "fr")
    assert result.returncode == 1
    assert "there is no Pulumi.fr.yaml" in result.stdout
    assert "eu, uk" in result.stdout


def test_without_a_lock_the_foundation_goes_up_and_says_what_to_run_next(
    sovereign: Callable[[str], Project],
) -> None:
    project = sovereign("uk")
    result = project.up()
    assert result.returncode == 0, result.stdout
    assert "make lock STACK=uk" in result.stdout
    assert project.cloud("kubernetes:apps/*") == []
    assert project.cloud("civo:index/kubernetesCluster:KubernetesCluster")
