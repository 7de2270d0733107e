"""Machines: one gateway with a public address, nodes without any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_hcloud as hcloud

from components.clouds.contract import Site

__all__ = ["IMAGE", "SPREAD", "Machine", "number", "placement_groups", "server"]

IMAGE: Final = "debian-13"
"""By name: an id changes with each build of the image (pulumi-hcloud issues 170 and 174)."""

SPREAD: Final = 10
"""Servers that one placement group takes."""

_IGNORED: Final = ("userData", "sshKeys", "image")
"""What a machine got on its first start. A change would replace it; a new lock or a new image must not
replace every node of a cluster at once. ``docs/clouds/hetzner.md`` says how a node is renewed."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What differs from one server to the next."""

    server_type: str
    subnet: hcloud.NetworkSubnet
    address: str
    """In the private network."""
    user_data: pulumi.Input[str]
    firewall: hcloud.Firewall | None = None
    """Only for a machine with a public address. The API refuses another one (``private_net_only_server``;
    Hetzner's API reference, apply_to_resources, 2026-11-24), as a firewall sees public addresses only."""
    group: hcloud.PlacementGroup | None = None
    public_address: hcloud.PrimaryIp | None = None
    """None: the machine has no public address, neither IPv4 nor IPv6."""
    hooks: pulumi.ResourceHookBinding | None = None
    """What is looked at before the machine is changed."""


def number(identifier: pulumi.Output[str]) -> pulumi.Output[int]:
    """An id as the number that hcloud's other inputs want."""
    return identifier.apply(int)


def placement_groups(
    name: str, site: Site, members: int, parent: pulumi.Resource
) -> list[hcloud.PlacementGroup]:
    """Groups for ``members`` servers, ten each, whose servers stand on different hosts."""
    return [
        hcloud.PlacementGroup(
            f"{name}-spread-{index + 1}",
            type="spread",
            labels=site.residency.labels,
            opts=site.options(parent),
        )
        for index in range(-(-members // SPREAD))
    ]


def server(
    name: str, site: Site, machine: Machine, parent: pulumi.Resource, *, after: Sequence[pulumi.Resource]
) -> hcloud.Server:
    """One server. ``after`` is what it waits for: its subnet always, and the server before it in a pool.

    A chain of servers is changed one by one: Hetzner changes the type of a server in place (stop, change,
    start), and the next one is not touched before the engine has seen this one run again. A replaced server
    is deleted first, because two cannot have one address.
    """
    address = machine.public_address
    public = hcloud.ServerPublicNetArgs(ipv4_enabled=False, ipv6_enabled=False)
    if address is not None:
        public = hcloud.ServerPublicNetArgs(ipv4_enabled=True, ipv4=number(address.id), ipv6_enabled=False)
    options = site.options(parent, ignore_changes=_IGNORED, depends_on=[machine.subnet, *after])
    return hcloud.Server(
        name,
        server_type=machine.server_type,
        image=IMAGE,
        location=site.place.code,
        # With no alias the provider would see a difference in every update (issue 650).
        networks=[hcloud.ServerNetworkArgs(subnet_id=machine.subnet.id, ip=machine.address, alias_ips=[])],
        public_nets=[public],
        firewall_ids=[number(machine.firewall.id)] if machine.firewall is not None else None,
        # The API's own firewall is attached to the gateway later, when its ranges are known.
        ignore_remote_firewall_ids=address is not None,
        placement_group_id=number(machine.group.id) if machine.group is not None else None,
        user_data=machine.user_data,
        keep_disk=True,
        shutdown_before_deletion=True,
        delete_protection=False,
        rebuild_protection=False,
        labels=site.residency.labels,
        opts=pulumi.ResourceOptions.merge(
            options, pulumi.ResourceOptions(delete_before_replace=True, hooks=machine.hooks)
        ),
    )
