"""OVHcloud: ids as its OpenStack gives them, and networks that spread over every region unless told."""

import re
import uuid
from collections.abc import Mapping
from typing import Any, cast

from rehearsal.twins.behaviour import Behaviour, Request
from rehearsal.twins.check import Failure
from rehearsal.twins.clouds.kubeconfig import made_up_kubeconfig
from rehearsal.twins.outputs import short_hash

__all__ = ["Ovh"]

_POOL = "ovh:CloudProject/kubeNodePool:KubeNodePool"


class Ovh(Behaviour):
    """Answers for `ovh`."""

    node_type_inputs = ("flavorName",)

    def identity(self, request: Request) -> str:
        """`pn-<number>_<vlan>` for private networks, uuids for the rest."""
        if request.type.token == "ovh:CloudProject/networkPrivate:NetworkPrivate":
            return f"pn-{int(uuid.uuid4().hex[:6], 16)}_{request.inputs.get('vlanId') or 0}"
        return super().identity(request)

    def failures(self, request: Request) -> list[Failure]:
        """Adds what the provider refuses beyond types."""
        found = super().failures(request)
        name = request.inputs.get("name")
        if request.type.token == _POOL and isinstance(name, str) and "_" in name:
            found.append(Failure("name", "a node pool's name may hold no underscore"))
        return found

    def computed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """What the API is known to answer for the types a stack leans on."""
        token, inputs = request.type.token, request.inputs
        if token == "ovh:CloudProject/kube:Kube":
            return self._cluster(request, id_)
        if token == _POOL:
            return {"status": "READY", **self.recomputed(request, id_)}
        if token == "ovh:CloudProject/networkPrivate:NetworkPrivate":
            regions = cast("list[str]", inputs.get("regions") or [])
            ids = {region: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{id_}/{region}")) for region in regions}
            attributes = [
                {"region": region, "openstackid": ids[region], "status": "ACTIVE"} for region in regions
            ]
            return {"regionsOpenstackIds": ids, "regionsAttributes": attributes, "status": "ACTIVE"}
        if token == "ovh:CloudProject/storage:Storage":
            region = str(inputs.get("regionName", ""))
            host = f"s3.{region.lower()}.io.cloud.ovh.net"
            return {"region": region, "virtualHost": f"https://{inputs.get('name')}.{host}"}
        if token == "ovh:CloudProject/s3Credential:S3Credential":
            return {"accessKeyId": short_hash(id_, 32), "secretAccessKey": short_hash(f"{id_}/secret", 32)}
        return {}

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

    def recomputed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """A pool's node counts follow what is wanted."""
        if request.type.token != _POOL:
            return {}
        wanted = int(request.inputs.get("desiredNodes") or request.inputs.get("minNodes") or 0)
        return {
            "currentNodes": wanted,
            "availableNodes": wanted,
            "upToDateNodes": wanted,
            "sizeStatus": "CAPACITY_OK",
        }

    def places(self, request: Request) -> frozenset[str]:
        """Adds the region of an availability zone: `EU-WEST-PAR` for `eu-west-par-a`."""
        found = super().places(request)
        return found | {re.sub(r"-[a-c]$", "", place).upper() for place in found}
