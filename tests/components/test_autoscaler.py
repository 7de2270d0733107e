"""The autoscaler in the cluster: only where a pool may grow, and with no right that it does not need."""

import base64
import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import load_catalog
from components.clouds import PoolSize
from components.clouds.hetzner.addresses import MEMBERS, AddressPlan, AddressPlanError
from components.clouds.hetzner.growth.configuration import (
    GROUP_LIMIT,
    cluster_configuration,
    group_flag,
    group_name,
)
from components.clouds.hetzner.machines import USER_DATA_LIMIT, NodeFacts, node_user_data
from policies.sites import site_name

from .conftest import UK_REGISTRY
from .recording import Choice, Tree, is_secret, record, without_secret_marks
from .test_hetzner_machines import facts

REGISTRY = "registry.eu.example.com/sovereign"
APP = "cluster-autoscaler"


@pytest.fixture(scope="module")
def civo() -> Tree:
    return record(Choice("uk", "civo", "LON1", registry=UK_REGISTRY, cpu_maximum=5, gpu_maximum=3))


@pytest.fixture(scope="module")
def hetzner() -> Tree:
    return record(Choice("eu", "hetzner", "nbg1", registry=REGISTRY, cpu_maximum=5))


@pytest.fixture(params=["civo", "hetzner"])
def either(request: pytest.FixtureRequest) -> Tree:
    return request.getfixturevalue(request.param)


def pod_of(tree: Tree) -> dict[str, Any]:
    deployment = tree.only("kubernetes:apps/v1:Deployment", "autoscaler")
    return without_secret_marks(deployment.inputs)["spec"]["template"]["spec"]


def groups_of(tree: Tree) -> list[str]:
    arguments = pod_of(tree)["containers"][0]["args"]
    return [each.removeprefix("--nodes=") for each in arguments if each.startswith("--nodes=")]


def rules_of(tree: Tree, kind: str) -> list[dict[str, Any]]:
    return tree.only(f"kubernetes:rbac.authorization.k8s.io/v1:{kind}", "autoscaler").inputs["rules"]


def test_each_pool_of_civo_that_may_grow_is_named_by_its_id(civo: Tree) -> None:
    assert groups_of(civo) == ["2:5:uk-cluster-cpu", "2:3:uk-gpu-pool-nodes"]
    only_gpu = record(Choice("uk", "civo", "LON1", registry=UK_REGISTRY, gpu_maximum=3))
    assert groups_of(only_gpu) == ["2:3:uk-gpu-pool-nodes"]


def test_gpus_that_are_out_of_stock_do_not_keep_the_cpu_pool_from_growing(civo: Tree) -> None:
    waits = {each.name: each.waits_for for each in civo.resources if each.name.startswith("uk-autoscaler")}
    assert waits["uk-autoscaler-deployment"], "waits are written down"
    assert not [name for name, urns in waits.items() if "NodePool" in "".join(urns)]


def test_the_count_of_a_pool_of_civo_is_left_to_the_autoscaler_only_where_it_may_grow(
    civo: Tree, uk: Tree
) -> None:
    def ignored(tree: Tree) -> tuple[bool, bool]:
        cluster = tree.only("civo:index/kubernetesCluster:KubernetesCluster")
        pool = tree.only("civo:index/kubernetesNodePool:KubernetesNodePool")
        return "pools.nodeCount" in cluster.ignored, "nodeCount" in pool.ignored

    assert ignored(civo) == (True, True)
    assert ignored(uk) == (False, False)
    only_cpu = record(Choice("uk", "civo", "LON1", registry=UK_REGISTRY, cpu_maximum=3))
    assert ignored(only_cpu) == (True, False)


def test_where_no_pool_may_grow_there_is_nothing_of_it(uk: Tree) -> None:
    quiet = record(Choice("eu", "hetzner", "nbg1", registry=REGISTRY))
    for tree in (uk, quiet):
        assert not [each.name for each in tree.resources if "autoscal" in json.dumps(each.inputs)]
        commands = [each.name for each in tree.of_type("command:local:Command")]
        assert not [name for name in commands if name.endswith("-servers")]


def test_clouds_that_scale_their_pools_themselves_get_none() -> None:
    for cloud, place, registry in (("scaleway", "fr-par-2", None), ("ovh", "GRA11", REGISTRY)):
        tree = record(Choice("eu", cloud, place, registry=registry, cpu_maximum=4, gpu_maximum=4))
        assert not [each for each in tree.resources if "autoscaler" in each.name]


