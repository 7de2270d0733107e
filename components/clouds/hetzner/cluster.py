"""k3s from the operating system up: control plane, its load balancer, CPU nodes, and the one way in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import pulumi
import pulumi_hcloud as hcloud

from components.clouds.contract import GPU_TAINT_KEY, Cluster, ClusterArgs, GpuPool, PoolSize, Site
from components.clouds.hetzner.addresses import Slot
from components.clouds.hetzner.api import HetznerApi
from components.clouds.hetzner.certificates import HetznerCertificates, hash_of, kubeconfig
from components.clouds.hetzner.disks import keeps_its_disk
from components.clouds.hetzner.gex import RUNTIME_CLASS, join_script
from components.clouds.hetzner.machines import BucketAccess, ClusterFacts, NodeFacts, node_user_data
from components.clouds.hetzner.machines.gateway import API_PORT
from components.clouds.hetzner.network import HetznerNetwork
from components.clouds.hetzner.run_here import run_here, script
from components.clouds.hetzner.servers import SPREAD, Machine, placement_groups, server

__all__ = ["BINARIES", "CONTROL_PLANE_TYPE", "STORAGE_CLASS", "HetznerCluster", "HetznerGpuPool"]

BINARIES: Final = ("k3s", "k3s-airgap-images")
CONTROL_PLANE_TYPE: Final = "cx33"
"""4 vCPUs and 8 GiB: room for etcd and the API of a small cluster; sold in all three places."""

STORAGE_CLASS: Final = "hcloud-volumes"


class HetznerCluster(Cluster):
    """A k3s cluster in one location.

    Nodes have no public address. The API has a load balancer in the private network; administrators reach
    it by the gateway, whose firewall lets in the allowed ranges alone, since a Hetzner load balancer knows
    no access list. The kubeconfig is made from the authorities, so nobody logs in to a machine for it; it
    is known only when the firewall, the load balancer and every server stand, and when the API has answered:
    that a server stands does not mean that k3s runs already, and the provider of Kubernetes objects asks the
    API once and then gives up (pulumi-kubernetes issue 1044, 2026-11-24).
    """

    facts: pulumi.Output[ClusterFacts]
    """What a further node must know. Secret."""

    def __init__(self, name: str, site: Site, args: ClusterArgs, opts: pulumi.ResourceOptions) -> None:
        """Build the cluster under the logical name ``name``.

        Raises:
            ValueError: no registry is named, or a server's user data is too large.
        """
        super().__init__("sovereign:hetzner:Cluster", name, None, opts)
        network = HetznerNetwork.of(args.network)
        own = pulumi.ResourceOptions(parent=self)
        certificates = HetznerCertificates(f"{name}-certificates", own)
        facts = _facts(site, args, network, certificates)
        self.facts = facts
        count = site.settings.control_planes
        groups = placement_groups(f"{name}-control-plane", site, count, self)
        chain: list[hcloud.Server] = []
        addresses = [str(network.plan.member(Slot.CONTROL_PLANE, index)) for index in range(count)]
        for index, address in enumerate(addresses):
            node = f"{name}-control-plane-{index + 1}"
            if index == 0:
                data = _founder_data(node, addresses, facts, certificates)
            else:
                data = _user_data(facts, NodeFacts(name=node, role="server", address=address))
            machine = Machine(
                server_type=CONTROL_PLANE_TYPE,
                subnet=network.subnets[Slot.CONTROL_PLANE],
                address=address,
                user_data=data,
                group=groups[0],
            )
            chain.append(server(node, site, machine, self, after=[network.way_out, *chain[-1:]]))
        api = HetznerApi(f"{name}-api", site, network, chain, args.api_access, own)
        workers = self._workers(name, site, args, network, facts, chain[-1], api)
        self.cluster_id = certificates.authority.apply(hash_of)
        self.endpoint = network.public_address.apply(_api_url)
        self.storage_class = STORAGE_CLASS
        administrator = certificates.administrator
        parts = pulumi.Output.all(self.endpoint, certificates.authority, administrator)
        answers = run_here(
            f"{name}-answers",
            create=script("await_api.py"),
            environment={"API_URL": self.endpoint, "AUTHORITY": certificates.authority},
            triggers=[self.endpoint, self.cluster_id],
            parent=self,
            after=[api],
        )
        made = pulumi.Output.all(parts, answers.id, *(machine.id for machine in (*chain, *workers)))
        self.kubeconfig = pulumi.Output.secret(made.apply(lambda all_: _kubeconfig(name, all_[0])))
        if site.settings.vswitch_id is not None:
            self.join_script = pulumi.Output.secret(facts.apply(join_script))
        self.register_outputs(
            {"clusterId": self.cluster_id, "endpoint": self.endpoint, "kubeconfig": self.kubeconfig}
        )

    def _workers(
        self,
        name: str,
        site: Site,
        args: ClusterArgs,
        network: HetznerNetwork,
        facts: pulumi.Output[ClusterFacts],
        last: hcloud.Server,
        api: HetznerApi,
    ) -> list[hcloud.Server]:
        """The CPU pool's minimum. What it has beyond that the autoscaler orders, and no update touches."""
        groups = placement_groups(f"{name}-cpu", site, args.cpu_pool.minimum, self)
        hooks = keeps_its_disk(f"{name}-cpu", site.place)
        workers: list[hcloud.Server] = []
        for index in range(args.cpu_pool.minimum):
            node = f"{name}-cpu-{index + 1}"
            address = str(network.plan.member(Slot.CPU_POOL, index))
            machine = Machine(
                server_type=args.cpu_pool.node_type,
                subnet=network.subnets[Slot.CPU_POOL],
                address=address,
                user_data=_user_data(facts, NodeFacts(name=node, role="agent", address=address)),
                group=groups[index // SPREAD],
                hooks=hooks,
            )
            workers.append(server(node, site, machine, self, after=[api, last, *workers[-1:]]))
        return workers


class HetznerGpuPool(GpuPool):
    """Dedicated servers with GPUs, which no API orders: they are there when somebody has run the join
    script. The node type is an input, as no resource of an API says whose silicon it is."""

    runtime_class = RUNTIME_CLASS

    def __init__(
        self, name: str, site: Site, cluster: Cluster, size: PoolSize, opts: pulumi.ResourceOptions
    ) -> None:
        """Declare the pool under the logical name ``name``.

        Raises:
            ValueError: no vSwitch is named by which such servers could join.
        """
        super().__init__("sovereign:hetzner:GpuPool", name, {"nodeType": size.node_type}, opts)
        if site.settings.vswitch_id is None:
            message = (
                f"{size.node_type} is a dedicated server that joins by a vSwitch: set sovereign:vswitchId "
                f"to its number. Its nodes bear the taint {GPU_TAINT_KEY}"
            )
            raise ValueError(message)
        self.pool_id = cluster.cluster_id
        self.report(site, size)


def _facts(
    site: Site, args: ClusterArgs, network: HetznerNetwork, certificates: HetznerCertificates
) -> pulumi.Output[ClusterFacts]:
    """What all nodes share, known once bucket, gateway and authorities are."""
    if args.registry is None:
        message = "Hetzner has no registry: sovereign:registry must name the one that nodes pull from"
        raise ValueError(message)
    host = args.registry.partition("/")[0]
    labels = {**site.residency.labels, "topology.kubernetes.io/region": site.place.code}
    bucket, binaries = args.bucket, args.binaries

    def build(values: Mapping[str, Any]) -> ClusterFacts:
        return ClusterFacts(
            plan=network.plan,
            bucket=BucketAccess(
                url=f"{values['endpoint']}/{bucket.bucket}",
                region=bucket.region,
                access_key=values["access_key"],
                secret_key=values["secret_key"],
            ),
            k3s=binaries["k3s"],
            airgap_images=binaries["k3s-airgap-images"],
            registry=host,
            authority=values["authority"],
            authority_hash=hash_of(values["authority"]),
            server_password=values["server_password"],
            agent_password=values["agent_password"],
            public_address=values["public_address"],
            labels=labels,
        )

    known = pulumi.Output.all(
        endpoint=bucket.endpoint,
        access_key=bucket.access_key,
        secret_key=bucket.secret_key,
        authority=certificates.authority,
        server_password=certificates.server_password,
        agent_password=certificates.agent_password,
        public_address=network.public_address,
    )
    return pulumi.Output.secret(known.apply(build))


def _founder_data(
    node: str,
    addresses: Sequence[str],
    facts: pulumi.Output[ClusterFacts],
    certificates: HetznerCertificates,
) -> pulumi.Output[str]:
    """User data of the server that may found the cluster: it alone gets the authorities' keys.

    ``addresses`` are those of the whole control plane, its own first.
    """
    both = pulumi.Output.all(facts, certificates.files)

    def render(parts: list[Any]) -> str:
        known, authorities = cast("ClusterFacts", parts[0]), cast("Mapping[str, str]", parts[1])
        founder = NodeFacts(
            name=node, role="server", address=addresses[0], peers=addresses[1:], authorities=authorities
        )
        return node_user_data(known, founder)

    return pulumi.Output.secret(both.apply(render))


def _user_data(facts: pulumi.Output[ClusterFacts], node: NodeFacts) -> pulumi.Output[str]:
    return pulumi.Output.secret(facts.apply(lambda known: node_user_data(known, node)))


def _api_url(address: str) -> str:
    return f"https://{address}:{API_PORT}"


def _kubeconfig(name: str, parts: list[Any]) -> str:
    url, authority, (certificate, key) = parts
    return kubeconfig(name, url, authority, certificate, key)
