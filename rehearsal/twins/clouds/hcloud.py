"""Hetzner Cloud: numeric ids, and limits its API enforces."""

import ipaddress
import uuid
from collections.abc import Mapping
from typing import Any, cast

from rehearsal.twins.behaviour import Behaviour, Request
from rehearsal.twins.check import Failure
from rehearsal.twins.outputs import documentation_address

__all__ = ["Hcloud"]

_USER_DATA_LIMIT = 32 * 1024
_SERVER = "hcloud:index/server:Server"


class Hcloud(Behaviour):
    """Answers for `hcloud`."""

    node_type_inputs = ("serverType",)

    def identity(self, request: Request) -> str:
        """A number, as text; DNS objects go by their names."""
        if request.type.token == "hcloud:index/zoneRrset:ZoneRrset":
            inputs = request.inputs
            return "/".join(str(inputs.get(part, "@")) for part in ("zone", "name", "type"))
        return str(uuid.uuid4().int % 10**9 + 10**6)

    def failures(self, request: Request) -> list[Failure]:
        """Adds what the API refuses beyond types."""
        found = super().failures(request)
        inputs = request.inputs
        user_data = inputs.get("userData")
        if isinstance(user_data, str) and len(user_data.encode()) > _USER_DATA_LIMIT:
            size = len(user_data.encode())
            found.append(
                Failure("userData", f"{size} bytes; at most {_USER_DATA_LIMIT} (32 KiB) are allowed")
            )
        protections = (inputs.get("deleteProtection") or False, inputs.get("rebuildProtection") or False)
        if request.type.token == _SERVER and protections[0] != protections[1]:
            found.append(Failure("rebuildProtection", "must equal deleteProtection"))
        return found

    def computed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """What the API is known to answer for the types a stack leans on."""
        token = request.type.token
        if token == _SERVER:
            return {"status": "running", **self._addresses(request, id_)}
        if token == "hcloud:index/networkSubnet:NetworkSubnet":
            network = ipaddress.ip_network(str(request.inputs["ipRange"]), strict=False)
            return {"gateway": str(network.network_address + 1)}
        if token == "hcloud:index/loadBalancer:LoadBalancer":
            return {"ipv4": documentation_address(id_), "networkId": None, "networkIp": None}
        return {}

    def _addresses(self, request: Request, id_: str) -> dict[str, Any]:
        """A server has public addresses unless every public net says no."""
        nets = cast("list[dict[str, Any]]", request.inputs.get("publicNets") or [])
        has_ipv4 = not nets or any(net.get("ipv4Enabled", True) for net in nets)
        return {"ipv4Address": documentation_address(id_) if has_ipv4 else ""}
