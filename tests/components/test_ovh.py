"""OVHcloud behind the contract: every place of the catalogue, and each trap of the provider."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import CatalogError, Place, load_catalog
from components import RegionalStackArgs
from components.clouds import ClusterArgs, PoolSize, cloud_module
from components.clouds.ovh.network import address_plan
from components.clouds.ovh.storage import reading_policy
from components.layers.infrastructure import RegistryMismatchError, own_host
from rehearsal.sdk import describe_resource, installed_packages
from rehearsal.twins.check import check_inputs, deprecations

from . import recording
from .recording import Choice, Registered, Tree, programmed, record, without_secret_marks
from .test_tree import KUBERNETES, TLS, types

EU_REGISTRY = "registry.eu.example.com/sovereign"
UK_REGISTRY = "registry.uk.example.com/sovereign"
PROJECT = "11111111-1111-4111-8111-111111111111"
FOUNDATION = Counter(
    {
        "ovh:CloudProject/networkPrivate:NetworkPrivate": 1,
        "ovh:CloudProject/networkPrivateSubnetV2:NetworkPrivateSubnetV2": 1,
        "ovh:CloudProject/gateway:Gateway": 1,
        "ovh:CloudProject/kube:Kube": 1,
        "ovh:CloudProject/kubeIpRestrictions:KubeIpRestrictions": 1,
        "ovh:CloudProject/kubeNodePool:KubeNodePool": 1,
        "ovh:CloudProject/storage:Storage": 1,
        "ovh:CloudProject/user:User": 1,
        "ovh:CloudProject/s3Policy:S3Policy": 1,
        "ovh:CloudProject/s3Credential:S3Credential": 1,
    }
)
REGISTRY = Counter(
    {
        "ovh:CloudProject/containerRegistry:ContainerRegistry": 1,
        "ovh:CloudProject/containerRegistryUser:ContainerRegistryUser": 1,
    }
)
EDGE = Counter({"ovh:index/cloudFloatingIp:CloudFloatingIp": 1, "ovh:Domain/zoneRecord:ZoneRecord": 1})
GPU_POOL = Counter({"ovh:CloudProject/kubeNodePool:KubeNodePool": 1})
WITHOUT_PLACE = {
    "ovh:CloudProject/kubeIpRestrictions:KubeIpRestrictions": "kubeId",
    "ovh:CloudProject/kubeNodePool:KubeNodePool": "kubeId",
    "ovh:CloudProject/containerRegistryUser:ContainerRegistryUser": "registryId",
    "ovh:CloudProject/user:User": None,
    "ovh:CloudProject/s3Policy:S3Policy": None,
    "ovh:CloudProject/s3Credential:S3Credential": None,
    "ovh:Domain/zoneRecord:ZoneRecord": None,
}
"""Types that have no place, with the input by which they follow one that has; None: they stand nowhere."""

POOL = "ovh:CloudProject/kubeNodePool:KubeNodePool"
CATALOG = load_catalog()
PLACES = [place for jurisdiction in ("eu", "uk") for place in CATALOG.stack_locations("ovh", jurisdiction)]


def choice(place: Place, **changes: Any) -> Choice:
    assert place.jurisdiction is not None
    registry = {"eu": EU_REGISTRY, "uk": UK_REGISTRY}[place.jurisdiction]
    own = place.defaults is not None and place.defaults.registry_region is not None
    stated: dict[str, Any] = {"registry": registry, "registry_login": not own}
    return Choice(place.jurisdiction, "ovh", place.code, **{**stated, **changes})


def place_of(code: str) -> Place:
    place = CATALOG.place("ovh", code)
    assert place is not None
    return place


def at(code: str, **changes: Any) -> Tree:
    place = CATALOG.place("ovh", code)
    assert place is not None
    return record(choice(place, **changes))


def arguments(code: str) -> RegionalStackArgs:
    place = CATALOG.place("ovh", code)
    assert place is not None
    return recording.arguments(choice(place), CATALOG)


@pytest.fixture(scope="module")
def gravelines() -> Tree:
    """Free plan, GPUs, own registry."""
    return at("GRA11")


@pytest.fixture(scope="module")
def paris() -> Tree:
    """Standard plan, three zones, no GPU."""
    return at("EU-WEST-PAR")


@pytest.fixture(scope="module")
def london() -> Tree:
    """Free plan, no GPU, no registry."""
    return at("UK1")


def ovh_resources(tree: Tree) -> list[Registered]:
    found = [resource for resource in tree.made if resource.package == "ovh"]
    assert len(found) > 8, "the program makes something of OVHcloud"
    return found


def test_each_kind_of_place_builds_exactly_this(gravelines: Tree, paris: Tree, london: Tree) -> None:
    without_vllm = Counter({"ServiceAccount": 1, "ConfigMap": 1, "Service": 1, "Deployment": 1})
    without_vllm += Counter({"PodDisruptionBudget": 1, "NetworkPolicy": 1})
    cpu_only = Counter(
        {kind: count - without_vllm[kind.rpartition(":")[2]] for kind, count in KUBERNETES.items()}
    )
    assert types(gravelines) == FOUNDATION + REGISTRY + GPU_POOL + EDGE + KUBERNETES + TLS
    assert types(paris) == FOUNDATION + REGISTRY + EDGE + cpu_only + TLS
    assert types(london) == FOUNDATION + EDGE + cpu_only + TLS


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.code)
def test_in_every_place_of_the_catalogue_every_resource_stands_where_it_should(place: Place) -> None:
    """The whole recorded program: provider, project and place on each resource, nothing left to a default."""
    tree = record(choice(place))
    names = {resource.name for resource in tree.resources}
    for resource in ovh_resources(tree):
        told = f"{resource.name} in {place.code}"
        assert "pulumi:providers:ovh::cloud::" in resource.provider, told
        stated = [
            code for key in ("region", "regionName", "regions") for code in _listed(resource.inputs.get(key))
        ]
        for code in stated:
            found = CATALOG.place("ovh", code)
            assert found is not None, told
            assert found.jurisdiction == place.jurisdiction, told
        if resource.type in WITHOUT_PLACE:
            follows = WITHOUT_PLACE[resource.type]
            assert not stated, f"{told} has a place after all: mend this table"
            assert follows is None or resource.inputs[follows] in names, told
        else:
            assert stated, f"{told} names no place"
        described = describe_resource(installed_packages()["ovh"], resource.type)
        assert described is not None, told
        if "serviceName" in described.inputs:
            assert resource.inputs["serviceName"] == PROJECT, f"{told} takes any project"


def _listed(value: Any) -> list[str]:
    return [] if value is None else list(value) if isinstance(value, list) else [value]


@pytest.mark.parametrize("tree", ["gravelines", "paris", "london"])
def test_the_sdk_takes_every_input_and_none_is_deprecated(tree: str, request: pytest.FixtureRequest) -> None:
    package = installed_packages()["ovh"]
    for resource in ovh_resources(request.getfixturevalue(tree)):
        described = describe_resource(package, resource.type)
        assert described is not None, resource.type
        inputs = without_secret_marks(resource.inputs)
        assert check_inputs(inputs, described.inputs, coerces=False) == [], resource.name
        assert deprecations(inputs, described.inputs) == [], resource.name
        assert resource.type != "ovh:index/clousSSHKey:ClousSSHKey"


def test_the_network_stands_in_one_region_instead_of_all_of_them(gravelines: Tree) -> None:
    network = gravelines.only("ovh:CloudProject/networkPrivate:NetworkPrivate")
    assert network.inputs["regions"] == ["GRA11"]
    subnet = gravelines.only("ovh:CloudProject/networkPrivateSubnetV2:NetworkPrivateSubnetV2").inputs
    assert subnet["networkId"] == "openstack-id-in-GRA11", "the id of this region, not that of the network"
    plan = address_plan(place_of("GRA11"))
    assert (network.inputs["vlanId"], subnet["cidr"]) == (plan.vlan_id, str(plan.subnet))


def test_nodes_leave_through_the_gateway_and_may_reach_the_api_by_its_address(
    gravelines: Tree, paris: Tree
) -> None:
    for tree in (gravelines, paris):
        allowed = tree.only("ovh:CloudProject/kubeIpRestrictions:KubeIpRestrictions").inputs["ips"]
        assert allowed == ["198.51.100.7/32", "192.0.2.10/32"]
    free = gravelines.only("ovh:CloudProject/kube:Kube").inputs
    assert free["privateNetworkConfiguration"] == {
        "defaultVrackGateway": "",
        "privateNetworkRoutingAsDefault": True,
    }
    assert "privateNetworkConfiguration" not in paris.only("ovh:CloudProject/kube:Kube").inputs


def test_the_cluster_waits_for_the_gateway_and_the_pods_for_the_access_list(gravelines: Tree) -> None:
    order = [resource.name for resource in gravelines.resources]
    steps = ("eu-network-gateway", "eu-cluster-mks", "eu-cluster-api-access", "eu-cluster-cpu")
    places = [order.index(name) for name in (*steps, "eu-kubernetes")]
    assert places == sorted(places)
    cluster = gravelines.only("ovh:CloudProject/kube:Kube").inputs
    assert cluster["nodesSubnetId"] == cluster["loadBalancersSubnetId"] == "eu-network-subnet"


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.code)
def test_plan_zone_and_storage_class_are_those_of_the_place(place: Place) -> None:
    defaults = place.defaults
    assert defaults is not None
    tree = record(choice(place, locked=False))
    assert tree.only("ovh:CloudProject/kube:Kube").inputs["plan"] == defaults.kubernetes_plan
    for pool in tree.of_type(POOL):
        zones = pool.inputs.get("availabilityZones", [])
        assert zones == ([defaults.node_zone] if defaults.node_zone else [])
        assert len(zones) == (1 if place.code in ("EU-WEST-PAR", "EU-SOUTH-MIL") else 0)
    encrypted = place.code not in ("UK1", "WAW1")
    assert str(defaults.storage_class).endswith("-luks") == encrypted, "no LUKS in London and Warsaw"


def test_a_pool_states_its_whole_template_because_half_of_one_panics(gravelines: Tree) -> None:
    labels = {"sovereign.dev/jurisdiction": "eu", "sovereign.dev/data": "personal"}
    cpu = gravelines.only(POOL, "cpu").inputs["template"]
    assert cpu["metadata"] == {"annotations": {}, "finalizers": [], "labels": labels}
    assert cpu["spec"] == {"taints": [], "unschedulable": False}
    gpu = gravelines.only(POOL, "gpu").inputs["template"]
    assert gpu["metadata"] == cpu["metadata"]
    assert gpu["spec"]["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]


def test_the_node_count_is_left_to_the_autoscaler_only_where_there_is_one(gravelines: Tree) -> None:
    assert gravelines.only(POOL, "gpu").ignored == ()
    growing = at("GRA11", gpu_maximum=4).only(POOL, "gpu")
    assert growing.ignored == ("desiredNodes",)
    counts = [growing.inputs[key] for key in ("autoscale", "minNodes", "maxNodes")]
    assert counts == [True, 2, 4]


def test_nothing_that_says_where_something_stands_is_ignored(gravelines: Tree, paris: Tree) -> None:
    ignored = {resource.type: set(resource.ignored) for tree in (gravelines, paris) for resource in tree.made}
    assert ignored["ovh:CloudProject/kube:Kube"] == {"version"}, "patches are OVHcloud's; the network is not"
    assert ignored["ovh:CloudProject/storage:Storage"] == {"objects", "objectsCount", "objectsSize", "limit"}
    assert not {"region", "regionName", "regions", "privateNetworkId"} & set().union(*ignored.values())


def test_the_bucket_is_versioned_encrypted_marked_and_keeps_its_content_out_of_the_state(
    gravelines: Tree,
) -> None:
    bucket = gravelines.only("ovh:CloudProject/storage:Storage").inputs
    assert bucket["regionName"] == "GRA", "object storage has codes of its own"
    assert bucket["versioning"] == {"status": "enabled"}
    assert bucket["encryption"] == {"sseAlgorithm": "AES256"}
    assert bucket["hideObjects"] is True
    assert bucket["tags"] == {"jurisdiction": "eu", "data": "none"}
    assert gravelines.outputs["weights_endpoint"] == "https://s3.gra.io.cloud.ovh.net"


def test_the_reader_may_list_and_read_the_weights_and_nothing_else(gravelines: Tree) -> None:
    bucket = gravelines.only("ovh:CloudProject/storage:Storage").inputs["name"]
    policy = gravelines.only("ovh:CloudProject/s3Policy:S3Policy").inputs
    assert policy["policy"] == reading_policy(bucket)
    assert policy["userId"] == gravelines.only("ovh:CloudProject/user:User").name
    order = [resource.name for resource in gravelines.resources]
    assert order.index("eu-weights-reader-policy") < order.index("eu-weights-reader-key")


@given(bucket=st.from_regex(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", fullmatch=True))
def test_a_reading_policy_names_one_bucket_and_no_verb_that_writes(bucket: str) -> None:
    (statement,) = json.loads(reading_policy(bucket))["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    assert all(action.startswith(("s3:Get", "s3:List")) for action in statement["Action"])
    assert not any("*" in action for action in statement["Action"])


def test_a_registry_is_made_in_the_jurisdiction_where_there_is_one(
    gravelines: Tree, paris: Tree, london: Tree
) -> None:
    registry = "ovh:CloudProject/containerRegistry:ContainerRegistry"
    assert gravelines.only(registry).inputs["region"] == "GRA"
    assert paris.only(registry).inputs["region"] == "EU-WEST-PAR"
    assert london.of_type(registry) == []
    login = without_secret_marks(
        gravelines.only("kubernetes:core/v1:Secret", "inference-registry-login").inputs["stringData"]
    )
    assert '"abc.c1.gra9.harbor.test": {"username": "puller"' in login[".dockerconfigjson"]


def test_real_images_of_another_registry_than_the_stacks_own_are_refused() -> None:
    """A moved stack would else go on pulling from the registry of the place it has left."""
    path = "abc.c1.gra9.harbor.test/sovereign"

    def program() -> None:
        made_up = arguments("GRA11")
        assert made_up.lock is not None
        assert own_host(path, made_up) == "abc.c1.gra9.harbor.test", "a rehearsal's images are nowhere"
        real = replace(made_up, lock=made_up.lock.model_copy(update={"rehearsal": False}))
        with pytest.raises(RegistryMismatchError) as refused:
            own_host(path, real)
        assert f"found '{EU_REGISTRY}'" in str(refused.value)
        assert f"Allowed: {path} (the stack output `registry`" in str(refused.value)
        assert own_host(path, replace(real, registry_path=path)) == "abc.c1.gra9.harbor.test"

    assert programmed("eu", program)


def test_a_login_in_the_settings_is_for_the_registry_in_the_settings() -> None:
    tree = at("GRA11", registry=EU_REGISTRY, registry_login=True)
    login = tree.only("kubernetes:core/v1:Secret", "inference-registry-login").inputs["stringData"]
    assert '"registry.eu.example.com"' in without_secret_marks(login)[".dockerconfigjson"]


def test_the_load_balancer_takes_the_reserved_address_and_leaves_it(gravelines: Tree) -> None:
    address = gravelines.only("ovh:index/cloudFloatingIp:CloudFloatingIp").inputs
    assert address["region"] == "GRA11"
    assert "jurisdiction:eu" in address["description"]
    service = gravelines.only("kubernetes:core/v1:Service", "router").inputs
    assert service["spec"]["loadBalancerIP"] == "192.0.2.20"
    assert service["metadata"]["annotations"] == {
        "loadbalancer.ovhcloud.com/class": "octavia",
        "loadbalancer.openstack.org/subnet-id": "eu-network-subnet",
        "loadbalancer.openstack.org/keep-floatingip": "true",
    }
    name = gravelines.only("ovh:Domain/zoneRecord:ZoneRecord").inputs
    stated = [name[key] for key in ("zone", "subdomain", "fieldtype", "target")]
    assert stated == ["inference.example.com", "eu", "A", "192.0.2.20"]
    assert name["ttl"] >= 60


def test_the_provider_speaks_to_the_european_api_in_london_too(gravelines: Tree, london: Tree) -> None:
    for tree in (gravelines, london):
        assert tree.only("pulumi:providers:ovh").inputs == {"endpoint": "ovh-eu"}


def test_without_a_project_nothing_is_built() -> None:
    """Else the provider would take whatever project the environment names."""

    def program() -> None:
        site = replace(arguments("GRA11").site, project=None)
        with pytest.raises(ValueError, match="sovereign:serviceName is missing"):
            cloud_module("ovh").network("eu-network", site, pulumi.ResourceOptions())

    assert not [made for made in programmed("eu", program) if made.package == "ovh"]


@pytest.mark.parametrize("gone", ["kubernetes_plan", "storage_class"])
def test_a_place_of_which_the_catalogue_knows_too_little_is_refused_by_name(gone: str) -> None:
    def program() -> None:
        site = arguments("GRA11").site
        assert site.place.defaults is not None
        defaults = site.place.defaults.model_copy(update={gone: None})
        site = replace(site, place=site.place.model_copy(update={"defaults": defaults}))
        module, options = cloud_module("ovh"), pulumi.ResourceOptions()
        wanted = ClusterArgs(
            network=module.network("eu-network", site, options),
            kubernetes_version=None,
            api_access=("198.51.100.7/32",),
            cpu_pool=PoolSize(node_type="b3-32", minimum=2, maximum=2),
            bucket=module.weights_bucket("eu-weights", site, options),
        )
        with pytest.raises(CatalogError, match=rf"places\[GRA11\]\.defaults\.{gone} is missing"):
            module.cluster("eu-cluster", site, wanted, options)

    assert programmed("eu", program)
