"""What Hetzner's machines are told on their first start: whole, small enough, and closed."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import LockedFile
from components.clouds.hetzner.addresses import AddressPlan
from components.clouds.hetzner.certificates import AUTHORITIES
from components.clouds.hetzner.gex import join_script
from components.clouds.hetzner.machines import (
    USER_DATA_LIMIT,
    BucketAccess,
    ClusterFacts,
    MachineFile,
    NodeFacts,
    UserDataTooLargeError,
    cloud_config,
    gateway_user_data,
    node_user_data,
)

MACHINES = Path(__file__).parents[2] / "components" / "clouds" / "hetzner" / "machines"
SECRETS = ("ACCESS-KEY", "SECRET-KEY", "SERVER-PASSWORD", "AGENT-PASSWORD")
PEM = "-----BEGIN CERTIFICATE-----\n" + "A" * 64 + "\n-----END CERTIFICATE-----\n"


def facts(**changed: Any) -> ClusterFacts:
    given_: dict[str, Any] = {
        "plan": AddressPlan(),
        "bucket": BucketAccess(
            url="https://nbg1.your-objectstorage.com/weights",
            region="nbg1",
            access_key="ACCESS-KEY",
            secret_key="SECRET-KEY",
        ),
        "k3s": LockedFile(path="binaries/k3s/k3s", sha256="a" * 64, bytes=1),
        "airgap_images": LockedFile(path="binaries/k3s/images.tar.zst", sha256="b" * 64, bytes=1),
        "registry": "registry.eu.example.com",
        "authority": PEM,
        "authority_hash": "c" * 64,
        "server_password": "SERVER-PASSWORD",
        "agent_password": "AGENT-PASSWORD",
        "public_address": "192.0.2.10",
        "labels": {"sovereign.dev/jurisdiction": "eu"},
    }
    return ClusterFacts(**{**given_, **changed})


FOUNDER = NodeFacts(
    name="founder",
    role="server",
    address="10.64.1.10",
    peers=("10.64.1.11", "10.64.1.12"),
    authorities={
        **{f"{path}.{kind}": PEM for path in AUTHORITIES for kind in ("crt", "key")},
        "service.key": PEM,
    },
)
FURTHER = NodeFacts(name="further", role="server", address="10.64.1.11")
AGENT = NodeFacts(name="agent", role="agent", address="10.64.16.10")
GROWN = NodeFacts(name="grown", role="agent", address=None)
NODES = [FOUNDER, FURTHER, AGENT, GROWN]


def files_of(user_data: str) -> dict[str, str]:
    document = yaml.safe_load(user_data)
    return {file["path"]: file["content"] for file in document["write_files"]}


def k3s_of(node: NodeFacts) -> dict[str, Any]:
    return yaml.safe_load(files_of(node_user_data(facts(), node))["/etc/sovereign/k3s.yaml"])


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.name)
def test_a_nodes_user_data_is_cloud_config_under_the_limit(node: NodeFacts) -> None:
    text = node_user_data(facts(), node)
    assert text.startswith("#cloud-config\n")
    assert len(text.encode()) < USER_DATA_LIMIT
    document = yaml.safe_load(text)
    assert document["runcmd"] == [
        ["systemctl", "daemon-reload"],
        ["systemctl", "enable", "--now", "--no-block", "sovereign-install.service"],
    ]
    assert document["ssh_pwauth"] is False


def test_user_data_over_the_limit_names_the_server_both_sizes_and_the_remedy() -> None:
    big = MachineFile(path="/etc/big", content="x" * USER_DATA_LIMIT)
    with pytest.raises(
        UserDataTooLargeError, match=r"server eu-cpu-1: found 3[45]\d{3} bytes, allowed: up to 32768"
    ):
        cloud_config("eu-cpu-1", [big], "exit 0")


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.name)
def test_only_root_reads_what_is_secret(node: NodeFacts) -> None:
    document = yaml.safe_load(node_user_data(facts(), node))
    checked = 0
    for file in document["write_files"]:
        if any(secret in file["content"] for secret in SECRETS) or "/ca/" in file["path"]:
            assert file["permissions"] == "0600", file["path"]
            checked += 1
    assert checked >= 3
    assert not any(secret in str(document["runcmd"]) for secret in SECRETS)


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.name)
def test_no_secret_shows_when_facts_are_printed(node: NodeFacts) -> None:
    shown = repr(facts()) + repr(node)
    assert not any(secret in shown for secret in SECRETS)
    assert "BEGIN CERTIFICATE" not in repr(node)


def test_an_agent_never_gets_what_opens_the_authorities() -> None:
    text = node_user_data(facts(), AGENT)
    assert "SERVER-PASSWORD" not in text
    assert "founding.yaml" not in files_of(text)
    assert k3s_of(AGENT)["token"] == f"K10{'c' * 64}::node:AGENT-PASSWORD"


def test_a_node_that_the_cluster_orders_differs_in_its_address_alone() -> None:
    agent, grown = (files_of(node_user_data(facts(), node)) for node in (AGENT, GROWN))
    differing = {path for path in agent if agent[path] != grown[path]}
    assert agent.keys() == grown.keys()
    assert differing == {"/etc/sovereign/node.env", "/etc/sovereign/k3s.yaml"}
    with_address, without = k3s_of(AGENT), k3s_of(GROWN)
    assert with_address.pop("node-ip") == "10.64.16.10"
    assert with_address == without, "labels and token are the same"
    environment = grown["/etc/sovereign/node.env"]
    assert "NODE_ADDRESS=''" in environment
    assert "NETWORK=10.64.0.0/16" in environment


def test_only_the_founder_has_the_authorities_keys() -> None:
    founder, further = (files_of(node_user_data(facts(), node)) for node in (FOUNDER, FURTHER))
    keys = {path for path in founder if path.endswith(".key")}
    assert keys == {f"/etc/sovereign/ca/{path}.key" for path in (*AUTHORITIES, "service")}
    assert not [path for path in further if path.endswith(".key")]
    assert yaml.safe_load(founder["/etc/sovereign/founding.yaml"]) == {
        "cluster-init": True,
        "token": "SERVER-PASSWORD",
    }


def test_a_further_server_accepts_no_cluster_but_its_own() -> None:
    assert k3s_of(FURTHER)["token"] == f"K10{'c' * 64}::server:SERVER-PASSWORD"


def test_servers_close_what_the_stack_does_not_use_and_encrypt_the_rest() -> None:
    settings = k3s_of(FOUNDER)
    assert settings["disable"] == ["traefik", "servicelb", "local-storage"]
    assert settings["disable-cloud-controller"] is True
    assert settings["secrets-encryption"] is True
    assert settings["flannel-backend"] == "wireguard-native"
    assert settings["tls-san"] == ["192.0.2.10", "10.64.2.10"]
    assert "disable-network-policy" not in settings, "policies must be enforced"
    assert settings["kubelet-arg"] == ["cloud-provider=external", "config=/etc/sovereign/kubelet.yaml"]


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.name)
def test_no_registry_but_ours_is_ever_asked(node: NodeFacts) -> None:
    mirrors = yaml.safe_load(files_of(node_user_data(facts(), node))["/etc/sovereign/registries.yaml"])[
        "mirrors"
    ]
    assert set(mirrors) == {"registry.eu.example.com", "*"}
    assert {url for mirror in mirrors.values() for url in mirror["endpoint"]} == {
        "https://registry.eu.example.com"
    }
    assert k3s_of(node)["disable-default-registry-endpoint"] is True


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.name)
def test_pods_cannot_read_user_data(node: NodeFacts) -> None:
    files = files_of(node_user_data(facts(), node))
    assert "ip daddr 169.254.169.254 counter drop" in files["/etc/sovereign/firewall.nft"]
    assert "hook forward" in files["/etc/sovereign/firewall.nft"]
    unit = files["/etc/systemd/system/sovereign-k3s.service"]
    assert "Requires=sovereign-firewall.service" in unit, "k3s never runs without the rule"
    install = files["/usr/local/sbin/sovereign-install"]
    assert install.index("sovereign-firewall.service") < install.index("sovereign-k3s.service")


def test_nothing_comes_from_a_host_outside_the_place_and_hetzners_mirror() -> None:
    for text in (*(node_user_data(facts(), node) for node in NODES), gateway_user_data("g", AddressPlan())):
        for foreign in ("get.k3s.io", "github.com", "docker.io", "debian.org", "rancher"):
            assert foreign not in text.replace("/etc/rancher", "").replace("/var/lib/rancher", "")
        assert "https://mirror.hetzner.com/debian/security" in text


def test_the_gateway_holds_no_secret_and_forwards_only_what_it_must() -> None:
    text = gateway_user_data("gateway", AddressPlan())
    rules = files_of(text)["/etc/sovereign/firewall.nft"]
    assert "type filter hook forward priority filter; policy drop;" in rules
    assert "type filter hook input priority filter; policy drop;" in rules
    assert "tcp dport 6443 dnat to 10.64.2.10" in rules
    assert not any(secret in text for secret in SECRETS)


hostile = st.text(
    alphabet=st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=40
)


@settings(deadline=None, max_examples=30)  # each starts a shell
@given(url=hostile)
def test_no_value_becomes_a_command(url: str) -> None:
    changed = facts(bucket=BucketAccess(url=url, region="nbg1", access_key="a", secret_key="b"))
    environment = files_of(node_user_data(changed, AGENT))["/etc/sovereign/node.env"]
    script = f'{environment}printf %s "$BUCKET_URL"'
    printed = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert printed.stdout == url
    assert printed.stderr == ""


@pytest.mark.parametrize("script", sorted(MACHINES.glob("*.sh")), ids=lambda path: path.name)
def test_the_scripts_are_valid_shell(script: Path) -> None:
    subprocess.run(["sh", "-n", str(script)], check=True)


def test_the_join_script_is_valid_shell_and_refuses_wrong_arguments(tmp_path: Path) -> None:
    script = tmp_path / "gex-join.sh"
    script.write_text(join_script(facts()))
    subprocess.run(["sh", "-n", str(script)], check=True)
    for arguments in (
        [],
        ["4000", "1"],
        ["vlan", "1", "2"],
        ["12", "1", "2"],
        ["4000", "0", "2"],
        ["4000", "246", "2"],
    ):
        refused = subprocess.run(["sh", str(script), *arguments], capture_output=True, text=True, check=False)
        assert refused.returncode == 2, arguments
        assert "allowed" in refused.stderr or "usage" in refused.stderr
        assert not any(secret in refused.stderr for secret in SECRETS)


def test_a_joining_gpu_server_keeps_pods_that_ask_for_no_gpu_away_and_its_keys_to_itself() -> None:
    script = join_script(facts())
    assert "TAINT=nvidia.com/gpu=present:NoSchedule" in script
    assert 'mtu "$VLAN_MTU"' in script
    assert "VLAN_MTU=1400" in script
    assert "SERVER-PASSWORD" not in script
    assert "PrivateKey" not in script, "WireGuard's keys are made on the host"


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.name)
def test_what_failed_on_the_first_start_is_tried_until_it_has_worked(node: NodeFacts) -> None:
    """cloud-init runs its commands once; a unit does not give up, and rests when it is done."""
    user_data = {node.name: node_user_data(facts(), node), "gateway": gateway_user_data("g", AddressPlan())}
    for text in user_data.values():
        files = files_of(text)
        unit = files["/etc/systemd/system/sovereign-install.service"].splitlines()
        section, found = "", dict[str, list[str]]()
        for line in unit:
            section = line if line.startswith("[") else section
            found.setdefault(section, []).append(line)
        assert "StartLimitIntervalSec=0" in found["[Unit]"], "else systemd gives up after five times"
        assert {"Type=oneshot", "Restart=on-failure", "RestartSec=30"} <= set(found["[Service]"])
        assert "ExecStart=/usr/local/sbin/sovereign-install" in found["[Service]"]
        assert "WantedBy=multi-user.target" in found["[Install]"], "also after a restart of the machine"
        [condition] = [line for line in found["[Unit]"] if line.startswith("ConditionPathExists=!")]
        done = condition.partition("!")[2]
        assert f"ExecStartPost=/usr/bin/touch {done}" in found["[Service]"]
        assert files["/usr/local/sbin/sovereign-install"].startswith("#!/bin/sh\n")
        assert ". /etc/sovereign/attempt.sh" in files["/usr/local/sbin/sovereign-install"]
        assert "attempt() {" in files["/etc/sovereign/attempt.sh"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("node", NODES, ids=lambda node: node.name)
def test_systemd_finds_nothing_wrong_with_the_units(node: NodeFacts, tmp_path: Path) -> None:
    """Their programs, which this machine does not have, are replaced by one that it has."""
    units = {
        Path(path).name: content
        for path, content in files_of(node_user_data(facts(), node)).items()
        if path.startswith("/etc/systemd/system/")
    }
    assert units.keys() >= {"sovereign-install.service", "sovereign-k3s.service", "sovereign-way-out.timer"}
    for name, content in units.items():
        known = re.sub(r"^(Exec\w+=-?)/\S+", r"\1/bin/true", content, flags=re.MULTILINE)
        (tmp_path / name).write_text(known)
    told = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=yes", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in told.stderr.splitlines() if "sovereign" in line]
    assert ours == []


def test_the_founder_alone_knows_the_other_servers_that_it_must_not_found_beside() -> None:
    founder, further = (files_of(node_user_data(facts(), node)) for node in (FOUNDER, FURTHER))
    assert "PEERS='10.64.1.11 10.64.1.12'\n" in founder["/etc/sovereign/node.env"]
    assert "PEERS" not in further["/etc/sovereign/node.env"]


@pytest.mark.skipif(shutil.which("nft") is None, reason="needs nft")
@pytest.mark.parametrize("name", ["node", "gateway"])
def test_the_firewall_rules_are_valid(name: str, tmp_path: Path) -> None:
    text = node_user_data(facts(), AGENT) if name == "node" else gateway_user_data("g", AddressPlan())
    rules = tmp_path / "rules.nft"
    rules.write_text(files_of(text)["/etc/sovereign/firewall.nft"])
    subprocess.run(["nft", "--check", "--file", str(rules)], check=True)
