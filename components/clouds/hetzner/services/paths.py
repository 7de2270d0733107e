"""Network paths that only Hetzner's own controllers have."""

from __future__ import annotations

from typing import Final

from pulumi_kubernetes.networking.v1 import NetworkPolicyEgressRuleArgsDict

from components.clouds.hetzner.addresses import AddressPlan, Slot
from components.clouds.hetzner.machines.gateway import API_PORT, gateway_address

__all__ = ["TO_GATEWAY_NAMES", "TO_KUBERNETES_API"]

TO_KUBERNETES_API: Final[NetworkPolicyEgressRuleArgsDict] = {
    "to": [{"ip_block": {"cidr": str(AddressPlan().subnet(Slot.CONTROL_PLANE))}}],
    "ports": [{"port": API_PORT, "protocol": "TCP"}],
}
"""Out: the servers of the control plane, which stand behind the Service ``kubernetes``."""

TO_GATEWAY_NAMES: Final[NetworkPolicyEgressRuleArgsDict] = {
    "to": [{"ip_block": {"cidr": f"{gateway_address(AddressPlan())}/32"}}],
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
}
"""Out: the gateway's name server, for what must run before the cluster's own name server does."""
