"""The gateway's user data. It holds no secret."""

from __future__ import annotations

from components.clouds.hetzner.addresses import AddressPlan, Slot
from components.clouds.hetzner.machines.cloud_init import MachineFile, cloud_config, static, templated

__all__ = ["API_PORT", "api_address", "gateway_address", "gateway_user_data"]

API_PORT = 6443

_FORWARDING = "net.ipv4.ip_forward = 1\n"


def api_address(plan: AddressPlan) -> str:
    """Address of the Kubernetes API's load balancer in the private network."""
    return str(plan.member(Slot.LOAD_BALANCERS, 0))


def gateway_address(plan: AddressPlan) -> str:
    """Address of the gateway in the private network: nodes ask names there."""
    return str(plan.member(Slot.GATEWAY, 0))


def gateway_user_data(server: str, plan: AddressPlan) -> str:
    """The user data of the gateway ``server``.

    Raises:
        UserDataTooLargeError: it is larger than 32 KiB.
    """
    rules = templated(
        "gateway.nft.j2",
        network=str(plan.network),
        own_address=gateway_address(plan),
        api_address=api_address(plan),
        api_port=API_PORT,
    )
    files = [
        MachineFile(path="/etc/sovereign/firewall.nft", content=rules),
        MachineFile(
            path="/etc/dnsmasq.d/sovereign.conf",
            content=templated("dnsmasq.conf.j2", address=gateway_address(plan)),
            mode="0644",
        ),
        MachineFile(path="/etc/sysctl.d/90-sovereign.conf", content=_FORWARDING, mode="0644"),
        MachineFile(
            path="/etc/systemd/system/sovereign-firewall.service",
            content=static("firewall.service"),
            mode="0644",
        ),
    ]
    return cloud_config(server, files, static("gateway.sh"))
