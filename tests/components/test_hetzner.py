"""The resource tree of a stack on Hetzner, built from the operating system up."""

import json
from collections import Counter
from pathlib import Path

import pulumi_hcloud
import pulumi_minio
import pulumi_random
import pytest
import yaml

from catalog import load_catalog
from components.clouds import cloud_module
from components.clouds.hetzner.cluster import CONTROL_PLANE_TYPE
from components.clouds.hetzner.network import GATEWAY_TYPE

from . import test_tree
from .recording import Choice, Tree, is_secret, record, without_secret_marks

REGISTRY = "registry.eu.example.com/sovereign"
SERVER = "hcloud:index/server:Server"
HETZNER = Path(__file__).parents[2] / "components/clouds/hetzner"

FOUNDATION = Counter(
    {
        "hcloud:index/network:Network": 1,
        "hcloud:index/networkSubnet:NetworkSubnet": 4,
        "hcloud:index/networkRoute:NetworkRoute": 1,
        "hcloud:index/firewall:Firewall": 1,
        "hcloud:index/primaryIp:PrimaryIp": 1,
        SERVER: 1,
        "minio:index/s3Bucket:S3Bucket": 1,
        "minio:index/s3BucketVersioning:S3BucketVersioning": 1,
        "minio:index/s3BucketPolicy:S3BucketPolicy": 1,
    }
)
CLUSTER = Counter(
    {
        SERVER: 5,
        "hcloud:index/placementGroup:PlacementGroup": 2,
        "hcloud:index/loadBalancer:LoadBalancer": 1,
        "hcloud:index/loadBalancerNetwork:LoadBalancerNetwork": 1,
        "hcloud:index/loadBalancerService:LoadBalancerService": 1,
        "hcloud:index/loadBalancerTarget:LoadBalancerTarget": 3,
        "hcloud:index/firewall:Firewall": 1,
        "hcloud:index/firewallAttachment:FirewallAttachment": 1,
        "random:index/randomPassword:RandomPassword": 2,
        "tls:index/privateKey:PrivateKey": 7,
        "tls:index/selfSignedCert:SelfSignedCert": 5,
        "tls:index/certRequest:CertRequest": 1,
        "tls:index/locallySignedCert:LocallySignedCert": 1,
        "command:local:Command": 1,
    }
)
EDGE = Counter(
    {
        "hcloud:index/loadBalancer:LoadBalancer": 1,
        "hcloud:index/loadBalancerNetwork:LoadBalancerNetwork": 1,
        "hcloud:index/zoneRrset:ZoneRrset": 1,
    }
)
PLACED = {
    SERVER: {"location": "nbg1"},
    "hcloud:index/primaryIp:PrimaryIp": {"location": "nbg1"},
    "hcloud:index/loadBalancer:LoadBalancer": {"location": "nbg1"},
    "hcloud:index/networkSubnet:NetworkSubnet": {"networkZone": "eu-central"},
}
"""Every type that has a place property; the rest has none or follows a parent."""


@pytest.fixture(scope="module")
def nbg1() -> Tree:
    """Three control planes and two CPU nodes."""
    return record(Choice("eu", "hetzner", "nbg1", registry=REGISTRY))


def clouds_of(tree: Tree) -> Counter[str]:
    return Counter(resource.type for resource in tree.made if resource.package != "kubernetes")


def servers_of(tree: Tree, name: str) -> list[str]:
    return [server.name for server in tree.of_type(SERVER) if name in server.name]


def test_the_stack_is_exactly_this(nbg1: Tree) -> None:
    assert clouds_of(nbg1) == FOUNDATION + CLUSTER + EDGE + test_tree.TLS


def test_without_a_lock_there_is_no_cluster_as_nothing_may_run_that_is_not_locked() -> None:
    tree = record(Choice("eu", "hetzner", "nbg1", locked=False, registry=REGISTRY))
    assert clouds_of(tree) == FOUNDATION
    assert not [resource for resource in tree.made if resource.package == "kubernetes"]
    assert tree.outputs["kubeconfig"] is None
    assert tree.outputs["endpoint"] is None
    assert tree.outputs["weights_endpoint"] == "https://nbg1.your-objectstorage.com"


