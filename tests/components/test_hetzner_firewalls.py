"""The rules of Hetzner's machines in a real kernel: namespaces stand in for machines.

Needs nft, ip, curl and the right to make network namespaces; skipped where one of them is missing.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from components.clouds.hetzner.addresses import AddressPlan
from components.clouds.hetzner.machines import gateway_user_data, node_user_data

from .test_hetzner_gpus import join
from .test_hetzner_machines import AGENT, facts, files_of

RULES = "/etc/sovereign/firewall.nft"
PREPARED = """
set -eu
STARTED=
trap 'kill $STARTED 2> /dev/null || true' EXIT
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
machine() {{ # name, its address, this side's address, …: further addresses of its own
    name=$1 own=$2 here=$3
    shift 3
    unshare --net sleep 60 > /dev/null 2>&1 &
    eval "$name=$!"
    pid=$! STARTED="$STARTED $!"
    until [ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
    ip link add "h$name" type veth peer name "m$name" netns "$pid"
    ip address add "$here" dev "h$name"
    ip link set "h$name" up
    inside "$pid" ip link set lo up
    inside "$pid" ip address add "$own" dev "m$name"
    inside "$pid" ip link set "m$name" up
    for address in "$@"; do inside "$pid" ip address add "$address" dev lo; done
}}
inside() {{ pid_=$1; shift; nsenter --target "$pid_" --net "$@"; }}
serve() {{ # machine, port
    nsenter --target "$1" --net {python} -m http.server "$2" --bind 0.0.0.0 > /dev/null 2>&1 &
    STARTED="$STARTED $!"
    until inside "$1" curl --silent --output /dev/null "http://127.0.0.1:$2/"; do sleep 0.1; done
}}
said() {{ curl -s -o /dev/null --max-time 2 -w '%{{http_code}}' "$1" || true; }}
asked() {{ inside "$1" curl -s -o /dev/null --max-time 2 -w '%{{http_code}}' "$2" || true; }}
"""


def in_namespaces(script: str) -> subprocess.CompletedProcess[str]:
    command = [
        "unshare",
        "--map-root-user",
        "--net",
        "sh",
        "-c",
        PREPARED.format(python=sys.executable) + script,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def possible() -> bool:
    tools = all(shutil.which(tool) for tool in ("nft", "ip", "curl", "unshare", "nsenter"))
    return tools and in_namespaces("nft list ruleset").returncode == 0


pytestmark = pytest.mark.skipif(not possible(), reason="needs nft, ip, curl and network namespaces")


def test_pods_cannot_reach_the_metadata_service_and_the_node_can(tmp_path: Path) -> None:
    rules = tmp_path / "rules.nft"
    rules.write_text(files_of(node_user_data(facts(), AGENT))[RULES])
    ran = in_namespaces(f"""
machine POD 10.42.0.2/24 10.42.0.1/24
inside $POD ip route add default via 10.42.0.1
machine WORLD 169.254.169.254/24 169.254.169.1/24 203.0.113.9/32
inside $WORLD ip route add 10.42.0.0/24 via 169.254.169.1
ip route add 203.0.113.9/32 via 169.254.169.254
serve $WORLD 80
echo "before: $(asked $POD http://169.254.169.254/)"
nft --file {rules}
nft --file {rules}
echo "pod to metadata: $(asked $POD http://169.254.169.254/)"
echo "pod elsewhere: $(asked $POD http://203.0.113.9/)"
echo "node to metadata: $(said http://169.254.169.254/)"
""")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "before: 200",
        "pod to metadata: 000",
        "pod elsewhere: 200",
        "node to metadata: 200",
    ]


def test_the_gateway_lets_nodes_out_by_tls_and_administrators_in_to_the_api_alone(tmp_path: Path) -> None:
    rules = tmp_path / "rules.nft"
    rules.write_text(files_of(gateway_user_data("gateway", AddressPlan()))[RULES])
    ran = in_namespaces(f"""
machine NODE 10.64.16.10/24 10.64.16.1/24
inside $NODE ip route add default via 10.64.16.1
machine API 10.64.2.10/24 10.64.2.1/24
inside $API ip route add 10.64.0.0/16 via 10.64.2.1
machine WORLD 192.0.2.1/24 192.0.2.10/24
serve $API 6443
serve $WORLD 443
serve $WORLD 80
nft --file {rules}
echo "node out by 443: $(asked $NODE http://192.0.2.1:443/)"
echo "node out by 80: $(asked $NODE http://192.0.2.1/)"
echo "administrator to the API: $(asked $WORLD http://192.0.2.10:6443/)"
inside $WORLD ip route add 10.64.0.0/16 via 192.0.2.10
echo "world to a private address: $(asked $WORLD http://10.64.2.10:6443/)"
""")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "node out by 443: 200",
        "node out by 80: 000",
        "administrator to the API: 200",
        "world to a private address: 000",
    ]


def test_a_dedicated_server_takes_ssh_alone_from_the_world_and_all_from_the_vlan(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    _, root = join(tmp_path / "host")
    rules = tmp_path / "rules.nft"
    rules.write_text((root / RULES.removeprefix("/")).read_text().replace('"vlan4001"', '"hINSIDE"'))
    ran = in_namespaces(f"""
machine INSIDE 10.64.3.10/24 10.64.3.12/24
machine WORLD 192.0.2.1/24 192.0.2.10/24
serve $WORLD 80
serve $$ 22
serve $$ 80
serve $$ 10250
echo "world before: $(asked $WORLD http://192.0.2.10:10250/)"
nft --file {rules}
echo "world to SSH: $(asked $WORLD http://192.0.2.10:22/)"
echo "world to the kubelet: $(asked $WORLD http://192.0.2.10:10250/)"
echo "world to anything: $(asked $WORLD http://192.0.2.10/)"
echo "inside to the kubelet: $(asked $INSIDE http://10.64.3.12:10250/)"
echo "out to the world: $(said http://192.0.2.1/)"
""")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "world before: 200",
        "world to SSH: 200",
        "world to the kubelet: 000",
        "world to anything: 000",
        "inside to the kubelet: 200",
        "out to the world: 200",
    ]
