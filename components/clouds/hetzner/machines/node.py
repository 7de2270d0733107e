"""A node's files and user data: what it is, how it joins, where its programs lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import yaml

from catalog import LockedFile
from components.clouds.hetzner.addresses import POD_NETWORK, SERVICE_NETWORK, AddressPlan
from components.clouds.hetzner.machines.cloud_init import (
    MachineFile,
    cloud_config,
    environment_file,
    static,
    templated,
)
from components.clouds.hetzner.machines.gateway import API_PORT, api_address, gateway_address

__all__ = [
    "DRAIN_SECONDS",
    "KUBELET_CONFIG",
    "METADATA",
    "SYSTEM_SECONDS",
    "BucketAccess",
    "ClusterFacts",
    "NodeFacts",
    "agent_token",
    "k3s_configuration",
    "node_files",
    "node_user_data",
    "server_token",
]

METADATA: Final = "169.254.169.254"
"""Hetzner's metadata service: whoever reaches it on a machine can read that machine's user data."""

KUBELET_CONFIG: Final = "/etc/sovereign/kubelet.yaml"
"""k3s copies it into the directory that it has the kubelet read (k3s v1.34, pkg/daemons/agent/agent.go)."""

DRAIN_SECONDS: Final = 150
"""How long pods may take to end when their node shuts down: longer than the grace of every workload of the
stack. The longest is the router's: 140 seconds, of which 120 for answers that are under way."""

SYSTEM_SECONDS: Final = 30
"""After that, for the pods that the others lean on: name server, volume driver. Theirs is the cluster's
default grace of 30 seconds."""

_INHIBIT_SECONDS: Final = DRAIN_SECONDS + SYSTEM_SECONDS + 10
"""logind's limit. A kubelet that is allowed less than it asks for delays nothing at all."""

_CONTROL_PLANE_TAINT: Final = "node-role.kubernetes.io/control-plane=true:NoSchedule"
_NOT_OURS: Final = ("traefik", "servicelb", "local-storage")
"""Parts of k3s that the stack brings itself or must not have: volumes on a node's disk die with the node."""


@dataclass(frozen=True, kw_only=True)
class BucketAccess:
    """Where nodes fetch their programs, with the key that may read."""

    url: str
    """``https://host/bucket``."""
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ClusterFacts:
    """What all nodes of a cluster share."""

    plan: AddressPlan
    bucket: BucketAccess
    k3s: LockedFile
    airgap_images: LockedFile
    registry: str
    """Host of the stack's image registry: the only one that nodes pull from."""
    authority: str
    """Certificate of the authority that signs the API's certificates, PEM."""
    authority_hash: str
    """sha256 of that certificate's text: a token with it accepts no other cluster."""
    server_password: str = field(repr=False)
    agent_password: str = field(repr=False)
    public_address: str
    """The gateway's, by which administrators reach the API."""
    labels: Mapping[str, str]
    """For every node."""


@dataclass(frozen=True, kw_only=True)
class NodeFacts:
    """What is particular to one node."""

    name: str
    role: Literal["server", "agent"]
    address: str | None
    """In the private network; None: Hetzner chooses it, and the machine looks it up."""
    authorities: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Files below k3s's ``tls`` directory, for the server that may found the cluster; else empty."""
    peers: Sequence[str] = ()
    """Addresses of the other servers, for the one that may found: where one of them listens, there is a
    cluster already."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    taints: Sequence[str] = ()


def server_token(cluster: ClusterFacts) -> str:
    """What a further server shows; with it the cluster's authorities can be read, so agents get another."""
    return f"K10{cluster.authority_hash}::server:{cluster.server_password}"


def agent_token(cluster: ClusterFacts) -> str:
    """What an agent shows: it may join and no more."""
    return f"K10{cluster.authority_hash}::node:{cluster.agent_password}"


def k3s_configuration(cluster: ClusterFacts, node: NodeFacts) -> dict[str, Any]:
    """The content of k3s's ``config.yaml``, without what only the machine knows."""
    labels = {**cluster.labels, **node.labels}
    common: dict[str, Any] = {
        **({"node-ip": node.address} if node.address is not None else {}),
        "node-label": [f"{name}={value}" for name, value in labels.items()],
        "kubelet-arg": ["cloud-provider=external", f"config={KUBELET_CONFIG}"],
        "resolv-conf": "/etc/rancher/k3s/resolv.conf",
        "disable-default-registry-endpoint": True,
    }
    if node.role == "agent":
        return {**common, "token": agent_token(cluster), "node-taint": list(node.taints)}
    return {
        **common,
        "token": server_token(cluster),
        "agent-token": cluster.agent_password,
        "advertise-address": node.address,
        "tls-san": [cluster.public_address, api_address(cluster.plan)],
        "node-taint": [_CONTROL_PLANE_TAINT, *node.taints],
        "disable": list(_NOT_OURS),
        "disable-cloud-controller": True,
        "disable-helm-controller": True,
        "secrets-encryption": True,
        # Hetzner does not encrypt private networks.
        "flannel-backend": "wireguard-native",
        "cluster-cidr": str(POD_NETWORK),
        "service-cidr": str(SERVICE_NETWORK),
        "write-kubeconfig-mode": "0600",
    }


