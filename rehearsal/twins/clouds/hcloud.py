"""Hetzner Cloud: numeric ids, addresses that belong to one owner each, and limits its API enforces."""

import ipaddress
import uuid
from collections.abc import Mapping
from typing import Any, cast

from rehearsal.cloud import CloudObject
from rehearsal.errors import CloudError
from rehearsal.twins.behaviour import Behaviour, Configuration, Request
from rehearsal.twins.check import Failure
from rehearsal.twins.outputs import documentation_address
from rehearsal.twins.values import Value

__all__ = ["Hcloud"]

_USER_DATA_LIMIT = 32 * 1024
_GROUP_LIMIT = 10
_SERVER = "hcloud:index/server:Server"
_SUBNET = "hcloud:index/networkSubnet:NetworkSubnet"
_PRIMARY_IP = "hcloud:index/primaryIp:PrimaryIp"
_BALANCER_NETWORK = "hcloud:index/loadBalancerNetwork:LoadBalancerNetwork"
_ZONE = "hcloud:index/zone:Zone"
_FIREWALL_ATTACHMENT = "hcloud:index/firewallAttachment:FirewallAttachment"


_LOCATIONS = {
    "fsn1": ("DE", "eu-central"),
    "nbg1": ("DE", "eu-central"),
    "hel1": ("FI", "eu-central"),
    "ash": ("US", "us-east"),
    "hil": ("US", "us-west"),
    "sin": ("SG", "ap-southeast"),
}
"""Country and network zone of each location."""


_DISKS = {"cx23": 40, "cx33": 80, "cx43": 160, "cpx32": 160, "cpx42": 320, "ccx33": 240}
"""GB of the disk of some server types: Hetzner's product pages (hetzner.com, cloud: cost-optimized,
regular-performance, general-purpose) as a third party read them on 2026-10-09."""


