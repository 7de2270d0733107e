"""Whole programs on the real engine: up, again, refresh, drift, destroy, and what a provider refuses."""

import json
from pathlib import Path

import pytest

from tests.conftest import Project

pytestmark = pytest.mark.engine

CLUSTER = """
import pulumi, pulumi_hcloud as hcloud, pulumiverse_scaleway as scaleway, pulumi_random as random
vpc = scaleway.network.Vpc("vpc", region="fr-par")
net = scaleway.network.PrivateNetwork("net", region="fr-par", vpc_id=vpc.id)
cluster = scaleway.kubernetes.Cluster("cluster", region="fr-par", version="1.33.1", cni="cilium",
                                      delete_additional_resources=False, private_network_id=net.id)
pool = scaleway.kubernetes.Pool("gpu", cluster_id=cluster.id, region="fr-par", zone="fr-par-2",
                                node_type="L4-1-24G", size=2)
password = random.RandomPassword("password", length=20)
pulumi.export("cluster", cluster.id)
pulumi.export("kubeconfig", cluster.kubeconfigs[0].config_file)
pulumi.export("nodes", pool.nodes.apply(len))
pulumi.export("password", password.result)
"""


def test_a_stack_goes_up_stays_as_it_is_drifts_and_goes_down(project: Project) -> None:
    project.program(CLUSTER)

    preview = project.run("pulumi", "preview", "--stack", "dev")
    assert preview.returncode == 0, preview.stdout
    assert preview.stdout.startswith("rehearse no cloud account is touched")
    assert "+ 6 to create" in preview.stdout
    assert "cluster   : [unknown]" in preview.stdout, "an id must not be known before the cluster exists"

    assert project.up().returncode == 0
    outputs = project.outputs()
    assert outputs["cluster"].startswith("fr-par/")
    assert outputs["nodes"] == 2
    assert "server: https://" in outputs["kubeconfig"]
    assert len(outputs["password"]) == 20

    again = project.pulumi("up", "--yes")
    assert "6 unchanged" in again.stdout
    assert project.outputs() == outputs

    assert project.run("cloud", "edit", "gpu", "size=5").returncode == 0
    drift = project.pulumi("refresh", "--yes", "--skip-preview")
    assert "1 updated" in drift.stdout
    assert "1 updated" in project.up().stdout, "the program's own size is restored"

    destroyed = project.pulumi("destroy", "--yes", "--skip-preview")
    assert "6 deleted" in destroyed.stdout
    assert project.cloud() == []


def test_only_the_projects_own_rehearsal_directory_is_written(project: Project) -> None:
    stack_file = project.directory / "Pulumi.dev.yaml"
    stack_file.write_text("config:\n  sample:x: 1\n")
    project.program('import pulumi; pulumi.export("x", pulumi.Config().require_int("x"))')
    before = {path.name: path.read_bytes() for path in project.directory.iterdir()}
    assert project.up().returncode == 0
    assert project.outputs() == {"x": 1}
    assert project.pulumi("stack", "history", "--show-secrets").returncode == 0
    assert project.pulumi("destroy", "--yes", "--skip-preview").returncode == 0
    assert project.run("pulumi", "stack", "rm", "dev", "--yes").returncode == 0
    after = {path.name: path.read_bytes() for path in project.directory.iterdir() if path.is_file()}
    assert after == before
    assert (project.directory / ".rehearsal" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            'pulumi.CustomResource("hcloud:index/network:Network", "bad", {"plaace": "x"})',
            "plaace: no such input",
        ),
        ('pulumi.CustomResource("hcloud:index/network:Network", "bad", {})', "ipRange: missing"),
        (
            'hcloud.Server("bad", server_type="cx23", labels="eu")',
            "labels: must be a map of string, not a string",
        ),
        ('hcloud.Server("bad", server_type="cx23", user_data="x" * 40000)', "at most 32768 (32 KiB)"),
        (
            'pulumi.CustomResource("hcloud:index/moon:Moon", "bad", {})',
            "no resource type hcloud:index/moon:Moon",
        ),
        ('hcloud.Provider("bad", tooken="x")', "tooken"),
    ],
)
def test_what_the_provider_refuses_is_refused_with_the_propertys_name(
    project: Project, source: str, message: str
) -> None:
    project.program(f"import pulumi, pulumi_hcloud as hcloud\n{source}")
    result = project.pulumi("preview")
    assert result.returncode != 0
    assert message in result.stdout


def test_a_deprecated_input_brings_the_engines_warning(project: Project) -> None:
    project.program('import pulumi_hcloud as h; h.Server("s", server_type="cx23", datacenter="fsn1-dc14")')
    result = project.pulumi("preview")
    assert result.returncode == 0
    assert "warning: datacenter is deprecated" in result.stdout