def test_hetzners_own_servers_are_none_of_the_group(hetzner: Tree) -> None:
    """The minimum stays what the program makes; the group has what lies between."""
    assert groups_of(hetzner) == ["0:3:cpx42:nbg1:eu-autoscaler-cpu"]
    servers = hetzner.of_type("hcloud:index/server:Server")
    assert len([each for each in servers if "-cpu-" in each.name]) == 2
    assert not [each for each in servers if "hcloud/node-group" in each.inputs["labels"]]


def test_the_servers_that_it_orders_have_a_subnet_of_their_own(hetzner: Tree) -> None:
    subnet = hetzner.only("hcloud:index/networkSubnet:NetworkSubnet", "autoscaler")
    assert (subnet.inputs["ipRange"], subnet.inputs["networkZone"]) == ("10.64.4.0/24", "eu-central")
    taken = {each.inputs["networks"][0]["ip"] for each in hetzner.of_type("hcloud:index/server:Server")}
    assert not [address for address in taken if address.startswith("10.64.4.")]


def test_no_token_stands_in_plain_sight(either: Tree) -> None:
    [container] = pod_of(either)["containers"]
    shown = json.dumps([container["args"], [each.get("value") for each in container["env"]]])
    assert "SECRET-" not in shown
    [secret] = [
        each
        for each in either.of_type("kubernetes:core/v1:Secret")
        if each.inputs["metadata"]["name"] == "cloud-access"
    ]
    assert is_secret(secret.inputs["stringData"])
    referred = {each["valueFrom"]["secretKeyRef"]["key"] for each in container["env"] if "valueFrom" in each}
    assert referred == set(without_secret_marks(secret.inputs)["stringData"]) != set()


def test_no_server_that_it_orders_gets_a_public_address(hetzner: Tree) -> None:
    [container] = pod_of(hetzner)["containers"]
    values = {each["name"]: each.get("value") for each in container["env"]}
    assert (values["HCLOUD_PUBLIC_IPV4"], values["HCLOUD_PUBLIC_IPV6"]) == ("false", "false")
    assert "HCLOUD_FIREWALL" not in values, "the API refuses one where there is no public address"


def test_it_may_not_do_what_upstream_lets_it(either: Tree) -> None:
    changing = {
        (resource, verb)
        for rule in rules_of(either, "ClusterRole")
        for resource in rule["resources"]
        for verb in set(rule["verbs"]) - {"get", "list", "watch"}
    }
    assert changing == {
        ("nodes", "update"),
        ("pods/eviction", "create"),
        ("events", "create"),
        ("events", "patch"),
    }
    everywhere = {resource for rule in rules_of(either, "ClusterRole") for resource in rule["resources"]}
    assert {"secrets", "configmaps", "leases"}.isdisjoint(everywhere)
    at_home = {resource for rule in rules_of(either, "Role") for resource in rule["resources"]}
    assert at_home == {"configmaps", "leases"}
    assert "*" not in json.dumps([rules_of(either, "ClusterRole"), rules_of(either, "Role")])


def test_it_reaches_names_the_kubernetes_api_and_the_clouds_api(either: Tree) -> None:
    [policy] = [
        each
        for each in either.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy")
        if "autoscaler" in each.name and each.name.endswith("-paths")
    ]
    ports = [[port["port"] for port in rule["ports"]] for rule in policy.inputs["spec"]["egress"]]
    assert ports == [[53, 53], [6443], [443]]
    assert policy.inputs["spec"]["ingress"] == []