class Hcloud(Behaviour):
    """Answers for `hcloud`."""

    node_type_inputs = ("serverType",)
    out_of_stock_code = "resource_unavailable"

    def identity(self, request: Request) -> str:
        """A number, as text; DNS objects and what hangs on a network go by names."""
        token, inputs = request.type.token, request.inputs
        if token == "hcloud:index/zoneRrset:ZoneRrset":
            return "/".join(str(inputs.get(part, "@")) for part in ("zone", "name", "type"))
        if token == _SUBNET:
            return f"{_whole(inputs.get('networkId'))}-{inputs['ipRange']}"
        if token == "hcloud:index/networkRoute:NetworkRoute":
            return f"{_whole(inputs.get('networkId'))}-{inputs['destination']}"
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
        if request.type.token == _SERVER and not (inputs.get("networks") or _has_public(inputs)):
            found.append(Failure("publicNets", "a server without a public address needs a network"))
        return found

    def admit(self, request: Request) -> None:
        """Refuse an address outside its subnet or taken by another, an eleventh server in a group, a
        firewall in front of a server that has no public interface (code private_net_only_server; Hetzner's
        API reference, apply_to_resources, 2026-11-24), and a zone below a registered domain ("Subzones are
        not supported", docs.hetzner.com, networking/dns/faq/zones; germanbrew/terraform-provider-hetznerdns
        issue 217).

        Raises:
            CloudError: the API refuses.
        """
        if request.type.token == _SERVER:
            self._admit_type(request)
            for network in cast("list[dict[str, Any]]", request.inputs.get("networks") or []):
                self._admit_address(request, str(network.get("subnetId") or ""), network.get("ip"))
            self._admit_to_group(request)
            if request.inputs.get("firewallIds") and not _has_public(request.inputs):
                raise CloudError(_no_public_interface(request.name))
        elif request.type.token == _ZONE and not _is_registrable(str(request.inputs.get("name"))):
            raise CloudError(f"zone {request.inputs.get('name')}: invalid domain, subzones are not supported")
        elif request.type.token == _BALANCER_NETWORK:
            self._admit_address(request, str(request.inputs.get("subnetId") or ""), request.inputs.get("ip"))
        elif request.type.token == _FIREWALL_ATTACHMENT:
            for id_ in cast("list[Any]", request.inputs.get("serverIds") or []):
                server = self.store.find(_SERVER, str(_whole(id_)))
                if server is not None and not _has_public(server.inputs):
                    raise CloudError(_no_public_interface(server.urn.rpartition("::")[2]))

    def _admit_type(self, request: Request) -> None:
        """Refuse a type with a smaller disk in the API's words, and leave the server off: the provider has
        cut its power before it asks (terraform-provider-hcloud, internal/server/resource.go and issue 80).
        """
        held = next((each for each in self._held(_SERVER) if each.urn == request.urn), None)
        if held is None or not request.before or not _changes_type(request):
            return
        disk = _DISKS.get(str(request.inputs.get("serverType")))
        if disk is not None and disk < held.outputs.get("primaryDiskSize", 0):
            self.store.change(held.type, held.id, held.inputs, {**held.outputs, "status": "off"})
            raise CloudError(
                "cannot change type because the selected server_type has not sufficient disk space "
                "(invalid_server_type)"
            )

    def _admit_address(self, request: Request, subnet: str, address: Any) -> None:
        if not subnet:
            return
        if not any(held.id == subnet for held in self._held(_SUBNET)):
            raise CloudError(f"network subnet {subnet} not found: attach after the subnet is created")
        if not isinstance(address, str):
            return
        range_ = ipaddress.ip_network(subnet.partition("-")[2])
        if ipaddress.ip_address(address) not in range_:
            raise CloudError(f"ip {address} is not in the subnet {range_} (invalid_input)")
        network = subnet.partition("-")[0]
        for held in (*self._held(_SERVER), *self._held(_BALANCER_NETWORK)):
            if held.urn != request.urn and (network, address) in _private_addresses(held.inputs):
                raise CloudError(f"ip {address} is already in use in network {network} (ip_not_available)")

    def _admit_to_group(self, request: Request) -> None:
        group = request.inputs.get("placementGroupId")
        if group is None:
            return
        others = [
            held
            for held in self._held(_SERVER)
            if held.urn != request.urn and held.inputs.get("placementGroupId") == group
        ]
        if len(others) >= _GROUP_LIMIT:
            raise CloudError(
                f"placement group {_whole(group)} holds {_GROUP_LIMIT} servers (resource_limit_exceeded)"
            )

    def _held(self, token: str) -> list[CloudObject]:
        return [held for held in self.store.matching(token) if held.type == token]

    def live_inputs(self, request: Request, found: CloudObject) -> Mapping[str, Value]:
        """A primary address that no server has is answered as unassigned, whatever it was made as (Hetzner's
        changelog of 2026-04-27, in force since 2026-08-01).
        """
        if found.type != _PRIMARY_IP or "assigneeType" not in found.inputs:
            return found.inputs
        return {**found.inputs, "assigneeType": "server" if self._is_assigned(found.id) else "unassigned"}

    def _is_assigned(self, address: str) -> bool:
        return any(
            str(_whole(net.get(family))) == address
            for server in self._held(_SERVER)
            for net in cast("list[dict[str, Any]]", server.inputs.get("publicNets") or [])
            for family in ("ipv4", "ipv6")
        )

    def computed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """What the API is known to answer for the types a stack leans on."""
        token = request.type.token
        if token == _SERVER:
            return {"status": "running", **_disk(request), **self._addresses(request, id_)}
        if token == _SUBNET:
            network = ipaddress.ip_network(str(request.inputs["ipRange"]), strict=False)
            return {"gateway": str(network.network_address + 1)}
        if token == _PRIMARY_IP:
            given = request.inputs.get("assigneeType", "server") if request.inputs.get("assigneeId") else None
            address = documentation_address(id_)
            return {"ipAddress": address, "ipNetwork": "", "assigneeType": given or "unassigned"}
        if token == "hcloud:index/loadBalancer:LoadBalancer":
            return {"ipv4": documentation_address(id_), "networkId": 0, "networkIp": ""}
        if token == _ZONE:
            servers = ("hydrogen.ns.hetzner.invalid", "oxygen.ns.hetzner.invalid")
            return {"authoritativeNameservers": {"assigneds": list(servers)}}
        return {}

    def recomputed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """A server of another type is switched on again, with its old disk if it is to keep that."""
        if request.type.token != _SERVER or not _changes_type(request):
            return {}
        return {"status": "running", **({} if request.inputs.get("keepDisk") else _disk(request))}

    def told(
        self, token: str, arguments: Mapping[str, Value], configuration: Configuration
    ) -> Mapping[str, Any]:
        """Where a location is, in which locations a server type can be had now, and which zones there are:
        of those that somebody makes by hand, all that Hetzner would take.
        """
        if token == "hcloud:index/getZone:getZone":
            return _zone_told(arguments)
        if token == "hcloud:index/getLocation:getLocation":
            code = str(arguments.get("name"))
            country, zone = _LOCATIONS.get(code, ("", ""))
            return {"name": code, "country": country, "networkZone": zone}
        if token == "hcloud:index/getServerType:getServerType":
            name = str(arguments.get("name"))
            return {
                "name": name,
                "locations": [
                    {
                        **{"id": number, "name": code, "available": self.has_stock(name, code)},
                        **{"recommended": False, "isDeprecated": False},
                        **{"deprecationAnnounced": "", "unavailableAfter": ""},
                    }
                    for number, code in enumerate(_LOCATIONS, start=1)
                ],
            }
        return {}

    def _addresses(self, request: Request, id_: str) -> dict[str, Any]:
        """A server has public addresses unless every public net says no; a linked one is its own."""
        nets = cast("list[dict[str, Any]]", request.inputs.get("publicNets") or [])
        if not _has_public(request.inputs):
            return {"ipv4Address": "", "ipv6Address": "", "ipv6Network": ""}
        for net in nets:
            linked = self.store.find(_PRIMARY_IP, str(_whole(net.get("ipv4")))) if net.get("ipv4") else None
            if linked is not None:
                return {"ipv4Address": linked.outputs["ipAddress"]}
        return {"ipv4Address": documentation_address(id_)}


