"""The two default stacks on the real engine: up, unchanged, drifted, down, and in their place throughout."""

import json
from typing import Any

import pytest

from catalog import load_catalog
from tests.conftest import REPOSITORY, Project

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("whole/regional stacks")]

PACK = ("--policy-pack", str(REPOSITORY / "policies"))
CONTRACT = {"jurisdiction", "cloud", "location", "endpoint", "models", "kubeconfig"}
EXPECTED = {
    "eu": {"jurisdiction": "eu", "cloud": "scaleway", "location": "fr-par-2"},
    "uk": {"jurisdiction": "uk", "cloud": "civo", "location": "LON1"},
}
CLOUD_PACKAGES = ("scaleway:", "civo:", "ovh:", "hcloud:")
PLACE_INPUTS = ("region", "zone")


@pytest.fixture(scope="module", params=["eu", "uk"])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A default stack, up, in a workspace of its own."""
    directory = tmp_path_factory.mktemp("sovereign")
    project = Project.of_repository(directory, request.param)
    project.lock()
    up = project.pulumi("up", "--yes", *PACK)
    assert up.returncode == 0, up.stdout
    assert "sovereign@v" in up.stdout, "the pack ran"
    assert "[mandatory]" not in up.stdout
    assert "NVIDIA, US" in up.stdout, "what only informs is shown"
    return project


def registered(project: Project) -> list[dict[str, Any]]:
    exported = project.pulumi("stack", "export")
    return json.loads(exported.stdout)["deployment"]["resources"]


def test_the_outputs_of_the_contract_are_there(stack: Project) -> None:
    outputs = stack.outputs()
    assert set(outputs) >= CONTRACT
    assert {key: outputs[key] for key in ("jurisdiction", "cloud", "location")} == EXPECTED[stack.stack]
    assert outputs["endpoint"] == f"https://{stack.stack}.inference.example.com"
    assert outputs["models"] == ["mistralai/Mistral-7B-Instruct-v0.3"]
    hidden = stack.pulumi("stack", "output", "--json")
    assert json.loads(hidden.stdout)["kubeconfig"] == "[secret]"


def test_a_second_up_changes_nothing_and_a_refresh_sees_no_drift(stack: Project) -> None:
    unchanged = stack.pulumi("preview", "--refresh", "--expect-no-changes", *PACK)
    assert unchanged.returncode == 0, unchanged.stdout


def test_every_cloud_resource_says_where_it_is_and_who_provides_it(stack: Project) -> None:
    catalog = load_catalog()
    cloud = EXPECTED[stack.stack]["cloud"]
    resources = registered(stack)
    providers = {item["urn"]: item for item in resources if item["type"].startswith("pulumi:providers:")}
    checked = 0
    for item in resources:
        if not item["custom"] or item["urn"] in providers:
            continue
        provider = item["provider"].rsplit("::", 1)[0]
        assert "::default" not in provider, f"{item['urn']} uses a default provider"
        assert item.get("parent", "").count("sovereign:") >= 1, f"{item['urn']} is no child of a component"
        if not item["type"].startswith(CLOUD_PACKAGES):
            continue
        for name in PLACE_INPUTS:
            code = item["inputs"].get(name)
            if code is None:
                continue
            place = catalog.place(cloud, code)
            assert place is not None
            assert place.jurisdiction == stack.stack, item["urn"]
            checked += 1
    assert checked > 5


def test_nothing_deprecated_is_used(stack: Project) -> None:
    preview = stack.pulumi("preview", "--diff")
    assert preview.returncode == 0, preview.stdout
    assert "deprecated" not in preview.stdout
    warnings = [line for line in preview.stdout.splitlines() if "warning: " in line]
    assert warnings, "what the guard only informs of is shown"
    assert all("Whose silicon it is" in line for line in warnings), warnings


def test_every_image_is_pinned_by_digest(stack: Project) -> None:
    deployments = [item for item in registered(stack) if item["type"] == "kubernetes:apps/v1:Deployment"]
    images = [
        container["image"]
        for item in deployments
        for kind in ("containers", "initContainers")
        for container in item["inputs"]["spec"]["template"]["spec"].get(kind, [])
    ]
    assert len(images) >= 4
    assert all("/rehearsal/" in image and "@sha256:" in image for image in images)


def test_secrets_are_encrypted_in_the_state(stack: Project) -> None:
    state = (stack.directory / ".rehearsal" / "state" / ".pulumi" / "stacks" / "sovereign").glob("*.json")
    text = "".join(path.read_text() for path in state)
    assert "ciphertext" in text
    assert "PRIVATE KEY" not in text, "a private key lies open in the state"
    assert stack.outputs()["kubeconfig"] not in text


def test_a_change_made_by_hand_is_seen_and_undone(stack: Project) -> None:
    edits = {
        "eu": ("scaleway:registry/namespace:Namespace", "isPublic=true"),
        "uk": ("civo:index/objectStore:ObjectStore", "maxSizeGb=9000"),
    }
    type_, change = edits[stack.stack]
    assert stack.run("cloud", "edit", type_, change).returncode == 0
    assert stack.pulumi("preview", "--refresh", "--expect-no-changes").returncode != 0
    restored = stack.pulumi("up", "--yes", "--skip-preview", "--refresh")
    assert restored.returncode == 0, restored.stdout
    assert stack.pulumi("preview", "--refresh", "--expect-no-changes").returncode == 0


def test_a_destroy_leaves_nothing_behind(stack: Project) -> None:
    """The last word on the stack that the tests above have looked at."""
    assert len(stack.cloud()) > 40
    destroyed = stack.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stdout
    assert stack.cloud() == []
