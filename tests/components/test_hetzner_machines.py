"""What Hetzner's machines are told on their first start: whole, small enough, and closed."""

import os
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
    assert document["runcmd"] == [["/usr/local/sbin/sovereign-install"]]
    assert document["ssh_pwauth"] is False


def test_user_data_over_the_limit_names_the_server_both_sizes_and_the_remedy() -> None:
    big = MachineFile(path="/etc/big", content="x" * USER_DATA_LIMIT)
    with pytest.raises(
        UserDataTooLargeError, match=r"server eu-cpu-1: found 33\d{3} bytes, allowed: up to 32768"
    ):
        cloud_config("eu-cpu-1", [big], "/bin/true")


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


def run_install(
    tmp_path: Path, *, founds: str, answers: bool, sha256: str, address: str = "10.64.1.10"
) -> subprocess.CompletedProcess[str]:
    """Run ``install.sh`` with every program it calls replaced, below a directory of its own."""
    root = tmp_path / "root"
    (root / "etc/sovereign/ca").mkdir(parents=True)
    (root / "etc/rancher/k3s").mkdir(parents=True)
    (root / "usr/local/sbin").mkdir(parents=True)
    for name in ("bucket.conf", "k3s.yaml", "registries.yaml"):
        (root / "etc/sovereign" / name).write_text(f"# {name}\n")
    if address:
        (root / "etc/sovereign/k3s.yaml").write_text(f"node-ip: {address}\n")
    (root / "etc/sovereign/founding.yaml").write_text("cluster-init: true\ntoken: t\n")
    (root / "etc/sovereign/ca/server-ca.crt").write_text(PEM)
    (root / "etc/sovereign/ca/server-ca.key").write_text("KEY")
    lines = {
        "NODE_ADDRESS": address,
        "FOUNDS": founds,
        "API_URL": "https://10.64.2.10:6443",
        "BUCKET_URL": "https://bucket.invalid/weights",
        "REGION": "nbg1",
        "K3S_PATH": "binaries/k3s/k3s",
        "K3S_SHA256": sha256,
        "IMAGES_PATH": "binaries/k3s/images",
        "IMAGES_SHA256": sha256,
    }
    (root / "etc/sovereign/node.env").write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
    programs = tmp_path / "bin"
    programs.mkdir()
    stand_ins = {
        "systemctl": f'echo "systemctl $*" >> {tmp_path}/calls\n',
        "apt-get": f'echo "apt-get $*" >> {tmp_path}/calls\n',
        "ip": 'echo "2: enp7s0    inet 10.64.1.10/32 brd 10.64.1.10 scope global enp7s0"\n',
        # Fetching writes a file; asking the API succeeds or fails as the test says.
        "curl": f"""case "$*" in
            *cacerts*) exit {0 if answers else 7} ;;
        esac
        while [ "$#" -gt 0 ]; do
            if [ "$1" = --output ]; then printf content > "$2"; fi
            shift
        done
        """,
        "sleep": "exit 0\n",
    }
    for name, body in stand_ins.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}")
        (programs / name).chmod(0o755)
    text = (MACHINES / "install.sh").read_text()
    for prefix in ("/etc/sovereign", "/etc/rancher", "/var/lib/rancher", "/usr/local/"):
        text = text.replace(f" {prefix}", f" {root}{prefix}").replace(f"={prefix}", f"={root}{prefix}")
    text = text.replace("attempt 45 answers", "attempt 0 answers")
    found = "" if address else f"echo NODE_ADDRESS=10.64.1.10 >> {root}/etc/sovereign/node.env"
    (root / "usr/local/sbin/sovereign-way-out").write_text(f"#!/bin/sh\n{found}\n")
    (root / "usr/local/sbin/sovereign-way-out").chmod(0o755)
    return subprocess.run(
        ["sh", "-c", text],
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def run_way_out(tmp_path: Path, default: str) -> str:
    """Run ``way-out.sh`` on a machine whose default route is ``default``; returns what it changed."""
    root, programs = tmp_path / "root", tmp_path / "bin"
    (root / "etc/sovereign").mkdir(parents=True)
    programs.mkdir()
    lines = ("NODE_ADDRESS=10.64.16.10", "NETWORK_ROUTER=10.64.0.1", "RESOLVER=10.64.0.10")
    (root / "etc/sovereign/node.env").write_text("\n".join(lines) + "\n")
    (programs / "ip").write_text(
        f"""#!/bin/sh
case "$*" in
    *"address show"*) echo "2: enp7s0    inet 10.64.16.10/32 scope global enp7s0" ;;
    *"route show default"*) echo "{default}" ;;
    *) echo "$*" >> {tmp_path}/changes ;;
esac
"""
    )
    (programs / "ip").chmod(0o755)
    text = (MACHINES / "way-out.sh").read_text().replace(" /etc/", f" {root}/etc/")
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-c", text], env=environment, check=True, timeout=60)
    resolvers = (root / "etc/resolv.conf").read_text(), (root / "etc/rancher/k3s/resolv.conf").read_text()
    assert resolvers == ("nameserver 10.64.0.10\n", "nameserver 10.64.0.10\n")
    changes = tmp_path / "changes"
    return changes.read_text() if changes.exists() else ""


def test_a_lost_way_out_is_found_again_and_a_right_one_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "lost").mkdir()
    lost = run_way_out(tmp_path / "lost", "")
    assert lost == "-4 route replace default via 10.64.0.1 dev enp7s0 onlink\n"
    (tmp_path / "right").mkdir()
    assert run_way_out(tmp_path / "right", "default via 10.64.0.1 dev enp7s0 onlink") == ""