def _changes_type(request: Request) -> bool:
    return request.before.get("serverType") != request.inputs.get("serverType")


def _disk(request: Request) -> dict[str, Any]:
    """The disk that a server of its type is made with; 0 for a type that the twin does not know."""
    return {"primaryDiskSize": _DISKS.get(str(request.inputs.get("serverType")), 0)}


def _whole(value: Any) -> Any:
    """A number without the `.0` that the wire gives it."""
    return int(value) if isinstance(value, int | float) else value


def _zone_told(arguments: Mapping[str, Value]) -> Mapping[str, Any]:
    name = arguments.get("name")
    if isinstance(name, str) and not _is_registrable(name):
        raise CloudError(f"zone with name '{name}' was not found")
    return {"mode": "primary"}


def _is_registrable(zone: str) -> bool:
    """Whether a zone is a whole domain of somebody. A simplification: of the suffixes of two labels only
    those such as co.uk are known, where the country's two letters follow a label of at most three.
    """
    labels = zone.split(".")
    suffix = 2 if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3 else 1
    return len(labels) == suffix + 1


def _has_public(inputs: Mapping[str, Any]) -> bool:
    nets = cast("list[dict[str, Any]]", inputs.get("publicNets") or [])
    return not nets or any(net.get("ipv4Enabled", True) or net.get("ipv6Enabled", True) for net in nets)


def _no_public_interface(server: str) -> str:
    return f"server {server} has no public interface to put a firewall in front of (private_net_only_server)"


def _private_addresses(inputs: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Network and address of everything an object holds in a network."""
    nets = cast("list[dict[str, Any]]", inputs.get("networks") or [inputs])
    return {
        (str(net.get("subnetId") or "").partition("-")[0], str(net.get("ip")))
        for net in nets
        if net.get("subnetId")
    }