def test_a_move_to_another_region_replaces_and_a_new_tag_updates(project: Project) -> None:
    source = (
        'import pulumiverse_scaleway as s; s.object.Bucket("b", region={region!r}, tags={{"a": {tag!r}}})'
    )
    project.program(source.format(region="fr-par", tag="1"))
    assert project.up().returncode == 0
    project.program(source.format(region="fr-par", tag="2"))
    assert "~ 1 to update" in project.pulumi("preview").stdout
    project.program(source.format(region="nl-ams", tag="1"))
    preview = project.pulumi("preview", "--diff")
    assert "+-1 to replace" in preview.stdout
    assert project.up().returncode == 0
    assert [item["id"].split("/")[0] for item in project.cloud("scaleway:object/*")] == ["nl-ams"]


def test_a_provider_without_an_sdk_is_answered_by_name(project: Project) -> None:
    project.program(
        """
        import pulumi
        bucket = pulumi.CustomResource("aws:s3/bucket:Bucket", "b", {"bucket": "b", "anything": [1]})
        """
    )
    assert (
        "no resource plugin" in project.pulumi("preview").stdout or project.pulumi("preview").returncode != 0
    )
    result = project.run("--provider", "aws", "pulumi", "preview", "--stack", "dev")
    assert result.returncode == 0, result.stdout
    assert "aws:s3:Bucket" in result.stdout


def test_a_failing_program_shows_its_own_lines_and_no_more(project: Project) -> None:
    project.program("import pulumi\n\ndef build():\n    raise KeyError('region')\n\nbuild()\n")
    result = project.pulumi("preview")
    assert result.returncode != 0
    assert "__main__.py" in result.stdout
    assert "KeyError: 'region'" in result.stdout
    assert "runpy" not in result.stdout


def test_a_refusal_by_the_program_is_one_message_without_a_traceback(project: Project) -> None:
    project.program("import pulumi\nraise pulumi.RunError('no such jurisdiction: fr')")
    result = project.pulumi("preview")
    assert result.returncode != 0
    assert "error: no such jurisdiction: fr" in result.stdout
    assert "Traceback" not in result.stdout


def test_exit_codes_are_the_engines_own(project: Project) -> None:
    project.program('import pulumi_random as r; r.RandomId("id", byte_length=4)')
    assert project.pulumi("preview", "--expect-no-changes").returncode != 0
    assert project.up().returncode == 0
    assert project.pulumi("preview", "--expect-no-changes").returncode == 0
    assert project.run("sh", "-c", "exit 7").returncode == 7
    missing = project.run("no-such-command")
    assert missing.returncode == 1
    assert "no command 'no-such-command' on PATH" in missing.stdout


def test_configuration_set_on_purpose_lands_in_the_stacks_file_without_a_salt(project: Project) -> None:
    project.program("import pulumi")
    assert project.pulumi("config", "set", "sample:region", "fr-par").returncode == 0
    text = (project.directory / "Pulumi.dev.yaml").read_text()
    assert "fr-par" in text
    assert "salt" not in text


def test_a_policy_pack_judges_a_program_that_is_not_ours(project: Project, tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text(
        "from pulumi_policy import *\n"
        "def check(args, report):\n"
        "    if args.resource_type == 'scaleway:object/bucket:Bucket': report('no buckets here')\n"
        "rule = ResourceValidationPolicy('no-buckets', 'd', check)\n"
        "PolicyPack('sample', [rule], EnforcementLevel.MANDATORY)\n"
    )
    project.program('import pulumiverse_scaleway as s; s.object.Bucket("b", region="fr-par")')
    result = project.pulumi("preview", "--policy-pack", str(pack))
    assert result.returncode != 0
    assert "no buckets here" in result.stdout
    assert "warning" not in result.stdout


def test_a_stack_that_has_no_file_among_others_is_a_clear_mistake(project: Project) -> None:
    (project.directory / "Pulumi.eu.yaml").write_text("{}")
    project.program("import pulumi")
    result = project.pulumi("preview")
    assert result.returncode == 1
    assert "there is no Pulumi.dev.yaml" in result.stdout
    assert "stacks here are eu" in result.stdout


def test_the_clouds_contents_can_be_read_by_programs(project: Project) -> None:
    project.program('import pulumi_hcloud as h; h.Network("net", ip_range="10.0.0.0/8")')
    assert project.up().returncode == 0
    (network,) = project.cloud("net")
    assert network["type"] == "hcloud:index/network:Network"
    shown = project.run("cloud", "show", "net")
    assert json.loads(shown.stdout)["ipRange"] == "10.0.0.0/8"
