"""The twins of Hetzner and its object storage refuse and answer what the services do."""

import json
from typing import Any

import pytest

from tests.conftest import Project

pytestmark = pytest.mark.engine

NETWORK = """
import pulumi, pulumi_hcloud as hcloud, pulumi_minio as minio
here = hcloud.Provider("here")
options = pulumi.ResourceOptions(provider=here)
network = hcloud.Network("net", ip_range="10.64.0.0/16", opts=options)
subnet = hcloud.NetworkSubnet("sub", network_id=network.id.apply(int), type="cloud",
    network_zone="eu-central", ip_range="10.64.1.0/24", opts=options)
def server(name, ip, **more):
    closed = [{"ipv4_enabled": False, "ipv6_enabled": False}]
    settings = dict(server_type="cx23", image="debian-13", location="nbg1", public_nets=closed)
    attached = [{"subnet_id": subnet.id, "ip": ip, "alias_ips": []}] if ip else None
    return hcloud.Server(name, **{**settings, "networks": attached, **more},
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[subnet])))
"""


def shown(project: Project, name: str) -> dict[str, Any]:
    return json.loads(project.run("-q", "cloud", "show", name).stdout)


def test_a_private_server_has_no_public_address_and_a_linked_one_is_the_servers(project: Project) -> None:
    project.program(
        NETWORK
        + """
ip = hcloud.PrimaryIp("ip", type="ipv4", assignee_type="server", location="nbg1", opts=options)
server("inside", "10.64.1.10")
net = {"ipv4_enabled": True, "ipv4": ip.id.apply(int), "ipv6_enabled": False}
server("edge", "10.64.1.11", public_nets=[net])
"""
    )
    ran = project.up()
    assert ran.returncode == 0, ran.stdout
    assert shown(project, "inside")["ipv4Address"] == ""
    assert shown(project, "edge")["ipv4Address"] == shown(project, "ip")["ipAddress"] != ""
    assert project.pulumi("refresh", "--yes", "--expect-no-changes").returncode == 0


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('server("a", "10.64.9.10")', "ip 10.64.9.10 is not in the subnet 10.64.1.0/24"),
        (
            'a = server("a", "10.64.1.10")\nserver("b", a.id.apply(lambda _: "10.64.1.10"))',
            "ip 10.64.1.10 is already in use in network",
        ),
        ('server("a", None)', "a server without a public address needs a network"),
        ('server("a", "10.64.1.10", user_data="x" * 40000)', "at most 32768 (32 KiB) are allowed"),
        ('server("a", "10.64.1.10", delete_protection=True)', "must equal deleteProtection"),
        (
            'group = hcloud.PlacementGroup("g", type="spread", opts=options)\n'
            "for n in range(11):\n"
            '    server(f"s{n}", f"10.64.1.{10 + n}", placement_group_id=group.id.apply(int))',
            "holds 10 servers (resource_limit_exceeded)",
        ),
        (
            'wall = hcloud.Firewall("w", rules=[], opts=options)\n'
            'server("a", "10.64.1.10", firewall_ids=[wall.id.apply(int)])',
            "server a has no public interface to put a firewall in front of (private_net_only_server)",
        ),
        (
            'wall = hcloud.Firewall("w", rules=[], opts=options)\n'
            'a = server("a", "10.64.1.10")\n'
            'hcloud.FirewallAttachment("w", firewall_id=wall.id.apply(int), server_ids=[a.id.apply(int)], '
            "opts=options)",
            "server a has no public interface to put a firewall in front of (private_net_only_server)",
        ),
    ],
)
def test_what_the_api_refuses_is_refused(lines: str, said: str, project: Project) -> None:
    project.program(f"{NETWORK}\n{lines}\n")
    ran = project.up()
    assert ran.returncode != 0
    assert said in ran.stdout


@pytest.mark.parametrize(
    ("zone", "taken"),
    [("example.com", True), ("example.co.uk", True), ("eu.example.com", False), ("eu.example.co.uk", False)],
)
def test_a_zone_is_a_whole_domain(zone: str, taken: bool, project: Project) -> None:
    project.program(f'{NETWORK}\nhcloud.Zone("z", name="{zone}", mode="primary", opts=options)\n')
    ran = project.up()
    assert (ran.returncode == 0) is taken, ran.stdout
    assert taken or f"zone {zone}: invalid domain, subzones are not supported" in ran.stdout


