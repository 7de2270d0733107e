"""OVHcloud: ids as its OpenStack gives them, networks that spread over every region, pools without nodes."""

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final, cast

from rehearsal.cloud import FaultKind
from rehearsal.errors import CloudError
from rehearsal.twins.behaviour import Behaviour, Configuration, Request
from rehearsal.twins.check import Failure
from rehearsal.twins.clouds.kubeconfig import made_up_kubeconfig
from rehearsal.twins.outputs import documentation_address, short_hash
from rehearsal.twins.values import Value

__all__ = ["Ovh"]

_KUBE = "ovh:CloudProject/kube:Kube"
_POOL = "ovh:CloudProject/kubeNodePool:KubeNodePool"
_NETWORK = "ovh:CloudProject/networkPrivate:NetworkPrivate"
_GET_POOL = "ovh:CloudProject/getKubeNodePool:getKubeNodePool"
_FLAVORS = "ovh:CloudProject/getFlavors:getFlavors"
_QUOTA: Final = "ovh:index/getCloudQuota:getCloudQuota"
_REGION = "ovh:CloudProject/getRegion:getRegion"

_THREE_ZONES: Final = {"EU-WEST-PAR": "eu-west-par", "EU-SOUTH-MIL": "eu-south-mil"}
"""Regions of three zones, with the stem of their zones' names. A node pool there names exactly one zone."""

_STANDARD: Final = frozenset({"EU-WEST-RBX", "EU-WEST-PAR", "EU-SOUTH-MIL", "AP-SOUTH-MUM"})
"""Regions that sell the standard plan only; all others sell the free one only."""

_COUNTRIES: Final = {
    **dict.fromkeys(("GRA5", "GRA7", "GRA9", "GRA11", "SBG5", "EU-WEST-RBX", "EU-WEST-PAR"), "FR"),
    **{"DE1": "DE", "WAW1": "PL", "UK1": "GB", "EU-SOUTH-MIL": "IT"},
    **{"BHS5": "CA", "SGP1": "SG", "SYD1": "AU", "AP-SOUTH-MUM": "IN"},
}
"""What getRegion says of the regions of a project: country in ISO 3166."""

_AMPLE: Final = 1000
"""A quota that nobody reaches."""

_REFUSED_RANGES: Final = ("10.2.", "10.3.", "172.17.")


