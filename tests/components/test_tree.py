"""The resource trees of the two default stacks, and of the ways in which they can differ."""

import re
from collections import Counter
from pathlib import Path

import pulumi_civo
import pulumi_tls
import pulumiverse_scaleway
import pytest

from .conftest import UK_REGISTRY
from .recording import MODEL, Choice, Tree, is_secret, record, without_secret_marks

KUBERNETES = Counter(
    {
        "kubernetes:core/v1:Namespace": 3,
        "kubernetes:core/v1:ServiceAccount": 4,
        "kubernetes:core/v1:Secret": 5,
        "kubernetes:core/v1:ConfigMap": 4,
        "kubernetes:core/v1:Service": 4,
        "kubernetes:apps/v1:Deployment": 4,
        "kubernetes:policy/v1:PodDisruptionBudget": 4,
        "kubernetes:networking.k8s.io/v1:NetworkPolicy": 7,
        "kubernetes:scheduling.k8s.io/v1:PriorityClass": 1,
    }
)
TLS = Counter({"tls:index/privateKey:PrivateKey": 1, "tls:index/selfSignedCert:SelfSignedCert": 1})
SCALEWAY_FOUNDATION = Counter(
    {
        "scaleway:network/vpc:Vpc": 1,
        "scaleway:network/privateNetwork:PrivateNetwork": 1,
        "scaleway:network/publicGatewayIp:PublicGatewayIp": 1,
        "scaleway:network/publicGateway:PublicGateway": 1,
        "scaleway:network/gatewayNetwork:GatewayNetwork": 1,
        "scaleway:kubernetes/cluster:Cluster": 1,
        "scaleway:kubernetes/acl:Acl": 1,
        "scaleway:kubernetes/pool:Pool": 2,
        "scaleway:object/bucket:Bucket": 1,
        "scaleway:object/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": 1,
        "scaleway:iam/application:Application": 2,
        "scaleway:iam/policy:Policy": 2,
        "scaleway:iam/apiKey:ApiKey": 2,
        "scaleway:registry/namespace:Namespace": 1,
    }
)
SCALEWAY_EDGE = Counter({"scaleway:loadbalancers/ip:Ip": 1, "scaleway:domain/record:Record": 1})
CIVO_FOUNDATION = Counter(
    {
        "civo:index/network:Network": 1,
        "civo:index/firewall:Firewall": 1,
        "civo:index/kubernetesCluster:KubernetesCluster": 1,
        "civo:index/kubernetesNodePool:KubernetesNodePool": 1,
        "civo:index/objectStoreCredential:ObjectStoreCredential": 1,
        "civo:index/objectStore:ObjectStore": 1,
    }
)
CIVO_EDGE = Counter(
    {
        "civo:index/firewall:Firewall": 1,
        "civo:index/reservedIp:ReservedIp": 1,
        "civo:index/dnsDomainName:DnsDomainName": 1,
        "civo:index/dnsDomainRecord:DnsDomainRecord": 1,
    }
)

PLACE = {
    "scaleway:network/vpc:Vpc": {"region": "fr-par"},
    "scaleway:network/privateNetwork:PrivateNetwork": {"region": "fr-par"},
    "scaleway:network/publicGatewayIp:PublicGatewayIp": {"zone": "fr-par-2"},
    "scaleway:network/publicGateway:PublicGateway": {"zone": "fr-par-2"},
    "scaleway:network/gatewayNetwork:GatewayNetwork": {"zone": "fr-par-2"},
    "scaleway:kubernetes/cluster:Cluster": {"region": "fr-par"},
    "scaleway:kubernetes/acl:Acl": {"region": "fr-par"},
    "scaleway:kubernetes/pool:Pool": {"region": "fr-par", "zone": "fr-par-2"},
    "scaleway:object/bucket:Bucket": {"region": "fr-par"},
    "scaleway:object/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
        "region": "fr-par"
    },
    "scaleway:registry/namespace:Namespace": {"region": "fr-par"},
    "scaleway:loadbalancers/ip:Ip": {"zone": "fr-par-2"},
    "civo:index/network:Network": {"region": "LON1"},
    "civo:index/firewall:Firewall": {"region": "LON1"},
    "civo:index/kubernetesCluster:KubernetesCluster": {"region": "LON1"},
    "civo:index/objectStoreCredential:ObjectStoreCredential": {"region": "LON1"},
    "civo:index/objectStore:ObjectStore": {"region": "LON1"},
    "civo:index/reservedIp:ReservedIp": {"region": "LON1"},
}
"""Every type that has a place property, with what must stand there. Other types have none."""