def test_a_firewall_in_front_of_a_server_with_a_public_address_is_taken(project: Project) -> None:
    project.program(
        NETWORK
        + """
wall = hcloud.Firewall("w", rules=[], opts=options)
open_ = [{"ipv4_enabled": True, "ipv6_enabled": False}]
server("a", "10.64.1.10", public_nets=open_, firewall_ids=[wall.id.apply(int)])
"""
    )
    ran = project.up()
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize(("written", "drifts"), [('assignee_type="server", ', True), ("", False)])
def test_a_primary_address_that_no_server_has_is_answered_as_unassigned(
    written: str, drifts: bool, project: Project
) -> None:
    """So a program that says "server" sees a difference for ever, until a server has it."""
    project.program(
        f'{NETWORK}\nhcloud.PrimaryIp("ip", type="ipv4", {written}location="nbg1", opts=options)\n'
    )
    assert project.up().returncode == 0
    assert shown(project, "ip")["assigneeType"] == "unassigned"
    refreshed = project.pulumi("refresh", "--yes", "--expect-no-changes")
    assert (refreshed.returncode != 0) is drifts, refreshed.stdout


def test_a_server_type_is_changed_in_place(project: Project) -> None:
    project.program(f'{NETWORK}\nserver("a", "10.64.1.10")\n')
    assert project.up().returncode == 0
    project.program(f'{NETWORK}\nserver("a", "10.64.1.10", server_type="cx33")\n')
    ran = project.up()
    assert ran.returncode == 0, ran.stdout
    assert "replac" not in ran.stdout
    assert "diff: ~serverType" in ran.stdout


def test_a_type_with_a_smaller_disk_is_refused_and_leaves_the_server_off(project: Project) -> None:
    def typed(name: str) -> str:
        return f'{NETWORK}\nserver("a", "10.64.1.10", server_type="{name}", keep_disk=True)\n'

    project.program(typed("cx33"))
    assert project.up().returncode == 0
    project.program(typed("cpx42"))
    assert project.up().returncode == 0
    assert (shown(project, "a")["primaryDiskSize"], shown(project, "a")["status"]) == (80, "running")
    project.program(typed("cx23"))
    ran = project.up()
    assert ran.returncode != 0
    assert "the selected server_type has not sufficient disk space (invalid_server_type)" in ran.stdout
    assert shown(project, "a")["status"] == "off"
    project.program(typed("cx33"))
    assert project.up().returncode == 0
    assert shown(project, "a")["status"] == "running"


def test_a_type_of_which_nobody_told_the_disk_is_taken(project: Project) -> None:
    project.program(f'{NETWORK}\nserver("a", "10.64.1.10", server_type="cpx42")\n')
    assert project.up().returncode == 0
    project.program(f'{NETWORK}\nserver("a", "10.64.1.10", server_type="cx999")\n')
    assert project.up().returncode == 0


BUCKETS = """
import pulumi, pulumi_minio as minio
def bucket(title, host, name):
    store = minio.Provider(f"{title}-store", minio_server=host, minio_ssl=True)
    return minio.S3Bucket(title, bucket=name, acl="private", opts=pulumi.ResourceOptions(provider=store))
"""


def test_a_bucket_is_known_by_its_name_at_its_own_endpoint(project: Project) -> None:
    project.program(
        BUCKETS
        + """
first = bucket("first", "nbg1.your-objectstorage.com", "weights")
bucket("second", "hel1.your-objectstorage.com", "weights")
pulumi.export("id", first.id)
"""
    )
    ran = project.up()
    assert ran.returncode == 0, ran.stdout
    assert project.outputs()["id"] == "weights"
    assert "nbg1.your-objectstorage.com" in shown(project, "first")["bucketDomainName"]
    assert project.pulumi("refresh", "--yes", "--expect-no-changes").returncode == 0


def test_a_name_that_is_taken_at_an_endpoint_is_refused(project: Project) -> None:
    project.program(
        BUCKETS
        + """
bucket("first", "nbg1.your-objectstorage.com", "weights")
bucket("second", "nbg1.your-objectstorage.com", "weights")
"""
    )
    ran = project.up()
    assert ran.returncode != 0
    assert "weights already exists: the name is taken" in ran.stdout
