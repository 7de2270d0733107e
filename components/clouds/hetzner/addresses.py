"""Who has which address in the private network: a plan that never renumbers what stands.

One /16, one /24 for every role. A role has a fixed slot, and the address of a member depends on its own
number alone: growing or shrinking a pool moves nothing else.
Hetzner keeps the first address of the network for its router and the first of each subnet; members begin at
``.10``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Final

__all__ = [
    "LAST_SLOT",
    "MEMBERS",
    "NETWORK",
    "POD_NETWORK",
    "SERVICE_NETWORK",
    "AddressPlan",
    "AddressPlanError",
    "Slot",
]

NETWORK: Final = IPv4Network("10.64.0.0/16")
POD_NETWORK: Final = IPv4Network("10.42.0.0/16")
"""Addresses of pods, the default of k3s; must not overlap with the network."""
SERVICE_NETWORK: Final = IPv4Network("10.43.0.0/16")
"""Addresses of Services, the default of k3s."""

LAST_SLOT: Final = 255

_SUBNET_PREFIX: Final = 24
_FIRST_MEMBER: Final = 10
_LAST_MEMBER: Final = 254
MEMBERS: Final = _LAST_MEMBER - _FIRST_MEMBER + 1
"""Members of one role: 245."""


class Slot(IntEnum):
    """The fixed places of what every stack has: the third number of the address. The rest is spare."""

    GATEWAY = 0
    CONTROL_PLANE = 1
    LOAD_BALANCERS = 2
    VSWITCH = 3
    GROWN = 4
    """Servers that the autoscaler orders; Hetzner chooses their addresses."""
    CPU_POOL = 16


class AddressPlanError(ValueError):
    """The plan has no room; the message says where."""


@dataclass(frozen=True, kw_only=True)
class AddressPlan:
    """The addresses of one stack.

    Raises:
        AddressPlanError: the network is no /16, or overlaps with the addresses of pods or Services.
    """

    network: IPv4Network = NETWORK

    def __post_init__(self) -> None:
        if self.network.prefixlen != NETWORK.prefixlen:
            message = f"network {self.network}: allowed: a /16, which holds 256 subnets of 256 addresses"
            raise AddressPlanError(message)
        for taken in (POD_NETWORK, SERVICE_NETWORK):
            if self.network.overlaps(taken):
                message = (
                    f"network {self.network}: overlaps with {taken}, which k3s gives to pods and Services"
                )
                raise AddressPlanError(message)

    @property
    def router(self) -> IPv4Address:
        """Hetzner's own router in the network, by way of which every packet goes."""
        return self.network.network_address + 1

    def subnet(self, slot: int) -> IPv4Network:
        """The /24 of a slot.

        Raises:
            AddressPlanError: there is no such slot.
        """
        if not 0 <= slot <= LAST_SLOT:
            message = f"found slot {slot}, allowed: 0 to {LAST_SLOT}"
            raise AddressPlanError(message)
        size = 2 ** (32 - _SUBNET_PREFIX)
        return IPv4Network((int(self.network.network_address) + slot * size, _SUBNET_PREFIX))

    def member(self, slot: int, number: int) -> IPv4Address:
        """The address of member ``number`` of a slot, counted from 0.

        Raises:
            AddressPlanError: the slot is full: it has room for 245 members.
        """
        if not 0 <= number < MEMBERS:
            message = (
                f"member {number} of {self.subnet(slot)}: allowed: 0 to {MEMBERS - 1}. The subnet is full: "
                "put further machines into a pool of their own"
            )
            raise AddressPlanError(message)
        return self.subnet(slot).network_address + _FIRST_MEMBER + number
