"""What the autoscaler is told about servers that it may order.

Read in kubernetes/autoscaler, ``cloudprovider/hetzner``: ``hetzner_manager.go`` at a5e46eb (variables, form
of the configuration), ``hetzner_node_group.go`` at 7c1f8d5 (names and labels of servers),
``hetzner_cloud_provider.go`` at 0083ec5 (form of a group). ``subnetIPRange`` came with pull request 8570,
``serverLabels`` with 9430; an older release does not read them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from components.clouds.contract import PoolSize
from components.clouds.hetzner.addresses import AddressPlan, Slot
from components.clouds.hetzner.machines import ClusterFacts, NodeFacts, node_user_data
from components.clouds.hetzner.servers import IMAGE

__all__ = ["GROUP_LABEL", "GROUP_LIMIT", "cluster_configuration", "group_flag", "group_name"]

GROUP_LABEL: Final = "hcloud/node-group"
"""Label of every server that the autoscaler orders; the value is its group. Others are none of its own."""

GROUP_LIMIT: Final = 46
"""Characters of a group: servers are called ``<group>-<up to 16 hexadecimal digits>``; a host name has 63."""


def group_name(name: str) -> str:
    """The group of the CPU pool, for the logical name of the autoscaler.

    Raises:
        ValueError: it is too long for the names of servers.
    """
    group = f"{name}-cpu"
    if len(group) > GROUP_LIMIT:
        message = (
            f"node group {group!r}: found {len(group)} characters, allowed: up to {GROUP_LIMIT}, as servers "
            "are named after it; give the site a shorter name"
        )
        raise ValueError(message)
    return group


def group_flag(size: PoolSize, location: str, group: str, plan: AddressPlan) -> str:
    """``0:<most>:<server type>:<location>:<group>``: what the pool may have beyond its minimum.

    Raises:
        AddressPlanError: it may grow beyond what its subnet holds.
    """
    most = size.maximum - size.minimum
    plan.member(Slot.GROWN, most - 1)
    return f"0:{most}:{size.node_type}:{location}:{group}"


def cluster_configuration(group: str, cluster: ClusterFacts, server_labels: Mapping[str, str]) -> str:
    """``HCLOUD_CLUSTER_CONFIG``: JSON in base64, with the agents' token and the bucket's reading key in it.

    Such a server is an agent like those of the minimum, with the same labels in Kubernetes and at Hetzner.
    Its name and address are not known beforehand.

    Raises:
        UserDataTooLargeError: the user data is larger than 32 KiB.
    """
    node = NodeFacts(name=group, role="agent", address=None)
    document: dict[str, Any] = {
        "imagesForArch": {"amd64": IMAGE},
        "nodeConfigs": {
            group: {
                "cloudInit": node_user_data(cluster, node),
                "labels": dict(cluster.labels),
                "taints": [],
                "serverLabels": dict(server_labels),
                "subnetIPRange": str(cluster.plan.subnet(Slot.GROWN)),
            }
        },
    }
    return base64.b64encode(json.dumps(document).encode()).decode()