CONTENT_SHA256 = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
"""sha256 of ``content``, which the stand-in for curl writes."""


def test_the_first_server_founds_the_cluster_with_the_authorities_made_beforehand(tmp_path: Path) -> None:
    ran = run_install(tmp_path, founds="yes", answers=False, sha256=CONTENT_SHA256)
    assert ran.returncode == 0, ran.stderr
    root = tmp_path / "root"
    assert (root / "etc/rancher/k3s/config.yaml.d/20-join.yaml").read_text().startswith("cluster-init: true")
    assert (root / "var/lib/rancher/k3s/server/tls/server-ca.key").read_text() == "KEY"
    assert (root / "etc/rancher/k3s/config.yaml.d/10-interface.yaml").read_text() == "flannel-iface: enp7s0\n"
    calls = (tmp_path / "calls").read_text()
    assert calls.index("sovereign-firewall.service") < calls.index("sovereign-k3s.service")


def test_a_replaced_first_server_joins_the_cluster_that_still_answers(tmp_path: Path) -> None:
    ran = run_install(tmp_path, founds="yes", answers=True, sha256=CONTENT_SHA256)
    assert ran.returncode == 0, ran.stderr
    root = tmp_path / "root"
    join = (root / "etc/rancher/k3s/config.yaml.d/20-join.yaml").read_text()
    assert join == "server: https://10.64.2.10:6443\n"
    assert not (root / "var/lib/rancher/k3s/server/tls").exists(), "a second cluster must never be founded"


def test_other_nodes_join(tmp_path: Path) -> None:
    ran = run_install(tmp_path, founds="no", answers=False, sha256=CONTENT_SHA256)
    assert ran.returncode == 0, ran.stderr
    join = (tmp_path / "root/etc/rancher/k3s/config.yaml.d/20-join.yaml").read_text()
    assert join == "server: https://10.64.2.10:6443\n"


def test_a_node_whose_address_hetzner_chose_joins_with_the_one_that_was_found(tmp_path: Path) -> None:
    ran = run_install(tmp_path, founds="no", answers=True, sha256=CONTENT_SHA256, address="")
    assert ran.returncode == 0, ran.stderr
    written = yaml.safe_load((tmp_path / "root/etc/rancher/k3s/config.yaml.d/10-interface.yaml").read_text())
    assert written == {"flannel-iface": "enp7s0", "node-ip": "10.64.1.10"}


@pytest.mark.skipif(shutil.which("ip") is None, reason="needs ip")
def test_an_address_that_nobody_chose_is_found_by_its_network_and_kept(tmp_path: Path) -> None:
    """The real ``ip`` reads addresses; only changes go to a stand-in."""
    root, programs = tmp_path / "root", tmp_path / "bin"
    (root / "etc/sovereign").mkdir(parents=True)
    programs.mkdir()
    environment_file = root / "etc/sovereign/node.env"
    lines = ("NODE_ADDRESS=''", "NETWORK=127.0.0.0/8", "NETWORK_ROUTER=10.64.0.1", "RESOLVER=10.64.0.10")
    environment_file.write_text("\n".join(lines) + "\n")
    (programs / "ip").write_text(
        f"""#!/bin/sh
case "$*" in
    *"address show"*) exec {shutil.which("ip")} "$@" ;;
    *"route show default"*) ;;
    *) echo "$*" >> {tmp_path}/changes ;;
esac
"""
    )
    (programs / "ip").chmod(0o755)
    text = (MACHINES / "way-out.sh").read_text().replace(" /etc/", f" {root}/etc/")
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    for _ in range(2):
        subprocess.run(["sh", "-c", text], env=environment, check=True, timeout=60)
    assert environment_file.read_text().count("NODE_ADDRESS=127.0.0.1\n") == 1, "looked up once"
    first, second = (tmp_path / "changes").read_text().splitlines()
    assert first == second == "-4 route replace default via 10.64.0.1 dev lo onlink"


def test_a_program_with_another_sha256_is_thrown_away_and_never_started(tmp_path: Path) -> None:
    ran = run_install(tmp_path, founds="yes", answers=False, sha256="0" * 64)
    assert ran.returncode == 1
    assert "binaries/k3s/k3s: refused: its sha256 is not the locked one" in ran.stderr
    assert not (tmp_path / "root/usr/local/bin/k3s").exists()
    assert "sovereign-k3s.service" not in (tmp_path / "calls").read_text()


@pytest.mark.skipif(shutil.which("nft") is None, reason="needs nft")
@pytest.mark.parametrize("name", ["node", "gateway"])
def test_the_firewall_rules_are_valid(name: str, tmp_path: Path) -> None:
    text = node_user_data(facts(), AGENT) if name == "node" else gateway_user_data("g", AddressPlan())
    rules = tmp_path / "rules.nft"
    rules.write_text(files_of(text)["/etc/sovereign/firewall.nft"])
    subprocess.run(["nft", "--check", "--file", str(rules)], check=True)