def types(tree: Tree) -> Counter[str]:
    return Counter(resource.type for resource in tree.made)


def test_the_eu_stack_is_exactly_this(eu: Tree) -> None:
    assert types(eu) == SCALEWAY_FOUNDATION + SCALEWAY_EDGE + KUBERNETES + TLS


def test_the_uk_stack_is_exactly_this(uk: Tree) -> None:
    assert types(uk) == CIVO_FOUNDATION + CIVO_EDGE + KUBERNETES + TLS


@pytest.mark.parametrize("stack", ["eu", "uk"])
def test_everything_stands_under_the_four_layers(stack: str, request: pytest.FixtureRequest) -> None:
    tree: Tree = request.getfixturevalue(stack)
    layers = {f"sovereign:layers:{name}" for name in ("Infrastructure", "Hardware", "Inference", "Routing")}
    by_urn = {resource.urn: resource for resource in tree.resources}
    for resource in tree.made:
        chain = [resource]
        while chain[-1].parent in by_urn:
            chain.append(by_urn[chain[-1].parent])
        above = [link.type for link in chain if link.type != "pulumi:pulumi:Stack"]
        assert above[-1] == "sovereign:index:RegionalStack", f"{resource.name} is not of the stack: {above}"
        assert above[-2] in layers, f"{resource.name} stands under no layer: {above}"


@pytest.mark.parametrize("stack", ["eu", "uk"])
def test_every_resource_names_its_provider(stack: str, request: pytest.FixtureRequest) -> None:
    tree: Tree = request.getfixturevalue(stack)
    for resource in tree.made:
        assert f"pulumi:providers:{resource.package}::" in resource.provider, (
            f"{resource.name} names no provider"
        )
        assert "::default" not in resource.provider


@pytest.mark.parametrize("stack", ["eu", "uk"])
def test_every_resource_that_has_a_place_names_it(stack: str, request: pytest.FixtureRequest) -> None:
    tree: Tree = request.getfixturevalue(stack)
    for resource in tree.made:
        named = {key: value for key, value in resource.inputs.items() if key in ("region", "zone")}
        assert named == PLACE.get(resource.type, {}), f"{resource.name} ({resource.type})"


SDKS = {"scaleway": pulumiverse_scaleway, "civo": pulumi_civo, "tls": pulumi_tls}
DEPRECATED_INPUT = re.compile(
    r'@pulumi\.getter(?:\(name="(\w+)"\))?\s+@_utilities\.deprecated\("""[^"]*"""\)\s+def (\w+)'
)


def deprecated_inputs(type_: str) -> set[str]:
    """Inputs of a type that its SDK marks as deprecated, read from the SDK's source."""
    package, module, _ = type_.split(":")
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", module.removeprefix("index/")).lower()
    sdk = SDKS[package].__file__
    assert sdk is not None
    source = (Path(sdk).parent / f"{snake}.py").read_text()
    return {name or function for name, function in DEPRECATED_INPUT.findall(source)}


def test_the_sdk_can_be_asked_what_is_deprecated() -> None:
    assert deprecated_inputs("scaleway:object/bucket:Bucket") == {"acl"}
    assert "numTargetNodes" in deprecated_inputs("civo:index/kubernetesCluster:KubernetesCluster")


@pytest.mark.parametrize("stack", ["eu", "uk"])
def test_no_type_or_input_is_deprecated(stack: str, request: pytest.FixtureRequest) -> None:
    tree: Tree = request.getfixturevalue(stack)
    for resource in tree.made:
        assert not resource.type.startswith("scaleway:index/"), "the old names of the namespaced types"
        if resource.package in SDKS:
            assert not deprecated_inputs(resource.type) & set(resource.inputs), resource.name


