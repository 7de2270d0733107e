"""The shell scripts of Hetzner's machines, run for real below a directory of their own.

What they call and what would change this machine is replaced: systemctl, apt-get, ip, sleep; curl too, except
where it is curl that is looked at.
"""

import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from .test_hetzner_machines import MACHINES, PEM

CONTENT_SHA256 = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
"""sha256 of ``content``, which the stand-in for curl writes."""

PREFIXES = (
    "/etc/sovereign",
    "/etc/rancher",
    "/etc/resolv.conf",
    "/etc/sysctl.d",
    "/var/lib/rancher",
    "/usr/local/",
)
BALANCER, OWN, PEERS = "10.64.2.10", "10.64.1.10", ("10.64.1.11", "10.64.1.12")


@dataclass
class Machine:
    """A machine that the script is run on, as often as a test wants."""

    directory: Path
    founds: bool = False
    address: str = OWN
    answering: set[str] = field(default_factory=set[str])
    """Addresses at which the API of the cluster answers."""
    listening: set[str] = field(default_factory=set[str])
    """Addresses that take connections and answer nothing."""
    sha256: str = CONTENT_SHA256
    mirror_fails: int = 0
    """How often the package mirror cannot be reached first."""

    def __post_init__(self) -> None:
        self.root, self.programs = self.directory / "root", self.directory / "bin"
        for path in ("etc/sovereign/ca/etcd", "etc/rancher/k3s", "usr/local/sbin"):
            (self.root / path).mkdir(parents=True)
        self.programs.mkdir()
        self.write("etc/sovereign/attempt.sh", (MACHINES / "attempt.sh").read_text())
        for name in ("bucket.conf", "registries.yaml", "k3s.yaml"):
            self.write(f"etc/sovereign/{name}", f"# {name}\n")
        if self.address:
            self.write("etc/sovereign/k3s.yaml", f"node-ip: {self.address}\n")
        self.write("etc/sovereign/ca/server-ca.crt", PEM)
        if self.founds:
            self.write("etc/sovereign/founding.yaml", "cluster-init: true\ntoken: t\n")
            for name in ("server-ca", "service", "etcd/peer-ca"):
                self.write(f"etc/sovereign/ca/{name}.key", "KEY")
        found = "" if self.address else f"echo NODE_ADDRESS={OWN} >> {self.root}/etc/sovereign/node.env"
        self.write("usr/local/sbin/sovereign-way-out", f"#!/bin/sh\n{found}\n")
        (self.root / "usr/local/sbin/sovereign-way-out").chmod(0o755)

    def write(self, path: str, content: str) -> None:
        (self.root / path).write_text(content)

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def has(self, path: str) -> bool:
        return (self.root / path).exists()

    @property
    def calls(self) -> list[str]:
        path = self.directory / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def files(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(self.root.rglob("*")) if path.is_file()}

    def stand_ins(self) -> dict[str, str]:
        record = f'echo "$(basename "$0") $*" >> {self.directory}/calls\n'
        answers = "".join(f"*https://{address}:6443/cacerts*) exit 0 ;;\n" for address in self.answering)
        listens = "".join(
            f"*time_connect*http://{address}:6443/*) echo 0.000213 ;;\n" for address in self.listening
        )
        return {
            "systemctl": record,
            "sysctl": record,
            # Without its option, apt succeeds though it has reached nobody; then it knows no package.
            "apt-get": f"""{record}
            case "$*" in
                *Error-Mode=any*update*)
                    tries=$(cat {self.directory}/tries 2>/dev/null || echo 0)
                    echo $((tries + 1)) > {self.directory}/tries
                    [ "$tries" -ge {self.mirror_fails} ] || exit 100
                    touch {self.directory}/lists ;;
                *install*) [ -f {self.directory}/lists ] || exit 100 ;;
            esac
            """,
            "ip": f'echo "2: enp7s0    inet {OWN}/32 brd {OWN} scope global enp7s0"\n',
            "curl": f"""echo "curl $*" >> {self.directory}/curl
            case "$*" in
                {listens}
                *time_connect*) echo 0.000000 ;;
                {answers}
                *cacerts*) exit 7 ;;
            esac
            while [ "$#" -gt 0 ]; do
                if [ "$1" = --output ]; then printf content > "$2"; fi
                shift
            done
            """,
            "sleep": "exit 0\n",
        }

    def run(self, script: str = "install.sh") -> subprocess.CompletedProcess[str]:
        peers = f"PEERS='{' '.join(PEERS)}'\n" if self.founds else ""
        lines = {
            "NODE_ADDRESS": self.address,
            "FOUNDS": "yes" if self.founds else "no",
            "API_URL": f"https://{BALANCER}:6443",
            "BUCKET_URL": "https://bucket.invalid/weights",
            "REGION": "nbg1",
            "K3S_PATH": "binaries/k3s/k3s",
            "K3S_SHA256": self.sha256,
            "IMAGES_PATH": "binaries/k3s/images",
            "IMAGES_SHA256": self.sha256,
        }
        if not self.has("etc/sovereign/node.env"):
            self.write("etc/sovereign/node.env", peers + "".join(f"{k}={v}\n" for k, v in lines.items()))
        for name, body in self.stand_ins().items():
            (self.programs / name).write_text(f"#!/bin/sh\n{body}")
            (self.programs / name).chmod(0o755)
        text = (MACHINES / script).read_text()
        for prefix in PREFIXES:
            text = text.replace(f" {prefix}", f" {self.root}{prefix}").replace(
                f"={prefix}", f"={self.root}{prefix}"
            )
        text = re.sub(r"attempt \d+ answers", "attempt 0 answers", text)
        return subprocess.run(
            ["sh", "-c", text],
            env={**os.environ, "PATH": f"{self.programs}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


JOIN = "etc/rancher/k3s/config.yaml.d/20-join.yaml"
KEYS = "var/lib/rancher/k3s/server/tls"


def test_the_first_server_founds_the_cluster_with_the_authorities_made_beforehand(tmp_path: Path) -> None:
    machine = Machine(tmp_path, founds=True, answering={OWN})
    ran = machine.run()
    assert ran.returncode == 0, ran.stderr
    assert machine.read(JOIN).startswith("cluster-init: true")
    assert machine.read(f"{KEYS}/server-ca.key") == machine.read(f"{KEYS}/etcd/peer-ca.key") == "KEY"
    assert machine.read("etc/rancher/k3s/config.yaml.d/10-interface.yaml") == "flannel-iface: enp7s0\n"
    calls = "\n".join(machine.calls)
    assert calls.index("sovereign-firewall.service") < calls.index("sovereign-k3s.service")


def test_the_authorities_keys_are_gone_from_where_they_were_once_k3s_has_them(tmp_path: Path) -> None:
    machine = Machine(tmp_path, founds=True)
    early = machine.run()
    assert early.returncode == 1, "k3s does not answer yet: tried again"
    assert machine.has("etc/sovereign/ca/server-ca.key")
    machine.answering = {OWN}
    assert machine.run().returncode == 0
    left = [
        path
        for path in machine.files()
        if "/etc/sovereign/" in path and path.endswith((".key", "founding.yaml"))
    ]
    assert left == []
    assert machine.has("etc/sovereign/ca/server-ca.crt"), "by which it knows its cluster"
    assert machine.read(f"{KEYS}/server-ca.key") == "KEY"


def test_a_replaced_first_server_joins_the_cluster_that_still_answers(tmp_path: Path) -> None:
    machine = Machine(tmp_path, founds=True, answering={BALANCER, OWN})
    ran = machine.run()
    assert ran.returncode == 0, ran.stderr
    assert machine.read(JOIN) == f"server: https://{BALANCER}:6443\n"
    assert not machine.has(KEYS), "a second cluster must never be founded"
    assert not machine.has("etc/sovereign/ca/server-ca.key")


@pytest.mark.parametrize("peer", PEERS)
def test_no_second_cluster_is_founded_while_another_server_listens(tmp_path: Path, peer: str) -> None:
    machine = Machine(tmp_path, founds=True, listening={peer})
    ran = machine.run()
    assert ran.returncode == 1
    assert f"https://{BALANCER}:6443 does not answer, but {peer} takes connections" in ran.stderr
    assert not machine.has(JOIN)
    assert not machine.has(KEYS)
    assert not [call for call in machine.calls if "sovereign-k3s" in call]
    machine.answering = {BALANCER, OWN}
    assert machine.run().returncode == 0
    assert machine.read(JOIN) == f"server: https://{BALANCER}:6443\n", (
        "it joins as soon as the balancer answers"
    )


def test_other_nodes_join(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    ran = machine.run()
    assert ran.returncode == 0, ran.stderr
    assert machine.read(JOIN) == f"server: https://{BALANCER}:6443\n"


def test_a_node_whose_address_hetzner_chose_joins_with_the_one_that_was_found(tmp_path: Path) -> None:
    machine = Machine(tmp_path, address="")
    ran = machine.run()
    assert ran.returncode == 0, ran.stderr
    written = yaml.safe_load(machine.read("etc/rancher/k3s/config.yaml.d/10-interface.yaml"))
    assert written == {"flannel-iface": "enp7s0", "node-ip": OWN}


def test_a_program_with_another_sha256_is_thrown_away_and_never_started(tmp_path: Path) -> None:
    machine = Machine(tmp_path, founds=True, sha256="0" * 64)
    ran = machine.run()
    assert ran.returncode == 1
    assert "binaries/k3s/k3s: refused: its sha256 is not the locked one" in ran.stderr
    assert not machine.has("usr/local/bin/k3s")
    assert not [call for call in machine.calls if "sovereign-k3s" in call]


@pytest.mark.parametrize("script", ["install.sh", "gateway.sh"])
def test_a_mirror_that_cannot_be_reached_yet_is_asked_again(tmp_path: Path, script: str) -> None:
    machine = Machine(tmp_path, mirror_fails=3)
    ran = machine.run(script)
    assert ran.returncode == 0, ran.stderr
    apt = [call.split()[-1] if "update" in call else "install" for call in machine.calls if "apt-get" in call]
    assert apt == ["update"] * 4 + ["install"]
    last = max(index for index, call in enumerate(machine.calls) if "apt-get" in call)
    assert all("enable" not in call or "way-out" in call for call in machine.calls[:last])


@pytest.mark.parametrize("founds", [True, False])
def test_a_second_run_changes_nothing_and_fetches_nothing(tmp_path: Path, founds: bool) -> None:
    machine = Machine(tmp_path, founds=founds, answering={OWN})
    assert machine.run().returncode == 0
    before = machine.files()
    fetched = (tmp_path / "curl").read_text().count("aws-sigv4")
    assert fetched == 2
    assert machine.run().returncode == 0
    assert machine.files() == before
    assert (tmp_path / "curl").read_text().count("aws-sigv4") == fetched


def test_a_run_that_broke_off_is_finished_by_the_next(tmp_path: Path) -> None:
    """A half-written file, and a decision that was not yet made, do not count."""
    machine = Machine(tmp_path, founds=True, answering={OWN})
    whole = Machine(tmp_path / "whole", founds=True, answering={OWN})
    (machine.root / "usr/local/bin").mkdir(parents=True)
    machine.write("usr/local/bin/k3s", "conte")
    (machine.root / "etc/rancher/k3s/config.yaml.d").mkdir()
    machine.write(f"{JOIN}.new", "cluster-")
    assert machine.run().returncode == whole.run().returncode == 0

    def relative(each: Machine) -> dict[str, bytes]:
        return {path.removeprefix(str(each.root)): content for path, content in each.files().items()}

    assert relative(machine) == relative(whole)


def test_a_download_that_stands_still_is_given_up_and_begun_again(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert machine.run().returncode == 0
    fetches = [line for line in (tmp_path / "curl").read_text().splitlines() if "aws-sigv4" in line]
    assert fetches
    assert all("--speed-limit 1000 --speed-time 60 --max-time" in line for line in fetches)


# --- What is asked of the other servers, with the real curl ------------------------------------------------


@contextmanager
def silent_server() -> Generator[int]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for each in held:
            each.close()


def asked(function: str, url: str, tmp_path: Path) -> int:
    """What one function of the script says of ``url``: 0 is yes."""
    text = (MACHINES / "install.sh").read_text()
    found = re.search(rf"^{function}\(\) .*?^}}$", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    body = found[0].replace("/etc/sovereign", str(tmp_path)).replace("--max-time 10", "--max-time 1")
    (tmp_path / "ca").mkdir(exist_ok=True)
    (tmp_path / "ca/server-ca.crt").write_text(PEM)
    return subprocess.run(["sh", "-c", f"{body}\n{function} {url}"], check=False, timeout=30).returncode


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_a_server_that_takes_connections_listens_and_one_that_says_nothing_does_not_answer(
    tmp_path: Path,
) -> None:
    with silent_server() as port:
        assert asked("listens", f"127.0.0.1:{port}", tmp_path) == 0
        assert asked("answers", f"https://127.0.0.1:{port}", tmp_path) != 0, "nobody waits for it for ever"
    assert asked("listens", f"127.0.0.1:{port}", tmp_path) != 0
    assert asked("answers", f"https://127.0.0.1:{port}", tmp_path) != 0
