"""Stacks on Hetzner on the real engine, from the operating system up, chosen by cloud and location alone."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.conftest import REPOSITORY, Project

pytestmark = pytest.mark.engine

PACK = ("--policy-pack", str(REPOSITORY / "policies"))
SERVER = "hcloud:index/server:Server"


@pytest.fixture
def moved(sovereign: Callable[[str], Project]) -> Callable[..., Project]:
    """The shipped stack with two lines of its file changed, and settings of the test's own."""

    def move(location: str, **written: object) -> Project:
        project = sovereign("eu")
        project.configure("sovereign:cloud", "hetzner")
        project.configure("sovereign:location", location)
        for key, value in written.items():
            project.configure(f"sovereign:{key}", value)
        return project

    return move


def written_to(project: Project, server: str) -> dict[str, str]:
    """The files that a server finds on its disk, by path."""
    [machine] = [item for item in project.cloud(SERVER) if item["urn"].endswith(f"::{server}")]
    document = yaml.safe_load(machine["inputs"]["userData"])
    return {file["path"]: file["content"] for file in document["write_files"]}


def up(project: Project) -> str:
    ran = project.up(*PACK)
    assert ran.returncode == 0, ran.stdout
    assert "sovereign@v" in ran.stdout, "the pack ran"
    assert "[mandatory]" not in ran.stdout
    assert "deprecated" not in ran.stdout
    return ran.stdout


def down(project: Project) -> None:
    destroyed = project.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stdout
    assert project.cloud() == []
    order = destroyed.stdout
    service, controller = (
        "eu-router-service deleted",
        "eu-cluster-services-cloud-controller-deployment deleted",
    )
    assert order.index(service) < order.index(controller), (
        "a controller must be there to let go of its Service"
    )


def test_a_stack_in_nuremberg_comes_up_changes_one_by_one_and_goes(
    moved: Callable[..., Project],
) -> None:
    project = moved("nbg1", dnsZone="example.com", cpuNodeType="cx43")
    project.lock()
    up(project)
    [record] = project.cloud("hcloud:index/zone*")
    assert (record["inputs"]["zone"], record["inputs"]["name"]) == ("example.com", "eu.inference")
    outputs = project.outputs()
    assert (outputs["cloud"], outputs["location"]) == ("hetzner", "nbg1")
    assert outputs["endpoint"] == "https://eu.inference.example.com"
    assert outputs["weightsEndpoint"] == "https://nbg1.your-objectstorage.com"
    assert "gexJoinScript" not in outputs
    assert len(project.cloud(SERVER)) == 6, "gateway, three control planes, two nodes"
    _the_keys_fit(project, outputs["kubeconfig"])
    _the_api_is_waited_for(project, outputs["kubeconfig"])
    project.configure("sovereign:cpuNodeType", "ccx33")
    ids = {item["urn"]: item["id"] for item in project.cloud(SERVER)}
    changed = project.up()
    assert changed.returncode == 0, changed.stdout
    first_done = changed.stdout.index("eu-cluster-cpu-1 updated")
    assert first_done < changed.stdout.index("eu-cluster-cpu-2 updating"), "one node at a time"
    assert "replac" not in changed.stdout
    assert {item["urn"]: item["id"] for item in project.cloud(SERVER)} == ids
    down(project)


def test_a_type_with_a_smaller_disk_is_refused_before_a_node_is_switched_off(
    moved: Callable[..., Project],
) -> None:
    """The preview says so as well; a node that is renewed gets the new type with a disk of its own."""
    project = moved("nbg1", cpuNodeType="cpx42")
    project.lock()
    assert project.up().returncode == 0
    project.configure("sovereign:cpuNodeType", "cx43")
    said = (
        "sovereign:cpuNodeType: found 'cx43', whose disk of 160 GB is smaller than the 320 GB of "
        "eu-cluster-cpu-1: a disk never shrinks, and Hetzner would leave the server switched off; allowed in "
        "nbg1: cpx42; or renew the node with its new type"
    )
    for command in ("preview",), ("up", "--yes", "--skip-preview"):
        ran = project.pulumi(*command)
        assert ran.returncode != 0
        assert said in ran.stdout, ran.stdout
    nodes = {item["urn"]: item["outputs"] for item in project.cloud(SERVER) if "-cpu-" in item["urn"]}
    assert {(node["serverType"], node["status"]) for node in nodes.values()} == {("cpx42", "running")}
    for urn in nodes:
        renewed = project.pulumi("up", "--yes", "--skip-preview", "--target-replace", urn)
        assert renewed.returncode == 0, renewed.stdout
        [node] = [item["outputs"] for item in project.cloud(SERVER) if item["urn"] == urn]
        assert (node["serverType"], node["primaryDiskSize"]) == ("cx43", 160)
    assert project.pulumi("preview", "--refresh", "--expect-no-changes").returncode == 0