class Ovh(Behaviour):
    """Answers for `ovh`."""

    node_type_inputs = ("flavorName",)

    def identity(self, request: Request) -> str:
        """`pn-<number>_<vlan>` for private networks, uuids for the rest."""
        if request.type.token == _NETWORK:
            return f"pn-{int(uuid.uuid4().hex[:6], 16)}_{request.inputs.get('vlanId') or 0}"
        return super().identity(request)

    def failures(self, request: Request) -> list[Failure]:
        """Adds what the provider or the API refuses beyond types."""
        found = super().failures(request)
        token, inputs = request.type.token, request.inputs
        name = inputs.get("name")
        if token == _POOL and isinstance(name, str) and "_" in name:
            found.append(Failure("name", "a node pool's name may hold no underscore"))
        if token == _POOL and len(cast("list[Any]", inputs.get("availabilityZones") or [])) > 1:
            found.append(Failure("availabilityZones", "a node pool stands in exactly one zone"))
        if token == _KUBE and isinstance(inputs.get("region"), str):
            sold = "standard" if inputs["region"] in _STANDARD else "free"
            if (inputs.get("plan") or "free") != sold:
                found.append(Failure("plan", f"{inputs['region']} sells the {sold} plan only"))
        if token == "ovh:CloudProject/networkPrivateSubnetV2:NetworkPrivateSubnetV2":
            cidr = str(inputs.get("cidr"))
            if cidr.startswith(_REFUSED_RANGES):
                found.append(Failure("cidr", f"{cidr} is used by the clusters themselves"))
        return found

    def admit(self, request: Request) -> None:
        """A node pool in a region of three zones names one of its zones, elsewhere it names none; and it is
        asked to have as many nodes as it may have.

        Raises:
            CloudError: it does not, or is not.
        """
        if request.type.token == _POOL:
            self._admit_zone(request)
            _admit_count(request)

    def _admit_zone(self, request: Request) -> None:
        cluster = self.store.find_id(str(request.inputs.get("kubeId")))
        region = str(cluster.outputs.get("region")) if cluster else ""
        zones = cast("list[str]", request.inputs.get("availabilityZones") or [])
        stem = _THREE_ZONES.get(region)
        allowed = [f"{stem}-{letter}" for letter in "abc"] if stem else []
        if stem is not None and not (len(zones) == 1 and zones[0] in allowed):
            raise CloudError(
                f"availabilityZones: found {zones or 'none'}; a node pool in {region} names exactly one of "
                f"{', '.join(allowed)}"
            )
        if stem is None and zones:
            raise CloudError(f"availabilityZones: found {zones}; {region} has one zone, so none is named")

    def node_types(self, request: Request) -> tuple[str, ...]:
        """None for node pools: OVHcloud accepts one that it has no machines for, in status ERROR."""
        return () if request.type.token == _POOL else super().node_types(request)

    def computed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """What the API is known to answer for the types a stack leans on."""
        token, inputs = request.type.token, request.inputs
        if token == _KUBE:
            return self._cluster(request, id_)
        if token == _POOL:
            return self._pool(request)
        if token == _NETWORK:
            return self._network(request, id_)
        if token == "ovh:CloudProject/gateway:Gateway":
            ips = [{"ip": documentation_address(id_), "subnetId": str(uuid.uuid5(uuid.NAMESPACE_URL, id_))}]
            outside = {"ips": ips, "networkId": str(uuid.uuid5(uuid.NAMESPACE_URL, "ext-net"))}
            return {"status": "active", "externalInformations": [outside]}
        if token == "ovh:index/cloudFloatingIp:CloudFloatingIp":
            state = {"ip": documentation_address(id_), "description": inputs.get("description")}
            location = {"region": inputs.get("region")}
            return {"currentState": {**state, "location": location}, "resourceStatus": "READY"}
        if token == "ovh:CloudProject/storage:Storage":
            region = str(inputs.get("regionName", ""))
            host = f"s3.{region.lower()}.io.cloud.ovh.net"
            return {"region": region, "virtualHost": f"https://{inputs.get('name')}.{host}"}
        if token == "ovh:CloudProject/s3Credential:S3Credential":
            return {"accessKeyId": short_hash(id_, 32), "secretAccessKey": short_hash(f"{id_}/secret", 32)}
        if token == "ovh:CloudProject/containerRegistry:ContainerRegistry":
            region = str(inputs.get("region", "")).lower()
            return {"url": f"https://{short_hash(id_)}.c1.{region}.rehearsal.invalid", "status": "READY"}
        return {}

    def _network(self, request: Request, id_: str) -> dict[str, Any]:
        """Every region of the project where none is named."""
        regions = cast("list[str]", request.inputs.get("regions") or sorted(_COUNTRIES))
        ids = {region: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{id_}/{region}")) for region in regions}
        return {
            "regionsOpenstackIds": ids,
            "regionsAttributes": [
                {"region": region, "openstackid": ids[region], "status": "ACTIVE"} for region in regions
            ],
            "status": "ACTIVE",
        }

    def _cluster(self, request: Request, id_: str) -> dict[str, Any]:
        url = f"{short_hash(id_, 6)}.c1.{str(request.inputs.get('region', '')).lower()}.rehearsal.invalid"
        config = made_up_kubeconfig(str(request.inputs.get("name", request.name)), id_, f"https://{url}")
        return {
            "url": url,
            "nodesUrl": url,
            "status": "READY",
            "isUpToDate": True,
            "controlPlaneIsUpToDate": True,
            "kubeconfig": config.text,
            "kubeconfigAttributes": [
                {"host": config.host, "clusterCaCertificate": config.certificate_authority}
            ],
        }

    def _pool(self, request: Request) -> dict[str, Any]:
        """Nodes as wanted; none, and status ERROR, of a flavour that is out of stock there."""
        if self._out_of_stock(request):
            none = dict.fromkeys(("currentNodes", "availableNodes", "upToDateNodes"), 0)
            return {"status": "ERROR", "sizeStatus": "UNDER_CAPACITY", **none}
        return {"status": "READY", "sizeStatus": "CAPACITY_OK", **self.recomputed(request, "")}

    def _out_of_stock(self, request: Request) -> bool:
        flavor, places = str(request.inputs.get("flavorName")), self.places(request)
        return any(
            fault.concerns(flavor) and fault.is_at(places) and self.store.use_up(fault)
            for fault in self.store.faults(FaultKind.OUT_OF_STOCK)
        )

    def recomputed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """A pool's node counts follow what is wanted."""
        if request.type.token != _POOL:
            return {}
        wanted = int(request.inputs.get("desiredNodes") or request.inputs.get("minNodes") or 0)
        return {"currentNodes": wanted, "availableNodes": wanted, "upToDateNodes": wanted}

    def told(
        self, token: str, arguments: Mapping[str, Value], configuration: Configuration
    ) -> Mapping[str, Any]:
        """What a pre-flight asks: country of a region, stock and quota of a flavour, quota of vCPUs."""
        if token == _REGION:
            name = str(arguments.get("name"))
            stem = _THREE_ZONES.get(name)
            return {
                "countryCode": _COUNTRIES.get(name, "").lower(),
                "type": "region-3-az" if stem else "region",
                "availabilityZones": [f"{stem}-{letter}" for letter in "abc"] if stem else [],
                "status": "UP",
            }
        if token == _GET_POOL:
            return self._pool_named(str(arguments.get("kubeId")), str(arguments.get("name")))
        if token == _FLAVORS and arguments.get("nameFilter"):
            return {"flavors": [self._flavor(str(arguments["nameFilter"]), str(arguments.get("region")))]}
        if token == _QUOTA:
            region = str(arguments.get("region"))
            ample = {"limit": _AMPLE, "used": 0, "unit": ""}
            compute = dict.fromkeys(("cores", "instances", "memory"), ample)
            return {"currentState": {"regions": [{"region": region, "profile": "", "compute": compute}]}}
        return {}

    def _pool_named(self, cluster: str, name: str) -> Mapping[str, Any]:
        """A pool as it is now, by the name it has in its cluster."""
        for pool in self.store.matching(_POOL):
            if (pool.outputs.get("kubeId"), pool.outputs.get("name")) == (cluster, name):
                return pool.outputs
        raise CloudError(f"the nodepool named {name} cannot be found for cluster {cluster}")

    def _flavor(self, name: str, region: str) -> dict[str, Any]:
        """What is sold, whether there is stock, and how many the quota allows.

        Stock that is out once is gone between the question and the order: the API lists it as available.
        """
        lasting = (fault for fault in self.store.faults(FaultKind.OUT_OF_STOCK) if not fault.once)
        places = frozenset({region})
        available = not any(fault.concerns(name) and fault.is_at(places) for fault in lasting)
        limits = [fault.limit for fault in self.store.faults(FaultKind.QUOTA) if fault.concerns(name)]
        quota = float(min([*limits, _AMPLE]))
        return {"name": name, "region": region, "available": available, "quota": quota}

    def places(self, request: Request) -> frozenset[str]:
        """Adds the region of an availability zone: `EU-WEST-PAR` for `eu-west-par-a`."""
        found = super().places(request)
        return found | {re.sub(r"-[a-c]$", "", place).upper() for place in found}


def _admit_count(request: Request) -> None:
    """As the API does, whether or not the count is the program's: the provider sends it with every change
    (terraform-provider-ovh, types_cloud_project_kube_nodepool.go and pull request 1241)."""
    inputs = request.inputs
    wanted, least, most = (inputs.get(key) for key in ("desiredNodes", "minNodes", "maxNodes"))
    if wanted is None:
        return
    below = least is not None and int(wanted) < int(least)
    if below or (most is not None and int(wanted) > int(most)):
        raise CloudError(
            f"OVHcloud API error (status code 400): desiredNodes: found {wanted}; minNodes is {least}, "
            f"maxNodes is {most}"
        )