def test_every_resource_names_its_provider_and_its_place(nbg1: Tree) -> None:
    for resource in nbg1.made:
        assert f"pulumi:providers:{resource.package}::" in resource.provider, resource.name
        assert "::default" not in resource.provider
        if resource.package == "hcloud":
            named = {
                key: value for key, value in resource.inputs.items() if key in ("location", "networkZone")
            }
            assert named == PLACED.get(resource.type, {}), resource.name
    assert nbg1.only("pulumi:providers:minio").inputs["minioServer"] == "nbg1.your-objectstorage.com"
    assert nbg1.only("pulumi:providers:minio").inputs["minioSsl"] == "true"


def test_nothing_used_is_deprecated(nbg1: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    sdks = {"hcloud": pulumi_hcloud, "minio": pulumi_minio, "random": pulumi_random}
    for package, sdk in sdks.items():
        monkeypatch.setitem(test_tree.SDKS, package, sdk)
    checked = [resource for resource in nbg1.made if resource.package in sdks]
    for resource in checked:
        assert not test_tree.deprecated_inputs(resource.type) & set(resource.inputs), resource.name
    assert test_tree.deprecated_inputs(SERVER) >= {"datacenter"}, "the SDK can be asked"
    assert len(checked) > 20


def test_everything_that_takes_labels_says_whose_it_is(nbg1: Tree) -> None:
    labelled = [
        resource for resource in nbg1.made if resource.package == "hcloud" and "labels" in resource.inputs
    ]
    assert len(labelled) > 12
    assert {resource.inputs["labels"]["sovereign.dev/jurisdiction"] for resource in labelled} == {"eu"}
    unlabelled = {
        resource.type.rpartition(":")[2] for resource in nbg1.made if resource.package == "hcloud"
    } - {resource.type.rpartition(":")[2] for resource in labelled}
    assert unlabelled == {
        "NetworkSubnet",
        "NetworkRoute",
        "LoadBalancerNetwork",
        "LoadBalancerService",
        "LoadBalancerTarget",
        "FirewallAttachment",
    }, "these have no labels"


def test_no_node_has_a_public_address_and_the_gateway_has_one(nbg1: Tree) -> None:
    for server in nbg1.of_type(SERVER):
        public = server.inputs["publicNets"]
        assert len(public) == 1
        assert public[0]["ipv6Enabled"] is False
        assert public[0]["ipv4Enabled"] is (server.name == "eu-network-gateway")
        # The API refuses one in front of a server without a public interface (private_net_only_server).
        assert ("firewallIds" in server.inputs) is (server.name == "eu-network-gateway")


def test_only_the_allowed_ranges_reach_the_api_and_nothing_else_is_open(nbg1: Tree) -> None:
    closed = nbg1.only("hcloud:index/firewall:Firewall", "closed")
    assert closed.inputs["rules"] == []
    access = nbg1.only("hcloud:index/firewall:Firewall", "api-access")
    assert [(rule["port"], rule["sourceIps"]) for rule in access.inputs["rules"]] == [
        ("6443", ["198.51.100.7/32"])
    ]
    assert len(nbg1.only("hcloud:index/firewallAttachment:FirewallAttachment").inputs["serverIds"]) == 1
    private = nbg1.only("hcloud:index/loadBalancerNetwork:LoadBalancerNetwork", "api")
    assert private.inputs["enablePublicInterface"] is False
    assert private.inputs["ip"] == "10.64.2.10"
    for target in nbg1.of_type("hcloud:index/loadBalancerTarget:LoadBalancerTarget"):
        assert target.inputs["usePrivateIp"] is True


def test_the_kubeconfig_is_known_without_logging_in_anywhere(nbg1: Tree) -> None:
    config = yaml.safe_load(nbg1.outputs["kubeconfig"])
    assert config["clusters"][0]["cluster"]["server"] == "https://192.0.2.10:6443", "the gateway's address"
    assert set(config["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}
    provider = nbg1.only("pulumi:providers:kubernetes")
    assert is_secret(provider.inputs["kubeconfig"])
    assert len(provider.inputs["clusterIdentifier"]) == 64, "the authority's hash, which never changes"
    order = [resource.name for resource in nbg1.resources]
    last = max(order.index(name) for name in servers_of(nbg1, "eu-cluster"))
    assert last < order.index("eu-kubernetes")


def test_the_kubeconfig_waits_for_an_api_that_answers(nbg1: Tree) -> None:
    waiting = nbg1.only("command:local:Command")
    assert waiting.inputs["environment"] == {"API_URL": "https://192.0.2.10:6443", "AUTHORITY": "CERTIFICATE"}
    assert waiting.inputs["create"] == (HETZNER / "await_api.py").read_text()
    assert waiting.inputs["interpreter"] == ["python3", "-c"]
    assert {"update", "delete"}.isdisjoint(waiting.inputs)
    address, authority = waiting.inputs["triggers"]
    assert (address, len(authority)) == ("https://192.0.2.10:6443", 64), "made anew when one of them changes"
    assert not is_secret(waiting.inputs), "nothing that it is told is secret"
    order = [resource.name for resource in nbg1.resources]
    last_of_api = max(order.index(name) for name in order if name.startswith("eu-cluster-api"))
    assert last_of_api < order.index(waiting.name) < order.index("eu-kubernetes")


def test_no_node_starts_before_there_is_a_way_out(nbg1: Tree) -> None:
    order = [resource.name for resource in nbg1.resources]
    way_out = order.index("eu-network-way-out")
    assert order.index("eu-network-gateway") < way_out
    assert way_out < min(order.index(name) for name in servers_of(nbg1, "eu-cluster"))


def test_an_address_that_no_server_has_yet_is_made_without_a_type_of_owner(nbg1: Tree) -> None:
    assert "assigneeType" not in nbg1.only("hcloud:index/primaryIp:PrimaryIp").inputs


def test_the_driver_of_volumes_is_restarted_when_it_no_longer_answers(nbg1: Tree) -> None:
    pods = {
        workload.inputs["metadata"]["name"]: workload.inputs["spec"]["template"]["spec"]
        for kind in ("Deployment", "DaemonSet")
        for workload in nbg1.of_type(f"kubernetes:apps/v1:{kind}")
    }
    expected = {
        "hcloud-csi-controller": (":9808", {"path": "/healthz", "port": 9808}),
        "hcloud-csi-node": ("127.0.0.1:9808", {"host": "127.0.0.1", "path": "/healthz", "port": 9808}),
    }
    for name, (listens, asked) in expected.items():
        containers = {container["name"]: container for container in pods[name]["containers"]}
        assert containers["livenessprobe"]["args"] == [f"--http-endpoint={listens}"]
        assert containers["hcloud-csi-driver"]["livenessProbe"]["httpGet"] == asked
        probed = [name for name, container in containers.items() if "livenessProbe" in container]
        assert probed == ["hcloud-csi-driver"], "the sidecar answers for the driver, and is not probed itself"
    assert pods["hcloud-csi-node"]["hostNetwork"] is True, "so its port is open on the loopback alone"


def test_user_data_is_secret_and_never_replaces_a_machine(nbg1: Tree) -> None:
    for server in nbg1.of_type(SERVER):
        assert server.ignored == ("userData", "sshKeys", "image")
        assert server.inputs["image"] == "debian-13", "by name"
        assert server.inputs["deleteProtection"] is server.inputs["rebuildProtection"] is False
        assert (server.inputs["keepDisk"], server.inputs["shutdownBeforeDeletion"]) == (True, True)
        assert server.inputs["networks"][0]["aliasIps"] == []
        if server.name != "eu-network-gateway":
            assert is_secret(server.inputs["userData"]), server.name


def test_no_place_is_ever_ignored(nbg1: Tree) -> None:
    for resource in nbg1.made:
        assert not {"location", "networkZone"} & set(resource.ignored), resource.name


def test_control_planes_stand_on_different_hosts_and_pools_of_ten_in_groups(nbg1: Tree) -> None:
    groups = {
        server.inputs.get("placementGroupId") for server in nbg1.of_type(SERVER) if "control" in server.name
    }
    assert len(groups) == 1
    large = record(Choice("eu", "hetzner", "fsn1", registry=REGISTRY, cpu_nodes=21, control_planes=1))
    members = Counter(
        server.inputs["placementGroupId"] for server in large.of_type(SERVER) if "-cpu-" in server.name
    )
    assert sorted(members.values()) == [1, 10, 10]


def test_growing_the_pool_renumbers_nobody(nbg1: Tree) -> None:
    larger = record(Choice("eu", "hetzner", "nbg1", registry=REGISTRY, cpu_nodes=5))
    before = {server.name: server.inputs["networks"][0]["ip"] for server in nbg1.of_type(SERVER)}
    after = {server.name: server.inputs["networks"][0]["ip"] for server in larger.of_type(SERVER)}
    assert len(after) == len(before) + 3
    assert before.items() <= after.items()
    assert len(set(after.values())) == len(after)


def test_one_control_plane_is_enough_where_it_is_asked_for() -> None:
    tree = record(Choice("eu", "hetzner", "hel1", registry=REGISTRY, control_planes=1))
    assert servers_of(tree, "control-plane") == ["eu-cluster-control-plane-1"]
    assert len(tree.of_type("hcloud:index/loadBalancerTarget:LoadBalancerTarget")) == 1


def test_the_bucket_is_private_versioned_and_the_readers_key_may_only_read(nbg1: Tree) -> None:
    bucket = nbg1.only("minio:index/s3Bucket:S3Bucket")
    assert (bucket.inputs["acl"], bucket.inputs["forceDestroy"]) == ("private", False)
    order = [resource.type for resource in nbg1.resources if resource.package == "minio"]
    assert order[-2:] == [
        "minio:index/s3BucketVersioning:S3BucketVersioning",
        "minio:index/s3BucketPolicy:S3BucketPolicy",
    ], "written at once, one of the two is refused now and then"
    versioning = nbg1.only("minio:index/s3BucketVersioning:S3BucketVersioning")
    assert versioning.inputs["versioningConfiguration"] == {"status": "Enabled"}
    policy = nbg1.only("minio:index/s3BucketPolicy:S3BucketPolicy")
    assert is_secret(policy.inputs["policy"])
    statement = json.loads(without_secret_marks(policy.inputs["policy"]))["Statement"][0]
    assert statement["Effect"] == "Deny"
    assert statement["Principal"]["AWS"][0].endswith(":SECRET-weightsAccessKey")
    assert set(statement["NotAction"]) == {"s3:GetObject", "s3:GetBucketLocation", "s3:ListBucket"}


def test_the_routers_load_balancer_is_made_here_and_taken_over_by_name(nbg1: Tree) -> None:
    balancer = nbg1.only("hcloud:index/loadBalancer:LoadBalancer", "edge")
    annotations = nbg1.only("kubernetes:core/v1:Service", "router").inputs["metadata"]["annotations"]
    prefix = "load-balancer.hetzner.cloud/"
    assert annotations[f"{prefix}name"] == balancer.inputs["name"] == "eu-inference-example-com-edge"
    assert annotations[f"{prefix}location"] == "nbg1"
    assert annotations[f"{prefix}use-private-ip"] == "true"
    assert balancer.ignored == ("labels",)
    record_ = nbg1.only("hcloud:index/zoneRrset:ZoneRrset")
    assert record_.inputs["records"] == [{"value": "192.0.2.20"}]


def test_services_exist_before_every_workload_and_outlive_it(nbg1: Tree) -> None:
    order = [resource.name for resource in nbg1.resources]
    controller = order.index("eu-cluster-services-cloud-controller-deployment")
    assert controller < order.index("eu-router-service")
    assert controller < order.index("eu-platform-routing-namespace")


def test_the_api_token_is_in_a_secret_and_only_the_two_controllers_read_it(nbg1: Tree) -> None:
    token = nbg1.only("kubernetes:core/v1:Secret", "services-token")
    assert is_secret(token.inputs["stringData"])
    readers = set[str]()
    for kind in ("Deployment", "DaemonSet"):
        for workload in nbg1.of_type(f"kubernetes:apps/v1:{kind}"):
            if "secretKeyRef" in json.dumps(workload.inputs):
                readers.add(workload.inputs["metadata"]["name"])
    assert readers == {"hcloud-cloud-controller-manager", "hcloud-csi-controller"}


def test_volumes_stay_in_the_location_of_the_nodes(nbg1: Tree) -> None:
    storage = nbg1.only("kubernetes:storage.k8s.io/v1:StorageClass")
    assert storage.inputs["metadata"]["name"] == "hcloud-volumes"
    [topology] = storage.inputs["allowedTopologies"]
    assert topology["matchLabelExpressions"] == [{"key": "csi.hetzner.cloud/location", "values": ["nbg1"]}]


def test_only_what_mounts_is_privileged_and_it_has_a_namespace_of_its_own(nbg1: Tree) -> None:
    levels = {
        namespace.inputs["metadata"]["name"]: namespace.inputs["metadata"]["labels"][
            "pod-security.kubernetes.io/enforce"
        ]
        for namespace in nbg1.of_type("kubernetes:core/v1:Namespace")
    }
    assert {name for name, level in levels.items() if level != "restricted"} == {"hetzner-volumes"}
    [node] = nbg1.of_type("kubernetes:apps/v1:DaemonSet")
    assert node.inputs["spec"]["template"]["spec"]["automountServiceAccountToken"] is False


def test_a_vswitch_gives_a_secret_join_script_and_a_subnet() -> None:
    tree = record(Choice("eu", "hetzner", "fsn1", registry=REGISTRY, vswitch_id=4711))
    subnet = tree.only("hcloud:index/networkSubnet:NetworkSubnet", "vswitch")
    assert (subnet.inputs["type"], subnet.inputs["vswitchId"]) == ("vswitch", 4711)
    assert tree.only("hcloud:index/network:Network").inputs["exposeRoutesToVswitch"] is True
    assert tree.outputs["join_script"].startswith("#!/bin/sh")
    assert record(Choice("eu", "hetzner", "fsn1", registry=REGISTRY)).outputs["join_script"] is None


def test_the_machines_that_the_stack_chooses_itself_are_sold_in_every_place() -> None:
    catalog = load_catalog()
    for name in (GATEWAY_TYPE, CONTROL_PLANE_TYPE):
        node = catalog.node_type("hetzner", name)
        assert node is not None
        assert {place.code for place in catalog.stack_locations("hetzner", "eu")} <= set(node.places), name


def test_the_images_and_binaries_are_those_that_the_catalogue_gives_hetzner() -> None:
    catalog, module = load_catalog(), cloud_module("hetzner")
    assert set(module.images) == {name for name, image in catalog.images.items() if "hetzner" in image.clouds}
    assert set(module.binaries) == set(catalog.binaries)


@pytest.mark.parametrize("location", ["nbg1", "fsn1", "hel1"])
def test_every_location_can_be_built(location: str) -> None:
    tree = record(Choice("eu", "hetzner", location, locked=False, registry=REGISTRY))
    assert {server.inputs["location"] for server in tree.of_type(SERVER)} == {location}
