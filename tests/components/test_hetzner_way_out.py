"""How a machine without a public address keeps its way out, with the script run for real."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .test_hetzner_machines import MACHINES


def way_out(tmp_path: Path, default: str, *, address: str = "10.64.16.10") -> tuple[Path, str]:
    """Run ``way-out.sh`` on a machine whose default route is ``default``; returns root and changes."""
    root, programs = tmp_path / "root", tmp_path / "bin"
    (root / "etc/sovereign").mkdir(parents=True)
    programs.mkdir()
    lines = (f"NODE_ADDRESS={address}", "NETWORK_ROUTER=10.64.0.1", "RESOLVER=10.64.0.10")
    (root / "etc/sovereign/node.env").write_text("\n".join(lines) + "\n")
    (root / "run").mkdir()
    (root / "run/stub.conf").write_text("nameserver 127.0.0.53\n")
    (root / "etc/resolv.conf").symlink_to(root / "run/stub.conf")
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
    return root, changes.read_text() if changes.exists() else ""


def test_a_lost_way_out_is_found_again_and_a_right_one_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "lost").mkdir()
    _, lost = way_out(tmp_path / "lost", "")
    assert lost == "-4 route replace default via 10.64.0.1 dev enp7s0 onlink\n"
    (tmp_path / "right").mkdir()
    _, right = way_out(tmp_path / "right", "default via 10.64.0.1 dev enp7s0 onlink")
    assert right == ""


def test_a_running_resolver_keeps_its_own_file(tmp_path: Path) -> None:
    """``/etc/resolv.conf`` was a link into it; what is written in one step takes the link's place."""
    root, _ = way_out(tmp_path, "")
    assert not (root / "etc/resolv.conf").is_symlink()
    assert (root / "run/stub.conf").read_text() == "nameserver 127.0.0.53\n"
    assert sorted(path.name for path in (root / "etc").iterdir() if path.is_file()) == ["resolv.conf"]


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