def test_two_of_them_never_act_and_it_never_waits_for_the_room_that_it_makes(either: Tree) -> None:
    spec = either.only("kubernetes:apps/v1:Deployment", "autoscaler").inputs["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    arguments = pod_of(either)["containers"][0]["args"]
    assert not [each for each in arguments if each.startswith("--leader-elect")], "on by default"
    assert pod_of(either)["priorityClassName"] == "system-cluster-critical"


def test_another_token_means_another_pod_as_it_reads_it_at_start_only(hetzner: Tree, civo: Tree) -> None:
    def annotation(tree: Tree) -> str:
        deployment = tree.only("kubernetes:apps/v1:Deployment", "autoscaler")
        return deployment.inputs["spec"]["template"]["metadata"]["annotations"]["sovereign.dev/content"]

    assert len(annotation(hetzner)) == len(annotation(civo)) == 64
    assert annotation(hetzner) != annotation(civo)


def test_the_command_runs_nothing_before_the_end_and_keeps_the_token_to_itself(hetzner: Tree) -> None:
    command = hetzner.only("command:local:Command", "servers")
    assert set(command.inputs) == {"interpreter", "delete", "environment"}
    assert command.inputs["interpreter"] == ["python3", "-c"]
    assert is_secret(command.inputs["environment"]["HCLOUD_TOKEN"])
    assert "SECRET-" not in command.inputs["delete"]
    assert "pulumi:providers:command::eu-autoscaler-servers-command" in command.provider


def test_the_autoscaler_goes_then_its_servers_then_what_they_hang_on(hetzner: Tree) -> None:
    """What waits for something when it is made goes before it when it is taken away."""

    def waits(type_: str, name_has: str = "") -> set[str]:
        return {urn.rpartition("::")[2] for urn in hetzner.only(type_, name_has).waits_for}

    assert {"eu-autoscaler-servers", "eu-autoscaler-subnet"} <= waits(
        "kubernetes:apps/v1:Deployment", "autoscaler"
    )
    assert {"eu-autoscaler-subnet", "eu-network-private", "eu-network-gateway"} <= waits(
        "command:local:Command", "servers"
    )


@given(minimum=st.integers(1, 200), more=st.integers(1, MEMBERS))
def test_the_group_may_grow_by_exactly_what_lies_between_minimum_and_maximum(minimum: int, more: int) -> None:
    size = PoolSize(node_type="cpx42", minimum=minimum, maximum=minimum + more)
    least, most, *rest = group_flag(size, "fsn1", "a-group", AddressPlan()).split(":")
    assert (int(least), int(most)) == (0, more)
    assert rest == ["cpx42", "fsn1", "a-group"]


@given(more=st.integers(MEMBERS + 1, 999))
def test_a_pool_that_would_outgrow_its_subnet_is_refused(more: int) -> None:
    size = PoolSize(node_type="cpx42", minimum=1, maximum=1 + more)
    with pytest.raises(AddressPlanError, match=r"10\.64\.4\.0/24: allowed: 0 to 244"):
        group_flag(size, "fsn1", "a-group", AddressPlan())


def test_servers_of_every_site_have_names_that_fit() -> None:
    places = load_catalog().stack_locations("hetzner", "eu")
    assert places
    for place in places:
        name = f"{site_name('eu', 'hetzner', place.code)}-autoscaler"
        assert len(f"{group_name(name)}-{2**63 - 1:x}") <= 63
    with pytest.raises(ValueError, match=r"found 47 characters, allowed: up to 46"):
        group_name("x" * (GROUP_LIMIT - 3))


names = st.from_regex(r"\A[a-z]{1,20}(\.[a-z]{1,10})?/[a-z]{1,20}\Z")
labels = st.dictionaries(names, st.from_regex(r"\A[a-z0-9]{1,20}\Z"), max_size=5)


@settings(deadline=None)  # the first one reads the templates
@given(own=labels, at_hetzner=labels)
def test_it_is_told_the_whole_of_a_servers_user_data_and_its_labels(
    own: dict[str, str], at_hetzner: dict[str, str]
) -> None:
    cluster = facts(labels=own)
    told = json.loads(base64.b64decode(cluster_configuration("a-group", cluster, at_hetzner)))
    assert told["imagesForArch"] == {"amd64": "debian-13"}
    [(group, node)] = told["nodeConfigs"].items()
    assert (group, node["taints"], node["labels"], node["serverLabels"]) == ("a-group", [], own, at_hetzner)
    expected = node_user_data(cluster, NodeFacts(name="a-group", role="agent", address=None))
    assert node["cloudInit"] == expected, "byte for byte"
    assert len(expected.encode()) < USER_DATA_LIMIT
    files = {file["path"]: file["content"] for file in yaml.safe_load(expected)["write_files"]}
    k3s = yaml.safe_load(files["/etc/sovereign/k3s.yaml"])
    assert k3s["node-label"] == [f"{name}={value}" for name, value in own.items()]
