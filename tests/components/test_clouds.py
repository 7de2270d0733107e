"""What the cloud modules promise beyond types and places."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import load_catalog
from components.clouds import CloudNotBuiltError, built_clouds, cloud_module
from components.clouds.naming import globally_unique_name

from .conftest import UK_REGISTRY
from .recording import Choice, Tree, record


def test_a_cloud_without_a_module_is_named_with_those_that_have_one() -> None:
    with pytest.raises(CloudNotBuiltError, match=r"cloud 'nimbus' has no module yet; built: civo, "):
        cloud_module("nimbus")


def test_every_module_answers_to_the_name_it_is_asked_for_by() -> None:
    assert {"civo", "ovh", "scaleway"} <= set(built_clouds())
    assert {key: cloud_module(key).key for key in built_clouds()} == {key: key for key in built_clouds()}


@pytest.mark.parametrize("key", ["scaleway", "civo"])
def test_every_stack_location_of_a_built_cloud_can_be_built(key: str) -> None:
    catalog = load_catalog()
    for jurisdiction in catalog.jurisdictions:
        for place in catalog.stack_locations(key, jurisdiction):
            registry = None if key == "scaleway" else f"registry.{jurisdiction}.example.com/sovereign"
            tree = record(Choice(jurisdiction, key, place.code, locked=False, registry=registry))
            assert tree.made, place.code


def test_the_kubernetes_api_is_closed_to_all_but_the_named_ranges_and_its_own_nodes(
    eu: Tree, uk: Tree
) -> None:
    rules = eu.only("scaleway:kubernetes/acl:Acl").inputs["aclRules"]
    assert [rule["ip"] for rule in rules] == ["198.51.100.7/32", "192.0.2.10/32"]
    firewall = uk.only("civo:index/firewall:Firewall", "cluster")
    assert firewall.inputs["createDefaultRules"] is False
    outside = [rule for rule in firewall.inputs["ingressRules"] if rule["label"] == "kubernetes-api"]
    assert [(rule["cidrs"], rule["portRange"]) for rule in outside] == [(["198.51.100.7/32"], "6443")]
    assert not [r for r in firewall.inputs["ingressRules"] if "0.0.0.0/0" in r["cidrs"]]


def test_pods_come_only_after_the_access_list(eu: Tree) -> None:
    order = [resource.name for resource in eu.resources]
    assert order.index("eu-cluster-api-access") < order.index("eu-cluster-cpu") < order.index("eu-kubernetes")


def test_deleting_the_cluster_deletes_nothing_else(eu: Tree) -> None:
    assert eu.only("scaleway:kubernetes/cluster:Cluster").inputs["deleteAdditionalResources"] is False


def test_scaleway_nodes_have_no_public_address(eu: Tree) -> None:
    for pool in eu.of_type("scaleway:kubernetes/pool:Pool"):
        assert pool.inputs["publicIpDisabled"] is True
    gateway = eu.only("scaleway:network/gatewayNetwork:GatewayNetwork")
    assert gateway.inputs["ipamConfigs"] == [{"pushDefaultRoute": True}]


def test_gpu_nodes_are_kept_for_pods_that_ask_for_gpus(eu: Tree, uk: Tree) -> None:
    taint = [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]
    assert eu.only("scaleway:kubernetes/pool:Pool", "gpu").inputs["taints"] == taint
    assert uk.only("civo:index/kubernetesNodePool:KubernetesNodePool").inputs["taints"] == taint


def test_civos_gpu_pool_is_made_anew_for_another_size_as_none_can_be_changed(uk: Tree) -> None:
    """Its provider answers the change with an error. Old and new share the label, which is the id."""
    pool = uk.only("civo:index/kubernetesNodePool:KubernetesNodePool")
    assert (pool.replaced_for, pool.old_goes_first) == (("size",), True)
    assert pool.provider
    assert pool.parent


def test_the_node_count_is_left_to_the_autoscaler_only_where_there_is_one(eu: Tree) -> None:
    assert eu.only("scaleway:kubernetes/pool:Pool", "gpu").ignored == ()
    growing = record(Choice("eu", "scaleway", "fr-par-2", gpu_maximum=4)).only(
        "scaleway:kubernetes/pool:Pool", "gpu"
    )
    assert growing.ignored == ("size",)
    assert (growing.inputs["autoscaling"], growing.inputs["minSize"], growing.inputs["maxSize"]) == (
        True,
        2,
        4,
    )


def test_no_place_is_ever_ignored(eu: Tree, uk: Tree) -> None:
    for resource in (*eu.made, *uk.made):
        assert not {"region", "zone", "location"} & set(resource.ignored), resource.name


def test_the_weights_bucket_is_versioned_encrypted_and_marked_as_free_of_personal_data(eu: Tree) -> None:
    bucket = eu.only("scaleway:object/bucket:Bucket")
    assert bucket.inputs["versioning"] == {"enabled": True}
    assert bucket.inputs["tags"] == {"jurisdiction": "eu", "data": "none"}
    assert "forceDestroy" not in bucket.inputs
    encryption = eu.only(
        "scaleway:object/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    )
    assert encryption.inputs["rules"] == [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]


def test_the_registry_is_not_public(eu: Tree) -> None:
    assert eu.only("scaleway:registry/namespace:Namespace").inputs["isPublic"] is False


def test_the_load_balancer_gets_the_reserved_address_in_the_right_zone(eu: Tree, uk: Tree) -> None:
    annotations = eu.only("kubernetes:core/v1:Service", "router").inputs["metadata"]["annotations"]
    prefix = "service.beta.kubernetes.io/scw-loadbalancer-"
    assert annotations[f"{prefix}zone"] == "fr-par-2"
    assert annotations[f"{prefix}ip-ids"] == "eu-edge-ip", "the controller wants the id without its zone"
    annotations = uk.only("kubernetes:core/v1:Service", "router").inputs["metadata"]["annotations"]
    assert annotations["kubernetes.civo.com/ipv4-address"] == "192.0.2.20"
    assert annotations["kubernetes.civo.com/firewall-id"] == "uk-edge-firewall"


def test_the_name_points_at_the_reserved_address(eu: Tree, uk: Tree) -> None:
    record_ = eu.only("scaleway:domain/record:Record").inputs
    assert (record_["name"], record_["dnsZone"], record_["data"]) == (
        "eu",
        "inference.example.com",
        "192.0.2.20",
    )
    assert uk.only("civo:index/dnsDomainName:DnsDomainName").inputs["name"] == "uk.inference.example.com"
    record_ = uk.only("civo:index/dnsDomainRecord:DnsDomainRecord").inputs
    assert (record_["name"], record_["value"], record_["ttl"]) == ("@", "192.0.2.20", 600)


@pytest.mark.parametrize(
    ("cloud", "location", "type_", "zone_key", "name_key"),
    [
        ("scaleway", "fr-par-2", "scaleway:domain/record:Record", "dnsZone", "name"),
        ("ovh", "GRA11", "ovh:Domain/zoneRecord:ZoneRecord", "zone", "subdomain"),
        ("hetzner", "nbg1", "hcloud:index/zoneRrset:ZoneRrset", "zone", "name"),
    ],
)
@pytest.mark.parametrize(
    ("dns_zone", "stated"),
    [
        (None, ("inference.example.com", "eu")),
        ("inference.example.com", ("inference.example.com", "eu")),
        ("example.com", ("example.com", "eu.inference")),
    ],
)
def test_a_record_in_a_zone_made_by_hand_bears_the_rest_of_the_host(
    cloud: str,
    location: str,
    type_: str,
    zone_key: str,
    name_key: str,
    dns_zone: str | None,
    stated: tuple[str, str],
) -> None:
    """A domain may be a name inside a zone that the company has already; no zone is made for it."""
    tree = record(
        Choice("eu", cloud, location, registry="registry.eu.example.com/x", gpu=False, dns_zone=dns_zone)
    )
    inputs = tree.only(type_).inputs
    assert (inputs[zone_key], inputs[name_key]) == stated
    assert not [made for made in tree.made if made.type.endswith((":Zone", ":DomainZone", ":DnsDomainName"))]


def test_a_civo_cluster_gives_its_kubeconfig(uk: Tree) -> None:
    assert uk.only("civo:index/kubernetesCluster:KubernetesCluster").inputs["writeKubeconfig"] is True


def test_the_uk_registry_is_the_one_that_was_named(uk: Tree) -> None:
    images = {
        container["image"].partition("@")[0]
        for deployment in uk.of_type("kubernetes:apps/v1:Deployment")
        for kind in ("containers", "initContainers")
        for container in deployment.inputs["spec"]["template"]["spec"].get(kind, [])
    }
    assert len(images) == 4
    assert all(image.startswith(f"{UK_REGISTRY}/") for image in images)


hosts = st.from_regex(r"[a-z][a-z0-9-]{0,40}(\.[a-z][a-z0-9-]{0,40}){1,4}", fullmatch=True)


@given(host=hosts, purpose=st.text(alphabet=string.ascii_letters + string.digits + "-", max_size=30))
def test_global_names_are_always_valid_bucket_names(host: str, purpose: str) -> None:
    name = globally_unique_name(host, purpose)
    assert 1 <= len(name) <= 63
    assert set(name) <= set(string.ascii_lowercase + string.digits + "-")
    assert not name.startswith("-")
    assert not name.endswith("-")


def test_long_names_that_differ_at_the_end_stay_different() -> None:
    host = "a" * 60 + ".example.com"
    assert globally_unique_name(host, "weights-one") != globally_unique_name(host, "weights-two")
