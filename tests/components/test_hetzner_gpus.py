"""Dedicated GPU servers on Hetzner: how a host joins, what the cluster gives it, how pods leave a node."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.clouds.hetzner.gex import join_script
from components.clouds.hetzner.machines import NodeFacts, node_user_data
from components.clouds.hetzner.machines.node import DRAIN_SECONDS, SYSTEM_SECONDS

from .recording import Choice, Tree, record
from .test_hetzner_machines import NODES, SECRETS, facts, files_of
from .test_hetzner_scripts import CONTENT_SHA256

REGISTRY = "registry.eu.example.com/sovereign"
DROP_IN = "/etc/systemd/logind.conf.d/zz-sovereign.conf"
REAL_PROGRAMS = [
    "sh",
    "base64",
    "sha256sum",
    "cat",
    "mkdir",
    "chmod",
    "rm",
    "mv",
    "cp",
    "dirname",
    "awk",
    "grep",
]
PROGRAMS = ("curl", "ip", "nft", "systemctl", "nvidia-smi", "nvidia-container-runtime", "id")


@pytest.fixture(scope="module")
def with_gpus() -> Tree:
    """Two dedicated servers in Falkenstein."""
    return record(Choice("eu", "hetzner", "fsn1", registry=REGISTRY, vswitch_id=4711, gpu_node_type="GEX44"))


# --- Pods leave before the machine stops -------------------------------------------------------------------


def workloads(tree: Tree) -> list[tuple[str, dict[str, Any]]]:
    kinds = ("Deployment", "DaemonSet", "StatefulSet")
    found = [each for kind in kinds for each in tree.of_type(f"kubernetes:apps/v1:{kind}")]
    return [(each.inputs["metadata"]["name"], each.inputs["spec"]["template"]["spec"]) for each in found]


def test_a_shutdown_gives_every_pod_of_the_stack_the_time_it_asks_for(with_gpus: Tree) -> None:
    pods = dict(workloads(with_gpus))
    assert pods.keys() >= {"vllm", "llama-cpp", "jurisdiction-router", "nvidia-device-plugin"}
    graces = {
        name: pod.get("terminationGracePeriodSeconds", 30)
        for name, pod in pods.items()
        if not str(pod.get("priorityClassName", "")).startswith("system-")
    }
    assert max(graces.values()) == graces["jurisdiction-router"] == 140
    assert max(graces.values()) <= DRAIN_SECONDS
    critical = [pod for name, pod in pods.items() if name not in graces]
    assert len(critical) == 4, "cloud controller, both parts of the volume driver, device plugin"
    assert all(pod.get("terminationGracePeriodSeconds", 30) <= SYSTEM_SECONDS for pod in critical)


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.name)
def test_the_kubelet_delays_a_shutdown_and_logind_lets_it(node: NodeFacts) -> None:
    files = files_of(node_user_data(facts(), node))
    [path] = [
        argument.removeprefix("config=")
        for argument in yaml.safe_load(files["/etc/sovereign/k3s.yaml"])["kubelet-arg"]
        if argument.startswith("config=")
    ]
    kubelet = yaml.safe_load(files[path])
    assert (kubelet["apiVersion"], kubelet["kind"]) == (
        "kubelet.config.k8s.io/v1beta1",
        "KubeletConfiguration",
    )
    whole = int(kubelet["shutdownGracePeriod"].removesuffix("s"))
    assert whole - int(kubelet["shutdownGracePeriodCriticalPods"].removesuffix("s")) == DRAIN_SECONDS
    assert files[DROP_IN].startswith("[Login]\nInhibitDelayMaxSec=")
    assert int(files[DROP_IN].rpartition("=")[2]) > whole, "a kubelet allowed less delays nothing"
    assert Path(DROP_IN).name > "unattended-upgrades-logind-maxdelay.conf", "the last name wins"


def test_logind_reads_its_limit_before_the_kubelet_asks_for_it() -> None:
    unit = files_of(node_user_data(facts(), NODES[-1]))["/etc/systemd/system/sovereign-k3s.service"]
    assert unit.index("kill --signal=HUP systemd-logind.service") < unit.index("ExecStart=/usr/local/bin/k3s")


# --- What the cluster gives a GPU host ---------------------------------------------------------------------


def test_vllm_runs_on_the_dedicated_servers_and_llama_cpp_stays_behind_it(with_gpus: Tree) -> None:
    pods = dict(workloads(with_gpus))
    assert pods["vllm"]["runtimeClassName"] == "nvidia", "k3s makes it no node's default"
    assert "runtimeClassName" not in pods["llama-cpp"]
    assert with_gpus.only("sovereign:hetzner:GpuPool").inputs == {"nodeType": "GEX44"}
    assert not [server for server in with_gpus.of_type("hcloud:index/server:Server") if "gpu" in server.name]


def test_where_nodes_give_every_pod_the_gpu_runtime_none_is_named() -> None:
    [vllm] = [pod for name, pod in workloads(record(Choice("eu", "scaleway", "fr-par-2"))) if name == "vllm"]
    assert "runtimeClassName" not in vllm


def test_the_device_plugin_has_one_directory_of_gpu_hosts_and_nothing_else(with_gpus: Tree) -> None:
    pod = dict(workloads(with_gpus))["nvidia-device-plugin"]
    assert pod["nodeSelector"] == {"instance.hetzner.cloud/provided-by": "robot"}
    assert [taint["key"] for taint in pod["tolerations"]] == ["nvidia.com/gpu"]
    assert pod["runtimeClassName"] == "nvidia"
    assert pod["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert [volume["hostPath"]["path"] for volume in pod["volumes"]] == ["/var/lib/kubelet/device-plugins"]
    [container] = pod["containers"]
    security = container["securityContext"]
    assert "privileged" not in security
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert "@sha256:" in container["image"]


def test_the_device_plugin_reaches_nobody_and_has_a_namespace_of_its_own(with_gpus: Tree) -> None:
    policies = [
        each.inputs
        for each in with_gpus.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy")
        if each.inputs["metadata"]["namespace"] == "hetzner-gpus"
    ]
    assert [policy["spec"] for policy in policies] == [
        {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    ]
    inside = {
        each.inputs["metadata"]["name"]
        for each in with_gpus.made
        if each.type.startswith("kubernetes:apps/") and each.inputs["metadata"]["namespace"] == "hetzner-gpus"
    }
    assert inside == {"nvidia-device-plugin"}


def test_a_gpu_host_that_is_down_holds_up_no_update(with_gpus: Tree) -> None:
    [plugin] = [
        each for each in with_gpus.of_type("kubernetes:apps/v1:DaemonSet") if "device-plugin" in each.name
    ]
    assert plugin.inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_without_a_vswitch_there_is_no_device_plugin() -> None:
    tree = record(Choice("eu", "hetzner", "fsn1", registry=REGISTRY))
    assert "nvidia-device-plugin" not in dict(workloads(tree))
    assert "hetzner-gpus" not in json.dumps([each.inputs for each in tree.made])


def test_a_host_bears_the_marks_that_the_device_plugin_looks_for(with_gpus: Tree) -> None:
    script = join_script(facts())
    for name, value in dict(workloads(with_gpus))["nvidia-device-plugin"]["nodeSelector"].items():
        assert f"{name}={value}" in script


# --- The join script, run for real below a directory of its own ---------------------------------------------


def join(
    tmp_path: Path,
    *,
    lacks: str = "",
    smi: int = 0,
    user: int = 0,
    finds_runtime: bool = True,
    there: Mapping[str, str] | None = None,
) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run the script with stand-ins for the programs it calls, all but the one that the host ``lacks``.

    ``smi`` is what nvidia-smi exits with, ``user`` who runs it; ``finds_runtime`` is what k3s does; ``there``
    are files of an earlier run.
    """
    root, programs = tmp_path / "root", tmp_path / "bin"
    root.mkdir()
    programs.mkdir()
    found = "BinaryName = '/usr/bin/nvidia-container-runtime'" if finds_runtime else "runc"
    containerd = root / "var/lib/rancher/k3s/agent/etc/containerd"
    starts = f'mkdir -p {containerd}; echo "{found}" > {containerd}/config.toml'
    bodies = {
        "curl": f"echo curl >> {tmp_path}/fetched\n"
        'while [ "$1" != --output ]; do shift; done; printf content > "$2"',
        "ip": 'echo "default via 192.0.2.1 dev eth0"',
        "nft": "exit 0",
        "systemctl": f'echo "$*" >> {tmp_path}/calls; case "$*" in *k3s*) {starts} ;; esac',
        "nvidia-smi": f"exit {smi}",
        "nvidia-container-runtime": "exit 0",
        "id": f"echo {user}",
    }
    assert bodies.keys() == set(PROGRAMS)
    for name, body in bodies.items():
        if name != lacks:
            (programs / name).write_text(f"#!/bin/sh\n{body}\n")
            (programs / name).chmod(0o755)
    for name in REAL_PROGRAMS:
        real = subprocess.run(["which", name], capture_output=True, text=True, check=True).stdout.strip()
        (programs / name).symlink_to(real)
    text = join_script(facts(k3s=locked("k3s"), airgap_images=locked("images")))
    for prefix in ("/etc/", "/usr/local/", "/var/lib/"):
        text = text.replace(f" {prefix}", f" {root}{prefix}").replace(f"put {prefix}", f"put {root}{prefix}")
    script = tmp_path / "gex-join.sh"
    script.write_text(text)
    for directory in ("usr/local/sbin", "usr/local/bin", "etc/systemd/system"):
        (root / directory).mkdir(parents=True)
    for path, content in (there or {}).items():
        (root / path).write_text(content)
    ran = subprocess.run(
        [str(programs / "sh"), str(script), "4001", "3", "2400001"],
        env={"PATH": str(programs), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return ran, root


def locked(name: str) -> Any:
    return facts().k3s.model_copy(update={"path": f"binaries/{name}", "sha256": CONTENT_SHA256})


def written(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_a_host_that_is_ready_joins_with_time_for_its_pods_to_leave(tmp_path: Path) -> None:
    ran, root = join(tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "joined as 10.64.3.12" in ran.stdout
    config = yaml.safe_load((root / "etc/rancher/k3s/config.yaml").read_text())
    assert config["kubelet-arg"] == ["provider-id=hrobot://2400001", "config=/etc/sovereign/kubelet.yaml"]
    assert config["node-taint"] == ["nvidia.com/gpu=present:NoSchedule"]
    assert "shutdownGracePeriod" in (root / "etc/sovereign/kubelet.yaml").read_text()
    assert "InhibitDelayMaxSec" in (root / DROP_IN.removeprefix("/")).read_text()
    unit = (root / "etc/systemd/system/sovereign-k3s.service").read_text()
    assert "k3s agent" in unit


@pytest.mark.parametrize(("k3s", "fetched"), [("content", 1), ("another version", 2)])
def test_what_a_host_has_already_is_not_fetched_again(tmp_path: Path, k3s: str, fetched: int) -> None:
    ran, root = join(tmp_path, there={"usr/local/bin/k3s": k3s})
    assert ran.returncode == 0, ran.stderr
    assert (root / "usr/local/bin/k3s").read_text() == "content"
    assert len((tmp_path / "fetched").read_text().splitlines()) == fetched, "k3s and its images"


def test_a_host_faces_the_world_with_its_doors_shut(tmp_path: Path) -> None:
    _, root = join(tmp_path)
    rules = (root / "etc/sovereign/firewall.nft").read_text()
    [chain] = [part for part in rules.split("chain ") if "hook input" in part]
    assert "policy drop;" in chain
    assert 'iifname { "lo", "vlan4001", "cni0", "flannel-wg" } accept' in chain
    assert [line.strip() for line in chain.splitlines() if "dport" in line] == [
        "udp sport 67 udp dport 68 accept",
        "tcp dport 22 accept",
    ]


@pytest.mark.parametrize("lacks", ["nvidia-smi", "nvidia-container-runtime", "curl", "nft"])
def test_a_host_that_lacks_something_is_told_what_and_left_alone(tmp_path: Path, lacks: str) -> None:
    ran, root = join(tmp_path, lacks=lacks)
    assert ran.returncode == 1
    [line] = ran.stderr.splitlines()
    assert line.startswith(f"nothing was changed; this host lacks: {lacks}.")
    assert "NVIDIA driver" in line
    assert written(root) == []
    assert not (tmp_path / "calls").exists()


def test_a_driver_that_sees_no_gpu_is_no_driver(tmp_path: Path) -> None:
    ran, root = join(tmp_path, smi=9)
    assert ran.returncode == 1
    assert "lacks: a GPU that nvidia-smi -L lists" in ran.stderr
    assert written(root) == []


def test_only_root_may_join_a_host(tmp_path: Path) -> None:
    ran, root = join(tmp_path, user=1000)
    assert ran.returncode == 1
    assert "lacks: root" in ran.stderr
    assert written(root) == []


def test_a_runtime_that_k3s_does_not_find_is_said_and_not_called_joined(tmp_path: Path) -> None:
    ran, _ = join(tmp_path, finds_runtime=False)
    assert ran.returncode == 1
    assert "k3s has not found nvidia-container-runtime: no pod will see the GPU" in ran.stderr
    assert not any(secret in ran.stderr + ran.stdout for secret in SECRETS)