def _the_keys_fit(project: Project, kubeconfig: str) -> None:
    """Real cryptography: the kubeconfig's user is administrator of the cluster that the servers found."""
    founder = written_to(project, "eu-cluster-control-plane-1")
    config = yaml.safe_load(kubeconfig)
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    authority_pem = base64.b64decode(cluster["certificate-authority-data"]).decode()
    assert authority_pem == founder["/etc/sovereign/ca/server-ca.crt"]
    certificate = x509.load_pem_x509_certificate(base64.b64decode(user["client-certificate-data"]))
    client_authority = x509.load_pem_x509_certificate(founder["/etc/sovereign/ca/client-ca.crt"].encode())
    certificate.verify_directly_issued_by(client_authority)
    [organisation] = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert organisation.value == "system:masters"
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    now = datetime.now(UTC)
    assert certificate.not_valid_after_utc < now + timedelta(days=366)
    assert client_authority.not_valid_after_utc > now + timedelta(days=3600)
    for path in ("server-ca", "client-ca", "request-header-ca", "etcd/peer-ca", "etcd/server-ca"):
        pair = x509.load_pem_x509_certificate(founder[f"/etc/sovereign/ca/{path}.crt"].encode())
        assert pair.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert isinstance(pair.public_key(), ec.EllipticCurvePublicKey)
        assert f"/etc/sovereign/ca/{path}.key" in founder
    pinned = hashlib.sha256(authority_pem.encode()).hexdigest()
    for name, user_name in (("control-plane-2", "server"), ("control-plane-3", "server"), ("cpu-1", "node")):
        files = written_to(project, f"eu-cluster-{name}")
        settings = yaml.safe_load(files["/etc/sovereign/k3s.yaml"])
        assert settings["token"].startswith(f"K10{pinned}::{user_name}:"), name
        assert not [path for path in files if path.endswith(".key")]
    address = cluster["server"].removeprefix("https://").removesuffix(":6443")
    assert ip_address(address)
    assert address in yaml.safe_load(founder["/etc/sovereign/k3s.yaml"])["tls-san"]
    [gateway] = [item for item in project.cloud(SERVER) if item["urn"].endswith("eu-network-gateway")]
    assert gateway["outputs"]["ipv4Address"] == address


def _the_api_is_waited_for(project: Project, kubeconfig: str) -> None:
    """In a rehearsal the command is only written down."""
    [command] = project.cloud("command:local:Command")
    cluster = yaml.safe_load(kubeconfig)["clusters"][0]["cluster"]
    told = command["inputs"]["environment"]
    assert told["API_URL"] == cluster["server"]
    assert told["AUTHORITY"] == base64.b64decode(cluster["certificate-authority-data"]).decode()
    assert set(told) == {"API_URL", "AUTHORITY"}, "no key, no token"


def test_a_stack_in_helsinki_begins_without_a_cluster_and_gets_it_with_the_lock(
    moved: Callable[..., Project],
) -> None:
    project = moved("hel1", controlPlanes=1, vswitchId=4711)
    first = up(project)
    assert "No lock for the stack eu" in first
    assert {"kubeconfig", "gexJoinScript", "endpoint"}.isdisjoint(project.outputs())
    assert [item["urn"].rpartition("::")[2] for item in project.cloud(SERVER)] == ["eu-network-gateway"]
    project.lock()
    up(project)
    outputs = project.outputs()
    assert outputs["gexJoinScript"].startswith("#!/bin/sh")
    hidden = project.pulumi("stack", "output", "--json")
    assert json.loads(hidden.stdout)["gexJoinScript"] == "[secret]"
    assert len(project.cloud(SERVER)) == 4, "gateway, one control plane, two nodes"
    unchanged = project.pulumi("preview", "--expect-no-changes", *PACK)
    assert unchanged.returncode == 0, unchanged.stdout
    state = (project.directory / ".rehearsal" / "state" / ".pulumi" / "stacks" / "sovereign").glob("*.json")
    text = "".join(path.read_text() for path in state)
    assert "PRIVATE KEY" not in text
    assert "/etc/sovereign/bucket.conf" not in text, "user data holds tokens and lies encrypted in the state"
    down(project)


def test_a_server_that_is_out_of_stock_is_an_error_that_names_it(moved: Callable[..., Project]) -> None:
    project = moved("fsn1")
    project.lock()
    assert project.run("cloud", "out-of-stock", "cpx42", "fsn1").returncode == 0
    ran = project.up()
    assert ran.returncode != 0
    assert "out of stock: no cpx42 is available in fsn1 right now (resource_unavailable)" in ran.stdout
    built = [item["urn"].rpartition("::")[2] for item in project.cloud(SERVER)]
    assert "eu-cluster-control-plane-3" in built
    assert project.run("cloud", "clear").returncode == 0
    again = project.up()
    assert again.returncode == 0, again.stdout


@pytest.mark.parametrize(
    ("cloud", "location", "key", "value"),
    [("scaleway", "fr-par-2", "controlPlanes", 1), ("civo", "FRA1", "vswitchId", 4711)],
)
def test_what_only_hetzner_reads_is_refused_elsewhere(
    cloud: str, location: str, key: str, value: Any, sovereign: Callable[[str], Project]
) -> None:
    project = sovereign("eu")
    project.configure("sovereign:cloud", cloud)
    project.configure("sovereign:location", location)
    project.configure(f"sovereign:{key}", value)
    ran = project.pulumi("preview")
    assert ran.returncode != 0
    assert f"sovereign:{key}: found {value}, which {cloud} does not read" in ran.stdout
