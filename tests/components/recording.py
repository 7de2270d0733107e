"""Builds regional stacks against an engine that only writes down what it is asked to register."""

import asyncio
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi
import pulumi_tls as tls
from google.protobuf import json_format
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime.proto import resource_pb2

from catalog import Catalog, Lock, load_catalog
from components import ModelServing, NodePools, RegionalStack, RegionalStackArgs, Residency
from components.clouds import CloudSettings, cloud_module

MODEL = "mistralai/Mistral-7B-Instruct-v0.3"
OPENSTACK_IDS = {
    place.code: f"openstack-id-in-{place.code}"
    for place in load_catalog().places("ovh")
    if place.stack_location
}
STANDS_IN = {
    "scaleway:kubernetes/cluster:Cluster": {"kubeconfigs": [{"configFile": "kubeconfig of the cluster"}]},
    "civo:index/kubernetesCluster:KubernetesCluster": {"kubeconfig": "kubeconfig of the cluster"},
    "scaleway:network/publicGatewayIp:PublicGatewayIp": {"address": "192.0.2.10"},
    "scaleway:loadbalancers/ip:Ip": {"ipAddress": "192.0.2.20"},
    "civo:index/reservedIp:ReservedIp": {"ip": "192.0.2.20"},
    "scaleway:iam/apiKey:ApiKey": {"accessKey": "ACCESS", "secretKey": "SECRET"},
    "civo:index/objectStoreCredential:ObjectStoreCredential": {
        "accessKeyId": "ACCESS",
        "secretAccessKey": "SECRET",
    },
    "civo:index/objectStore:ObjectStore": {"bucketUrl": "objectstore.reported.civo.com/a-bucket"},
    "ovh:CloudProject/networkPrivate:NetworkPrivate": {"regionsOpenstackIds": OPENSTACK_IDS},
    "ovh:CloudProject/gateway:Gateway": {"externalInformations": [{"ips": [{"ip": "192.0.2.10"}]}]},
    "ovh:CloudProject/kube:Kube": {"kubeconfig": "kubeconfig of the cluster", "url": "abc.k8s.ovh.net"},
    "ovh:CloudProject/kubeNodePool:KubeNodePool": {"status": "READY", "name": "a-pool", "availableNodes": 2},
    "ovh:CloudProject/storage:Storage": {"virtualHost": "https://a-bucket.s3.gra.io.cloud.ovh.net"},
    "ovh:CloudProject/s3Credential:S3Credential": {"accessKeyId": "ACCESS", "secretAccessKey": "SECRET"},
    "ovh:CloudProject/containerRegistry:ContainerRegistry": {"url": "https://abc.c1.gra9.harbor.test"},
    "ovh:CloudProject/containerRegistryUser:ContainerRegistryUser": {"password": "SECRET"},
    "ovh:index/cloudFloatingIp:CloudFloatingIp": {"currentState": {"ip": "192.0.2.20"}},
    "hcloud:index/primaryIp:PrimaryIp": {"ipAddress": "192.0.2.10"},
    "hcloud:index/loadBalancer:LoadBalancer": {"ipv4": "192.0.2.20"},
    "random:index/randomPassword:RandomPassword": {"result": "drawn"},
    "tls:index/locallySignedCert:LocallySignedCert": {"certPem": "SIGNED"},
    "tls:index/certRequest:CertRequest": {"certRequestPem": "REQUEST"},
    "tls:index/privateKey:PrivateKey": {"privateKeyPem": "PRIVATE KEY"},
    "tls:index/selfSignedCert:SelfSignedCert": {"certPem": "CERTIFICATE"},
}
"""What the clouds would answer, for the types whose answers the program goes on to use."""


@dataclass(frozen=True)
class Registered:
    """One resource as the program registered it."""

    type: str
    name: str
    urn: str
    parent: str
    provider: str
    custom: bool
    inputs: Mapping[str, Any]
    ignored: tuple[str, ...]
    timeouts: Mapping[str, str]
    replaced_for: tuple[str, ...]
    """Inputs whose change makes a new resource."""
    old_goes_first: bool
    waits_for: tuple[str, ...]
    """URNs."""

    @property
    def package(self) -> str:
        return self.type.partition(":")[0]