@pytest.mark.parametrize(
    ("choice", "foundation"),
    [
        (Choice("eu", "scaleway", "fr-par-2", locked=False), SCALEWAY_FOUNDATION),
        (Choice("uk", "civo", "LON1", locked=False, registry=UK_REGISTRY), CIVO_FOUNDATION),
    ],
    ids=["eu", "uk"],
)
def test_without_a_lock_only_the_foundation_is_built(choice: Choice, foundation: Counter[str]) -> None:
    tree = record(choice)
    assert types(tree) == foundation
    assert tree.outputs["endpoint"] is None
    assert tree.outputs["models"] == ()


def test_a_place_without_gpus_serves_from_cpus_alone() -> None:
    tree = record(Choice("eu", "civo", "FRA1", registry="registry.eu.example.com/sovereign"))
    assert tree.of_type("civo:index/kubernetesNodePool:KubernetesNodePool") == []
    deployments = {r.inputs["metadata"]["name"] for r in tree.of_type("kubernetes:apps/v1:Deployment")}
    assert deployments == {"llama-cpp", "jurisdiction-router", "egress-gate"}


@pytest.mark.parametrize("stack", ["eu", "uk"])
def test_what_comes_back_is_an_address_and_a_secret_kubeconfig(
    stack: str, request: pytest.FixtureRequest
) -> None:
    tree: Tree = request.getfixturevalue(stack)
    assert tree.outputs["endpoint"] == f"https://{stack}.inference.example.com"
    assert tree.outputs["models"] == (MODEL,)
    assert tree.outputs["kubeconfig"] == "kubeconfig of the cluster"


@pytest.mark.parametrize("stack", ["eu", "uk"])
def test_secrets_are_registered_as_secrets(stack: str, request: pytest.FixtureRequest) -> None:
    tree: Tree = request.getfixturevalue(stack)
    for secret in tree.of_type("kubernetes:core/v1:Secret"):
        assert is_secret(secret.inputs["stringData"]), f"{secret.name} would lie open in the state"
    assert is_secret(tree.only("pulumi:providers:kubernetes").inputs["kubeconfig"])


def test_a_renewed_kubeconfig_does_not_replace_what_runs(eu: Tree) -> None:
    provider = eu.only("pulumi:providers:kubernetes")
    assert provider.inputs["clusterIdentifier"] == eu.only("scaleway:kubernetes/cluster:Cluster").name
    assert provider.inputs["enableServerSideApply"] == "true"


@pytest.mark.parametrize("stack", ["eu", "uk"])
def test_every_object_and_every_tagged_resource_says_whose_it_is(
    stack: str, request: pytest.FixtureRequest
) -> None:
    tree: Tree = request.getfixturevalue(stack)
    for resource in tree.made:
        if resource.package == "kubernetes":
            assert resource.inputs["metadata"]["labels"]["sovereign.dev/jurisdiction"] == stack, resource.name
            assert resource.inputs["metadata"]["labels"]["sovereign.dev/data"] in ("personal", "none")
        tags = resource.inputs.get("tags")
        if isinstance(tags, list):
            assert f"jurisdiction:{stack}" in tags
        elif isinstance(tags, dict):
            assert tags["jurisdiction"] == stack


def test_nodes_pull_with_a_login_that_may_only_pull(eu: Tree, uk: Tree) -> None:
    login = without_secret_marks(
        eu.only("kubernetes:core/v1:Secret", "inference-registry-login").inputs["stringData"]
    )
    assert "rg.fr-par.scw.cloud" in login[".dockerconfigjson"]
    policies = {
        r.name: r.inputs["rules"][0]["permissionSetNames"] for r in eu.of_type("scaleway:iam/policy:Policy")
    }
    assert policies == {
        "eu-weights-reader-policy": ["ObjectStorageObjectsRead"],
        "eu-registry-puller-policy": ["ContainerRegistryReadOnly"],
    }
    login = without_secret_marks(
        uk.only("kubernetes:core/v1:Secret", "inference-registry-login").inputs["stringData"]
    )
    assert (
        '"registry.uk.example.com": {"username": "user", "password": "password"' in login[".dockerconfigjson"]
    )
