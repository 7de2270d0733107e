"""The autoscaler of a Hetzner stack, the subnet of its servers, and the end of them."""

from __future__ import annotations

import pulumi
import pulumi_hcloud as hcloud

from components.clouds.autoscaler import IMAGE, ClusterAutoscaler, ScalingArgs
from components.clouds.contract import AutoscalerArgs, Site
from components.clouds.hetzner.addresses import Slot
from components.clouds.hetzner.cluster import HetznerCluster
from components.clouds.hetzner.growth.configuration import cluster_configuration, group_flag, group_name
from components.clouds.hetzner.network import HetznerNetwork
from components.clouds.hetzner.run_here import run_here, script
from components.clouds.hetzner.servers import number
from components.clouds.hetzner.services.paths import TO_KUBERNETES_API
from components.clouds.hetzner.services.services import TOKEN
from components.clouds.narrowing import narrowed

__all__ = ["HetznerGrowth"]


class HetznerGrowth(pulumi.ComponentResource):
    """CPU nodes beyond the minimum, ordered by the autoscaler in the cluster.

    No resource of the program stands for them. A command that runs where the program runs takes them away
    when this is taken away: after the autoscaler, so that no new one comes, and before the network that they
    hang on. It does nothing until then.
    """

    def __init__(self, name: str, site: Site, args: AutoscalerArgs, opts: pulumi.ResourceOptions) -> None:
        """Build it under the logical name ``name``.

        Raises:
            AddressPlanError: the pool may grow beyond what its subnet holds.
            KeyError: the API token is missing.
            ValueError: the name is too long.
        """
        super().__init__("sovereign:hetzner:Growth", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        network, group = HetznerNetwork.of(args.network), group_name(name)
        token = pulumi.Output.secret(site.settings.secrets[TOKEN])
        subnet = hcloud.NetworkSubnet(
            f"{name}-subnet",
            network_id=number(network.network_id),
            type="cloud",
            network_zone=site.region,
            ip_range=str(network.plan.subnet(Slot.GROWN)),
            opts=site.options(self),
        )
        taken_away = run_here(
            f"{name}-servers",
            delete=script("growth/take_away.py"),
            environment={"HCLOUD_TOKEN": token, "NODE_GROUP": group},
            parent=self,
            after=[network, subnet],
        )
        labels = site.residency.labels
        configuration = narrowed(args.cluster, HetznerCluster).facts.apply(
            lambda facts: cluster_configuration(group, facts, labels)
        )
        scaling = ScalingArgs(
            cloud_provider="hetzner",
            groups=[group_flag(args.cpu_pool, site.place.code, group, network.plan)],
            variables={
                "HCLOUD_NETWORK": network.network_id,
                "HCLOUD_PUBLIC_IPV4": "false",
                "HCLOUD_PUBLIC_IPV6": "false",
            },
            secrets={"HCLOUD_TOKEN": token, "HCLOUD_CLUSTER_CONFIG": configuration},
            api_path=TO_KUBERNETES_API,
        )
        ClusterAutoscaler(
            f"{name}-pods",
            scaling,
            image=args.images[IMAGE],
            login=args.login,
            target=args.target,
            opts=own,
            needed_first=[taken_away, subnet],
        )
        self.register_outputs({})