@dataclass
class _Clouds(pulumi.runtime.Mocks):
    """Answers every registration with its own inputs and what stands in for the cloud's."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        inputs = cast("dict[str, Any]", args.inputs)
        identifier = f"{inputs['zone']}/{args.name}" if "zone" in inputs else args.name
        if args.typ.startswith("hcloud:"):
            # Hetzner's ids are numbers, and the program reads them as such.
            identifier = str(zlib.crc32(args.name.encode()))
        return identifier, {**inputs, **STANDS_IN.get(args.typ, {})}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(f"the program asks a cloud something while it is built: {args.token}")


class _Recorder(pulumi_mocks.MockMonitor):
    def __init__(self) -> None:
        super().__init__(_Clouds())
        self.recorded: list[Registered] = []

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:  # noqa: N802
        inputs = json_format.MessageToDict(request.object)
        self.recorded.append(
            Registered(
                type=request.type,
                name=request.name,
                urn=self.make_urn(request.parent, request.type, request.name),
                parent=request.parent,
                provider=request.provider,
                custom=request.custom,
                inputs=inputs,
                ignored=tuple(request.ignoreChanges),
                replaced_for=tuple(request.replaceOnChanges),
                old_goes_first=request.deleteBeforeReplace,
                timeouts={field.name: value for field, value in request.customTimeouts.ListFields() if value},
                waits_for=tuple(request.dependencies),
            )
        )
        registered: Any = super().RegisterResource(request)  # pyright: ignore[reportUnknownMemberType]
        return registered


@dataclass
class Tree:
    """Everything a program registered, and what it gave back."""

    resources: list[Registered]
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])

    def of_type(self, type_: str) -> list[Registered]:
        return [resource for resource in self.resources if resource.type == type_]

    def only(self, type_: str, name_has: str = "") -> Registered:
        found = [resource for resource in self.of_type(type_) if name_has in resource.name]
        assert len(found) == 1, f"{len(found)} of {type_} with {name_has!r}: {[r.name for r in found]}"
        return found[0]

    @property
    def made(self) -> list[Registered]:
        """Resources of a cloud or a cluster: neither components nor providers nor the stack."""
        return [r for r in self.resources if r.custom and r.package != "pulumi"]


def digest(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()


def made_up_lock(stack: str, registry: str, *, gguf: bool = True) -> Lock:
    """A lock in the form of a rehearsal's."""
    files = ("params.json", "consolidated.safetensors", "tokenizer.model.v3")
    catalog = load_catalog()
    model: dict[str, Any] = {
        "revision": digest(MODEL)[:40],
        "files": [{"path": path, "sha256": digest(path), "bytes": 5_000_000_000} for path in files],
    }
    if gguf:
        model["gguf"] = {"path": "model-Q4_K_M.gguf", "sha256": digest("gguf"), "bytes": 4_400_000_000}
    return Lock.model_validate(
        {
            "rehearsal": True,
            "stack": stack,
            "jurisdiction": stack,
            "images": {
                name: {"repository": f"{registry}/rehearsal/{name}", "digest": f"sha256:{digest(name)}"}
                for name in catalog.images
            },
            "models": {MODEL: model},
            "binaries": {
                name: {"path": binary.path, "sha256": digest(name), "bytes": 70_000_000}
                for name, binary in catalog.binaries.items()
            },
        }
    )


@dataclass(frozen=True)
class Choice:
    """The few things in which the recorded stacks differ."""

    jurisdiction: str
    cloud: str
    location: str
    locked: bool = True
    gpu: bool = True
    """False leaves the GPU pool out, where the place sells GPUs."""
    gpu_maximum: int = 2
    registry: str | None = None
    registry_login: bool = True
    """Whether the settings bring the login of ``registry``."""
    control_planes: int = 3
    vswitch_id: int | None = None
    cpu_nodes: int = 2
    gpu_node_type: str | None = None
    """None takes the place's."""
    cpu_maximum: int | None = None
    """None: the CPU pool does not grow."""
    dns_zone: str | None = None
    """None: the domain is a zone itself."""


