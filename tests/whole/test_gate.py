"""The gate: what must not happen fails the preview, with and without the policy pack, and says what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Project

pytestmark = pytest.mark.engine

PACK = ("--policy-pack", str(REPOSITORY / "policies"))
EVERY_MESSAGE_SAYS = ("found:", "allowed:", "fix:", "exception:")


def example(tmp_path: Path, name: str) -> Project:
    """A copy of one of the repository's examples."""
    return Project.copied(REPOSITORY / "examples" / name, tmp_path / name, "eu")


def test_an_eu_bucket_moved_to_a_uk_region_fails_the_preview(tmp_path: Path) -> None:
    project = example(tmp_path, "bucket-moved-to-london")
    result = project.pulumi("preview", *PACK)
    assert result.returncode != 0
    assert "[mandatory] [severity: critical]  residency " in result.stdout
    assert '"prompts"' in result.stdout
    assert '`regionName` = "UK"' in result.stdout
    assert all(part in result.stdout for part in EVERY_MESSAGE_SAYS)

    source = project.directory / "__main__.py"
    source.write_text(source.read_text().replace('region_name="UK"', 'region_name="GRA"'))
    assert project.pulumi("preview", *PACK).returncode == 0


def test_llama_without_an_acceptance_fails_the_preview(tmp_path: Path) -> None:
    project = example(tmp_path, "llama-without-acceptance")
    result = project.pulumi("preview", *PACK)
    assert result.returncode != 0
    assert "[mandatory] [severity: critical]  model-ip " in result.stdout
    assert "meta-llama/Llama-3.1-8B-Instruct" in result.stdout
    assert "policies/acceptances.yaml" in result.stdout
    assert all(part in result.stdout for part in EVERY_MESSAGE_SAYS)

    source = project.directory / "__main__.py"
    allowed = source.read_text().replace(
        "meta-llama/Llama-3.1-8B-Instruct", "mistralai/Mistral-7B-Instruct-v0.3"
    )
    source.write_text(allowed)
    assert project.pulumi("preview", *PACK).returncode == 0


@pytest.mark.parametrize("arguments", [PACK, ()], ids=["with the pack", "without the pack"])
def test_our_own_stack_refuses_a_model_nobody_accepted(
    sovereign: Callable[[str], Project], arguments: tuple[str, ...]
) -> None:
    project = sovereign("eu")
    project.configure("sovereign:model", "meta-llama/Llama-3.1-8B-Instruct")
    result = project.pulumi("preview", *arguments)
    assert result.returncode != 0
    assert "model-ip" in result.stdout
    assert "meta-llama/Llama-3.1-8B-Instruct" in result.stdout
    assert "Traceback" not in result.stdout


def test_up_without_the_pack_is_refused_by_the_guard_before_anything_exists(
    sovereign: Callable[[str], Project],
) -> None:
    project = sovereign("eu")
    project.lock()
    project.append_to_program(
        """
        import pulumiverse_scaleway as scaleway
        elsewhere = scaleway.Provider("elsewhere", region="fr-par")
        scaleway.registry.Namespace("copy", opts=pulumi.ResourceOptions(provider=elsewhere), region="uk-lon")
        """
    )
    result = project.up()
    assert result.returncode != 0
    assert "residency" in result.stdout
    assert "uk-lon" in result.stdout
    assert "'copy' is refused, not created" in result.stdout
    assert 'File "' not in result.stdout, "no stack trace: the reason is what counts"
    assert project.cloud("copy") == []


def test_a_default_provider_is_refused_because_its_place_cannot_be_seen(
    tmp_path: Path, project: Project
) -> None:
    (project.directory / "Pulumi.dev.yaml").write_text("config:\n  sovereign:jurisdiction: eu\n")
    project.program('import pulumiverse_scaleway as s; s.object.Bucket("b", region="fr-par")')
    result = project.pulumi("preview", *PACK)
    assert result.returncode != 0
    assert "residency-provider" in result.stdout


def test_a_stack_that_names_no_jurisdiction_is_refused(project: Project) -> None:
    project.program('import pulumi; pulumi.export("nothing", 1)')
    result = project.pulumi("preview", *PACK)
    assert result.returncode != 0
    assert "sovereign:jurisdiction is not set" in result.stdout


def test_a_finished_state_can_be_judged_afterwards(tmp_path: Path) -> None:
    project = example(tmp_path, "bucket-moved-to-london")
    assert project.up().returncode == 0, "without pack and guard nothing stops it"
    result = project.run("pulumi", "policy", "analyze", "--stack", "eu", *PACK)
    assert result.returncode != 0
    assert '`regionName` = "UK"' in result.stdout
