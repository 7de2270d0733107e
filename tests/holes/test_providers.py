"""Holes 5, 6 and 8: places that come from a provider, from the environment, or from nowhere; and clusters."""

from __future__ import annotations

import pytest

from tests.holes.conftest import Judge
from tests.holes.gate import CANARY, SETTING, Preview

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("holes/providers")]

PROGRAM = """
def provided(name, **properties):
    return ResourceOptions(provider=scaleway.Provider(name, **properties))


nowhere = provided("nowhere")
bucket("default-with-region", None, region="fr-par")
bucket("default-without-region", None)
bucket("absent-everywhere", nowhere)
bucket("provider-known", provided("known", region="uk-lon"))
bucket("provider-unknown", provided("unknown", region=unknown))
bucket("provider-secret", provided("secret", region=Output.secret(CANARY)))
bucket("provider-honest", provided("honest", region="fr-par"))


class Team(pulumi.ComponentResource):
    def __init__(self, name, opts):
        super().__init__("sample:index:Team", name, None, opts)
        bucket(f"{name}-orphan", None, region="fr-par")
        bucket(f"{name}-child", ResourceOptions(parent=self), region="fr-par")
        bucket(f"{name}-child-absent", ResourceOptions(parent=self))


class Orphans(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("sample:index:Orphans", name)
        bucket("orphan-known", None, region="uk-lon")
        bucket("orphan-unknown", None, region=unknown)
        bucket("orphan-absent", None)
        bucket("orphan-secret", None, region=Output.secret(CANARY))


Orphans("orphans")
Team("team", ResourceOptions(providers={"scaleway": nowhere.provider}))
Team("bare", ResourceOptions())

unbuilt = ResourceOptions(provider=kubernetes.Provider("unbuilt", kubeconfig=unknown))
hushed = ResourceOptions(provider=kubernetes.Provider("hushed", kubeconfig=Output.secret(CANARY)))
deployment("unbuilt-known", vllm("--model", REFUSED), opts=unbuilt)
deployment("unbuilt-unknown", vllm("--model", unknown), opts=unbuilt)
deployment("unbuilt-absent", {"name": "c", "image": VLLM}, opts=unbuilt)
deployment("unbuilt-secret", vllm("--model", Output.secret(CANARY)), opts=unbuilt)
deployment("unbuilt-honest", vllm("--model", APPROVED), opts=unbuilt)
deployment("hushed-known", vllm("--model", REFUSED), opts=hushed)

kubernetes.core.v1.ConfigMap("ambient-object", data={"a": "b"})
kubernetes.Provider("ambient", context="prod")
ADDRESS = "clusters: [{name: c, cluster: {server: 'https://203.0.113.9:6443'}}]"
kubernetes.Provider("address", kubeconfig=Output.secret(ADDRESS))
own = scaleway.kubernetes.Cluster(
    "own",
    cni="cilium",
    delete_additional_resources=False,
    name="own",
    private_network_id=scaleway.network.PrivateNetwork("own", region="fr-par", opts=eu).id,
    region="fr-par",
    version="1.34.1",
    opts=eu,
)
scaleway.kubernetes.Acl(
    "own", cluster_id=own.id, acl_rules=[{"ip": "198.51.100.0/24"}], region="fr-par", opts=eu
)
kubernetes.Provider("of-own", kubeconfig=own.kubeconfigs[0].config_file)
kubernetes.Provider("borrowed", kubeconfig=own.name.apply(lambda _: ADDRESS))

random.Provider("plugin-elsewhere", opts=ResourceOptions(plugin_download_url="https://plugins.example.com"))
somebody = ResourceOptions(plugin_download_url="github://api.github.com/somebody")
scaleway.Provider("plugin-somebody", region="fr-par", opts=somebody)
pulumi.ProviderResource(
    "random", "plugin-smuggled", {"__internal": {"pluginDownloadURL": "https://plugins.example.com"}}
)
"""


@pytest.fixture(scope="module")
def report(judge: Judge) -> Preview:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SCW_DEFAULT_REGION", "uk-lon")
        return judge(PROGRAM, [(SETTING, "[]")])


def test_a_default_provider_is_refused_also_for_a_child_whose_parent_was_forgotten(report: Preview) -> None:
    assert report.refused
    assert report.resources("residency-provider") == {
        "default-with-region",
        "default-without-region",
        "team-orphan",
        "bare-orphan",
        "bare-child",
        "bare-child-absent",
        "orphan-known",
        "orphan-unknown",
        "orphan-absent",
        "orphan-secret",
        *("ambient-object", "ambient", "hushed"),
    }
    assert report.resources("residency-default-providers") == {"sample-dev"}


def test_a_cluster_counts_only_if_it_is_the_stack_s_own_or_its_place_is_known(report: Preview) -> None:
    assert report.resources("residency-cluster") == {"unbuilt", "address", "borrowed"}


def test_a_plugin_is_had_from_where_its_makers_publish_it(report: Preview) -> None:
    expected = {"plugin-elsewhere", "plugin-somebody", "plugin-smuggled"}
    assert report.resources("hyperscalers-plugins") == expected


def test_a_place_that_the_environment_gives_is_judged_or_does_not_count(report: Preview) -> None:
    assert report.resources("residency") == {
        "default-without-region",
        *("absent-everywhere", "nowhere"),
        "team-child-absent",
        "bare-child-absent",
        *("orphan-known", "orphan-unknown", "orphan-absent", "orphan-secret"),
        *("provider-known", "known"),
        *("provider-unknown", "unknown"),
        *("provider-secret", "secret"),
    }


def test_a_workload_is_judged_before_its_cluster_is_built(report: Preview) -> None:
    expected = {"unbuilt-known", "unbuilt-unknown", "unbuilt-absent", "unbuilt-secret", "hushed-known"}
    assert report.resources("model-ip") == expected


def test_no_secret_of_a_provider_is_printed(report: Preview) -> None:
    assert CANARY not in report.text