def registries(host: str) -> dict[str, Any]:
    """containerd's mirrors: whatever an image is called, no other registry is asked for it."""
    endpoint = {"endpoint": [f"https://{host}"]}
    return {"mirrors": {host: endpoint, "*": endpoint}}


def kubelet_configuration() -> dict[str, Any]:
    """Pods get their stop signal and time to drain before the machine stops."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "shutdownGracePeriod": f"{DRAIN_SECONDS + SYSTEM_SECONDS}s",
        "shutdownGracePeriodCriticalPods": f"{SYSTEM_SECONDS}s",
    }


def variables(cluster: ClusterFacts, node: NodeFacts) -> dict[str, str]:
    """What ``install.sh`` and ``way-out.sh`` read."""
    return {
        "NODE_ADDRESS": node.address or "",
        **({"NETWORK": str(cluster.plan.network)} if node.address is None else {}),
        "NETWORK_ROUTER": str(cluster.plan.router),
        "RESOLVER": gateway_address(cluster.plan),
        "FOUNDS": "yes" if node.authorities else "no",
        **({"PEERS": " ".join(node.peers)} if node.authorities else {}),
        "API_URL": f"https://{api_address(cluster.plan)}:{API_PORT}",
        "BUCKET_URL": cluster.bucket.url,
        "REGION": cluster.bucket.region,
        "K3S_PATH": cluster.k3s.path,
        "K3S_SHA256": cluster.k3s.sha256,
        "IMAGES_PATH": cluster.airgap_images.path,
        "IMAGES_SHA256": cluster.airgap_images.sha256,
    }


def node_files(cluster: ClusterFacts, node: NodeFacts) -> list[MachineFile]:
    """Everything a node finds on its disk before the first command."""
    units = "/etc/systemd/system"
    access = f'user = "{cluster.bucket.access_key}:{cluster.bucket.secret_key}"\n'
    secret = [
        MachineFile(path="/etc/sovereign/bucket.conf", content=access),
        MachineFile(path="/etc/sovereign/k3s.yaml", content=_yaml(k3s_configuration(cluster, node))),
        MachineFile(path="/etc/sovereign/ca/server-ca.crt", content=cluster.authority),
        *(
            MachineFile(path=f"/etc/sovereign/ca/{path}", content=content)
            for path, content in node.authorities.items()
            if path != "server-ca.crt"
        ),
    ]
    if node.authorities:
        # A server that founds has no cluster yet whose authority a token could pin.
        founding = {"cluster-init": True, "token": cluster.server_password}
        secret.append(MachineFile(path="/etc/sovereign/founding.yaml", content=_yaml(founding)))
    open_ = [
        MachineFile(path="/etc/sovereign/node.env", content=environment_file(variables(cluster, node))),
        MachineFile(path="/etc/sovereign/registries.yaml", content=_yaml(registries(cluster.registry))),
        MachineFile(path="/etc/sovereign/firewall.nft", content=templated("node.nft.j2", metadata=METADATA)),
        MachineFile(path=KUBELET_CONFIG, content=_yaml(kubelet_configuration())),
        # The last name wins: unattended-upgrades has a file of its own with 30 seconds (Kubernetes issue
        # 102818).
        MachineFile(
            path="/etc/systemd/logind.conf.d/zz-sovereign.conf",
            content=f"[Login]\nInhibitDelayMaxSec={_INHIBIT_SECONDS}\n",
            mode="0644",
        ),
        MachineFile(path="/usr/local/sbin/sovereign-way-out", content=static("way-out.sh"), mode="0755"),
        MachineFile(
            path=f"{units}/sovereign-k3s.service",
            content=templated("k3s.service.j2", role=node.role),
            mode="0644",
        ),
        *(
            MachineFile(path=f"{units}/sovereign-{unit}", content=static(unit), mode="0644")
            for unit in ("firewall.service", "way-out.service", "way-out.timer")
        ),
    ]
    return [*secret, *open_]


def node_user_data(cluster: ClusterFacts, node: NodeFacts) -> str:
    """The user data of a node.

    Raises:
        UserDataTooLargeError: it is larger than 32 KiB.
    """
    return cloud_config(node.name, node_files(cluster, node), static("install.sh"))


def _yaml(document: Mapping[str, Any]) -> str:
    class Plain(yaml.SafeDumper):
        """Writes a value that occurs twice out twice."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    return yaml.dump(dict(document), Dumper=Plain, sort_keys=False)
