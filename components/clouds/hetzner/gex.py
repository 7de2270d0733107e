"""How a dedicated GPU server (GEX) joins: a script that somebody runs on it once."""

from __future__ import annotations

import base64
from typing import Final

from components.clouds.contract import GPU_TAINT_KEY
from components.clouds.hetzner.addresses import Slot
from components.clouds.hetzner.machines import ClusterFacts, MachineFile, NodeFacts, node_files
from components.clouds.hetzner.machines.cloud_init import environment_file, templated
from components.clouds.hetzner.machines.gateway import API_PORT, api_address, gateway_address
from components.clouds.hetzner.machines.node import KUBELET_CONFIG, agent_token

__all__ = ["ROBOT", "RUNTIME_CLASS", "VLAN_MTU", "join_script"]

VLAN_MTU: Final = 1400
"""Largest frame content that a vSwitch carries (docs.hetzner.com, vSwitch)."""

ROBOT: Final = {"instance.hetzner.cloud/provided-by": "robot"}
"""Node label of dedicated servers, as Hetzner's own controllers write it."""

RUNTIME_CLASS: Final = "nvidia"
"""Of pods that use a GPU. k3s defines it and finds the NVIDIA container runtime by itself, but makes it no
node's default (k3s-io/docs, advanced, alternative container runtimes; k3s, manifests/runtimes.yaml)."""

_KEPT: Final = (
    "bucket.conf",
    "registries.yaml",
    "kubelet.yaml",
    "zz-sovereign.conf",
    "firewall.nft",
    "sovereign-firewall.service",
    "sovereign-k3s.service",
)
"""Files that it shares with the cloud's own nodes. The rest follows from the server's number, on the spot."""


def join_script(cluster: ClusterFacts) -> str:
    """The script: ``sh gex-join.sh VLAN NUMBER ROBOT-NUMBER``. It holds the agents' token and the reading
    key.

    It makes no WireGuard keys. k3s encrypts what nodes send to each other by WireGuard (flannel's
    ``wireguard-native``): each host makes its key pair itself on its first start and publishes the public
    half through the API, so a private key never exists anywhere but on its host, in no state and in no
    output.
    """
    facts = NodeFacts(
        name="gex",
        role="agent",
        address=str(cluster.plan.member(Slot.VSWITCH, 0)),
        labels={
            **ROBOT,
            # The cloud controller knows no dedicated servers and could not make one a target.
            "node.kubernetes.io/exclude-from-external-load-balancers": "true",
        },
        taints=(f"{GPU_TAINT_KEY}=present:NoSchedule",),
    )
    plan = cluster.plan
    values = {
        "NETWORK": str(plan.network),
        "SUBNET": str(plan.subnet(Slot.VSWITCH)),
        "ROUTER": str(plan.subnet(Slot.VSWITCH).network_address + 1),
        "SUBNET_START": str(plan.subnet(Slot.VSWITCH).network_address).rpartition(".")[0],
        "FIRST_MEMBER": str(int(plan.member(Slot.VSWITCH, 0)) & 0xFF),
        "VLAN_MTU": str(VLAN_MTU),
        "RESOLVER": gateway_address(plan),
        "API_URL": f"https://{api_address(plan)}:{API_PORT}",
        "TOKEN": agent_token(cluster),
        "BUCKET_URL": cluster.bucket.url,
        "REGION": cluster.bucket.region,
        "K3S_PATH": cluster.k3s.path,
        "K3S_SHA256": cluster.k3s.sha256,
        "IMAGES_PATH": cluster.airgap_images.path,
        "IMAGES_SHA256": cluster.airgap_images.sha256,
        "LABELS": " ".join(f"{name}={value}" for name, value in {**cluster.labels, **facts.labels}.items()),
        "TAINT": facts.taints[0],
        "KUBELET_CONFIG": KUBELET_CONFIG,
    }
    files = [file for file in node_files(cluster, facts) if file.path.endswith(_KEPT)]
    written = "".join(_written(file) for file in files)
    return templated("gex-join.sh.j2", variables=environment_file(values), files=written)


def _written(file: MachineFile) -> str:
    """Shell that writes a file byte for byte."""
    content = base64.b64encode(file.content.encode()).decode()
    return f"put {file.path} {file.mode} {content}\n"