def arguments(choice: Choice, catalog: Catalog) -> RegionalStackArgs:
    """Arguments as the program makes them from the default settings of a place."""
    place = catalog.place(choice.cloud, choice.location)
    assert place is not None
    assert place.defaults is not None
    module = cloud_module(choice.cloud)
    cpu = catalog.node_type(choice.cloud, place.defaults.cpu_node_type)
    assert cpu is not None
    gpu_name = (choice.gpu_node_type or place.defaults.gpu_node_type) if choice.gpu else None
    host = f"{choice.jurisdiction}.inference.example.com"
    registry = module.registry_path(place, host) or choice.registry
    assert registry is not None
    project = "11111111-1111-4111-8111-111111111111"
    return RegionalStackArgs(
        module=module,
        cloud=catalog.clouds[choice.cloud],
        place=place,
        residency=Residency(jurisdiction=choice.jurisdiction, data="personal"),
        host=host,
        domain="inference.example.com",
        dns_zone=choice.dns_zone,
        jurisdictions=("eu", "uk"),
        pools=NodePools(
            cpu=cpu,
            cpu_minimum=choice.cpu_nodes,
            cpu_maximum=choice.cpu_maximum or choice.cpu_nodes,
            gpu=catalog.node_type(choice.cloud, gpu_name) if gpu_name else None,
            gpu_minimum=2,
            gpu_maximum=choice.gpu_maximum,
        ),
        serving=ModelServing(
            model=MODEL,
            replicas=2,
            gpus_per_replica=1,
            gpu_memory_utilization=0.95,
            max_model_len=4096,
            fallback_replicas=1,
        ),
        api_access=("198.51.100.7/32",),
        project=project,
        registry_path=choice.registry,
        registry_auth=(
            pulumi.Output.secret("user:password") if choice.registry and choice.registry_login else None
        ),
        cloud_provider=module.provider("cloud", place, project),
        tls_provider=tls.Provider("tls"),
        lock=made_up_lock(choice.jurisdiction, registry) if choice.locked else None,
        cloud_settings=CloudSettings(
            secrets={
                key: pulumi.Output.secret(f"SECRET-{key}")
                for key in ("hcloudToken", "weightsAccessKey", "weightsSecretKey", "civoToken")
            },
            control_planes=choice.control_planes,
            vswitch_id=choice.vswitch_id,
        ),
    )


def record(choice: Choice) -> Tree:
    """Build the stack of ``choice`` and return what was registered."""
    catalog = load_catalog()
    results: dict[str, Any] = {}

    def build() -> pulumi.Output[Any]:
        stack = RegionalStack(choice.jurisdiction, arguments(choice, catalog))
        results["endpoint"], results["models"] = stack.endpoint, tuple(stack.models)
        both = pulumi.Output.all(stack.kubeconfig, stack.bucket.endpoint, stack.join_script)
        opened = pulumi.Output.unsecret(both)
        return opened.apply(lambda values: results.update(zip(_OUTPUTS, values, strict=True)))

    return Tree(programmed(choice.jurisdiction, build), results)


def programmed(stack: str, program: Callable[[], Any]) -> list[Registered]:
    """Run a program to its end and return what it registered."""
    # The SDK takes the current loop, which another test may have ended.
    asyncio.set_event_loop(asyncio.new_event_loop())
    recorder = _Recorder()
    pulumi.runtime.set_mocks(_Clouds(), project="sovereign", stack=stack, monitor=recorder)
    run: Any = pulumi.runtime.test(program)  # pyright: ignore[reportUnknownMemberType]  # untyped in the SDK
    run()
    return recorder.recorded


_OUTPUTS = ("kubeconfig", "weights_endpoint", "join_script")


def without_secret_marks(value: Any) -> Any:
    """The inputs with every secret opened, as a test wants to read them."""
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value)
        if "4dabf18193072939515e22adb298388d" in items and "value" in items:
            return without_secret_marks(items["value"])
        return {key: without_secret_marks(item) for key, item in items.items()}
    if isinstance(value, list):
        return [without_secret_marks(item) for item in cast("list[Any]", value)]
    return value


def is_secret(value: Any) -> bool:
    """True if the engine was told to encrypt the value."""
    return "4dabf18193072939515e22adb298388d" in json.dumps(value)
