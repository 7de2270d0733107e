"""What a stack asks to have mirrored."""

import shutil
from pathlib import Path

import pytest
import yaml

from infra.wanted import main

REPOSITORY = Path(__file__).parents[2]
MODEL = "mistralai/Mistral-7B-Instruct-v0.3"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for stack in ("eu", "uk"):
        shutil.copy(REPOSITORY / f"Pulumi.{stack}.yaml", tmp_path)
    return tmp_path


def run(project: Path, stack: str) -> int:
    return main(["--stack", stack, "--project", str(project)])


@pytest.mark.parametrize(
    ("stack", "registry"),
    [("eu", "rg.fr-par.scw.cloud/eu-inference-example-com"), ("uk", "registry.uk.example.com/sovereign")],
)
def test_the_shipped_stacks_say_what_they_need(
    stack: str, registry: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project, stack) == 0
    wanted = yaml.safe_load(capsys.readouterr().out)
    assert (wanted["stack"], wanted["jurisdiction"], wanted["registry"]) == (stack, stack, registry)
    own = {"uk": {"cluster-autoscaler"}}.get(stack, set[str]())
    assert set(wanted["images"]) == {"vllm", "llama-cpp", "haproxy", "weights-fetcher"} | own
    assert all("/" in image["source"] for image in wanted["images"].values())
    assert wanted["models"][MODEL]["files"] == [
        "params.json",
        "consolidated.safetensors",
        "tokenizer.model.v3",
    ]
    assert wanted["models"][MODEL]["gguf"].endswith(".gguf")


def test_a_stack_that_builds_its_own_nodes_wants_their_programs_and_images_too(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project / "Pulumi.eu.yaml"
    text = (
        file.read_text()
        .replace("cloud: scaleway", "cloud: hetzner")
        .replace("location: fr-par-2", "location: nbg1")
    )
    file.write_text(text)
    assert run(project, "eu") == 0
    wanted = yaml.safe_load(capsys.readouterr().out)
    assert set(wanted["binaries"]) == {"k3s", "k3s-airgap-images"}
    for binary in wanted["binaries"].values():
        assert binary["source"].startswith("https://")
        assert binary["path"].startswith("binaries/")
        assert binary["version"] in binary["source"].replace("%2B", "+")
    assert "hcloud-cloud-controller-manager" in wanted["images"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "Pulumi.eu.yaml: no such file in"),
        ("config: [unclosed", "Pulumi.eu.yaml: cannot be read as YAML"),
        ("", "found no mapping under the key config"),
        ("- a\n- b\n", "found no mapping under the key config"),
        ("config: text\n", "found no mapping under the key config"),
        ("config: {sovereign:replicas: two}\n", "sovereign:replicas: found 'two'"),
        ("config: {1: 2}\n", "sovereign:jurisdiction: missing"),
    ],
)
def test_a_file_that_cannot_be_used_gets_one_message_and_no_traceback(
    content: str | None, said: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project / "Pulumi.eu.yaml"
    file.unlink()
    if content is not None:
        file.write_text(content)
    assert run(project, "eu") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert "Traceback" not in captured.err


def test_a_missing_stack_is_answered_with_those_that_exist(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project, "fr") == 1
    assert "stacks with a file: eu, uk" in capsys.readouterr().err


def test_a_model_whose_files_are_not_known_is_not_guessed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project / "Pulumi.eu.yaml"
    file.write_text(file.read_text().replace(MODEL, "meta-llama/Llama-3.1-8B-Instruct"))
    assert run(project, "eu") == 1
    message = capsys.readouterr().err
    assert "meta-llama/Llama-3.1-8B-Instruct has no weights in catalog/data/models.yaml" in message
    assert "In eu its use is 'acceptance'" in message, "what stands in the way must not come later"


def test_a_key_without_a_namespace_is_the_projects_own(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project / "Pulumi.eu.yaml"
    file.write_text(file.read_text().replace("sovereign:replicas: 2", "replicas: none"))
    assert run(project, "eu") == 1
    assert "sovereign:replicas: found 'none'" in capsys.readouterr().err


SITES = """\
  sovereign:sites:
    - {cloud: ovh, location: GRA11, registry: r.example.com/x}
    - {cloud: ovh, location: GRA7}
"""


def test_every_site_has_a_list_of_its_own_under_the_name_of_its_lock(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project / "Pulumi.eu.yaml"
    (project / "Pulumi.staging.yaml").write_text(file.read_text() + SITES)
    start = ["--stack", "staging", "--project", str(project)]
    assert main([*start, "--sites"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "eu staging",
        "eu-ovh-gra11 staging-ovh-gra11",
        "eu-ovh-gra7 staging-ovh-gra7",
    ]
    assert main([*start, "--site", "eu-ovh-gra11"]) == 0
    wanted = yaml.safe_load(capsys.readouterr().out)
    assert (wanted["stack"], wanted["registry"]) == ("staging-ovh-gra11", "r.example.com/x")
    assert main(start) == 0
    assert yaml.safe_load(capsys.readouterr().out)["stack"] == "staging"


@pytest.mark.parametrize(
    ("site", "said"),
    [
        ("eu-ovh-sbg5", "site 'eu-ovh-sbg5': not in this stack; there are: eu, eu-ovh-gra11, eu-ovh-gra7"),
        ("eu-ovh-gra7", "sovereign:sites, registry of eu-ovh-gra7: missing"),
    ],
)
def test_a_site_that_cannot_be_listed_is_told_why(
    site: str, said: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project / "Pulumi.eu.yaml"
    file.write_text(file.read_text() + SITES)
    assert main(["--stack", "eu", "--project", str(project), "--site", site]) == 1
    assert said in capsys.readouterr().err


def test_only_sites_without_a_lock_are_asked_for_one(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """GIVEN a home site that is locked, a site whose registry is named and one whose is not."""
    file = project / "Pulumi.eu.yaml"
    content = yaml.safe_load(file.read_text())
    gra11 = {"cloud": "ovh", "location": "GRA11", "registry": "registry.eu.example.com/sovereign"}
    content["config"]["sovereign:sites"] = [gra11, {"cloud": "ovh", "location": "SBG5"}]
    file.write_text(yaml.safe_dump(content))
    asked = ["--stack", "eu", "--project", str(project), "--unlocked"]

    assert main(asked) == 0
    shown = capsys.readouterr()
    assert [each["stack"] for each in yaml.safe_load_all(shown.out)] == ["eu", "eu-ovh-gra11"]
    assert "eu-ovh-sbg5: left out" in shown.err

    (project / "locks").mkdir()
    (project / "locks" / "eu.yaml").touch()
    assert main(asked) == 0
    assert [each["stack"] for each in yaml.safe_load_all(capsys.readouterr().out)] == ["eu-ovh-gra11"]
