"""Scaleway: ids that begin with their place, and defaults that lead to Paris."""

import re
import uuid
from collections.abc import Mapping
from typing import Any, cast

from rehearsal.sdk import ResourceType
from rehearsal.twins.behaviour import Behaviour, Configuration, Request
from rehearsal.twins.check import Failure
from rehearsal.twins.clouds.kubeconfig import made_up_kubeconfig
from rehearsal.twins.outputs import documentation_address, short_hash
from rehearsal.twins.values import Value

__all__ = ["Scaleway"]

_DEFAULTS = {"region": "fr-par", "zone": "fr-par-1"}
"""Where the provider puts what says nothing: the reason why policy demands that everything says something."""

_RECORD = "scaleway:domain/record:Record"

_REPLACING = {
    "scaleway:kubernetes/cluster:Cluster": {"privateNetworkId"},
    "scaleway:kubernetes/pool:Pool": {"name", "publicIpDisabled"} | {"rootVolumeSizeInGb", "rootVolumeType"},
    "scaleway:object/bucket:Bucket": {"name"},
    "scaleway:registry/namespace:Namespace": {"name"},
}
"""Inputs that force a new resource by the provider's source, where the SDK's documents do not say so."""


class Scaleway(Behaviour):
    """Answers for `scaleway`."""

    node_type_inputs = ("nodeType", "type")

    def node_types(self, request: Request) -> tuple[str, ...]:
        """Node pools, instances and inference deployments need machines; other `type` inputs are plans."""
        machines = re.search(r":(kubernetes/pool|instance/server|inference/deployment):", request.type.token)
        return super().node_types(request) if machines else ()

    def replacing(self, type_: ResourceType) -> frozenset[str]:
        """What the documentation says, and what only the provider's source says."""
        return super().replacing(type_) | _REPLACING.get(type_.token, set())

    def placed(self, request: Request) -> dict[str, Any]:
        """The provider's region and zone, else the built-in ones."""
        return {
            name: request.configuration.get(name) or default
            for name, default in _DEFAULTS.items()
            if name in request.type.inputs and request.inputs.get(name) is None
        }

    def _place(self, request: Request) -> str | None:
        located = {**self.placed(request), **request.inputs}
        for name in ("region", "zone"):
            if name in request.type.inputs:
                return str(located[name])
        return None

    def identity(self, request: Request) -> str:
        """`place/uuid`; a bucket's own name after the place; a bare uuid where nothing has a place.

        Also for DNS records: the provider writes the zone before it and takes it away again when it reads the
        record back (terraform-provider-scaleway, internal/services/domain/record.go).
        """
        place = self._place(request)
        if request.type.token == "scaleway:object/bucket:Bucket":
            return f"{place}/{request.inputs['name']}"
        if request.type.token.startswith("scaleway:domain/") and request.type.token != _RECORD:
            zone = request.inputs.get("dnsZone") or request.inputs.get("domain")
            return f"{zone}/{uuid.uuid4()}"
        return f"{place}/{uuid.uuid4()}" if place else str(uuid.uuid4())

    def failures(self, request: Request) -> list[Failure]:
        """Adds what the provider refuses beyond types."""
        found = super().failures(request)
        if request.type.token == "scaleway:kubernetes/cluster:Cluster":
            if "privateNetworkId" not in request.inputs:
                found.append(Failure("privateNetworkId", "missing; a cluster must be in a Private Network"))
            upgrade = request.inputs.get("autoUpgrade")
            version = request.inputs.get("version")
            minor_only = isinstance(version, str) and bool(re.fullmatch(r"\d+\.\d+", version))
            if minor_only and not cast("dict[str, Any]", upgrade or {}).get("enable"):
                found.append(
                    Failure("version", "only x.y is given, which needs autoUpgrade.enable; give x.y.z")
                )
        return found

    def outputs(self, request: Request, id_: str) -> dict[str, Any]:
        """Adds the id, which the provider gives among its outputs: it begins with the cloud's own place."""
        return {**super().outputs(request, id_), **({"id": id_} if id_ else {})}

    def computed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """What the API is known to answer for the types a stack leans on."""
        token, place, key = request.type.token, self._place(request), id_.rsplit("/", 1)[-1]
        name = str(request.inputs.get("name", key))
        if token == "scaleway:kubernetes/cluster:Cluster":
            host = f"https://{key}.api.k8s.{place}.rehearsal.invalid:6443"
            config = made_up_kubeconfig(name, key, host)
            parts = {
                "configFile": config.text,
                "host": config.host,
                "clusterCaCertificate": config.certificate_authority,
                "token": config.token,
            }
            return {"kubeconfigs": [parts], "apiserverUrl": host, "wildcardDns": f"*.{key}.rehearsal.invalid"}
        if token == "scaleway:kubernetes/pool:Pool":
            return {"currentSize": request.inputs.get("size", 0), "nodes": self._nodes(request, id_)}
        if token == "scaleway:object/bucket:Bucket":
            host = f"s3.{place}.scw.cloud"
            return {"endpoint": f"https://{name}.{host}", "apiEndpoint": f"https://{host}"}
        if token == "scaleway:registry/namespace:Namespace":
            return {"endpoint": f"rg.{place}.scw.cloud/{name}"}
        if token == "scaleway:iam/apiKey:ApiKey":
            return {"accessKey": f"SCWREHEARSAL{short_hash(id_).upper()}", "secretKey": str(uuid.uuid4())}
        if token == _RECORD:
            host = ".".join(
                part for part in (request.inputs.get("name"), request.inputs.get("dnsZone")) if part
            )
            return {"fqdn": host, "rootZone": not request.inputs.get("name")}
        return {}

    def recomputed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """A pool's nodes follow its size."""
        if request.type.token == "scaleway:kubernetes/pool:Pool":
            return self.computed(request, id_)
        return {}

    def told(
        self, token: str, arguments: Mapping[str, Value], configuration: Configuration
    ) -> Mapping[str, Any]:
        """Stock, by the faults that are set."""
        if token != "scaleway:instance/getServerType:getServerType":
            return {}
        zone = arguments.get("zone") or configuration.get("zone") or _DEFAULTS["zone"]
        in_stock = self.has_stock(str(arguments.get("name")), str(zone))
        return {"availability": "available" if in_stock else "shortage", "zone": zone}

    def _nodes(self, request: Request, id_: str) -> list[dict[str, Any]]:
        pool = request.inputs.get("name", request.name)
        public = not request.inputs.get("publicIpDisabled")
        return [
            {
                "id": f"{self._place(request)}/{uuid.uuid5(uuid.NAMESPACE_URL, f'{id_}/{number}')}",
                "name": f"scw-{pool}-{short_hash(f'{id_}/{number}')}",
                "status": "ready",
                "publicIp": documentation_address(f"{id_}/{number}") if public else "",
            }
            for number in range(int(request.inputs.get("size") or 0))
        ]
