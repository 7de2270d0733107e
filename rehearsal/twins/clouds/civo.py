"""Civo: upper-case regions, and a kubeconfig only for those who ask."""

from collections.abc import Mapping
from typing import Any, cast

from rehearsal.errors import CloudError
from rehearsal.twins.behaviour import Behaviour, Configuration, Request
from rehearsal.twins.check import Failure
from rehearsal.twins.clouds.kubeconfig import made_up_kubeconfig
from rehearsal.twins.outputs import documentation_address, short_hash
from rehearsal.twins.values import Value

__all__ = ["Civo"]

_CLUSTER = "civo:index/kubernetesCluster:KubernetesCluster"
_POOL = "civo:index/kubernetesNodePool:KubernetesNodePool"


_COUNTRIES = {"LON1": "uk", "FRA1": "de", "NYC1": "us", "PHX1": "us", "MUM1": "in"}
"""Countries as the API spells them: lower case, and `uk` (civo/civogo, region_test.go)."""


class Civo(Behaviour):
    """Answers for `civo`."""

    node_type_inputs = ("pools.size", "size")

    def node_types(self, request: Request) -> tuple[str, ...]:
        """Only clusters, pools and instances take a size that is a machine."""
        machines = ("kubernetesCluster:", "kubernetesNodePool:", "instance:")
        return super().node_types(request) if any(part in request.type.token for part in machines) else ()

    def failures(self, request: Request) -> list[Failure]:
        """Adds what the provider refuses beyond types."""
        found = super().failures(request)
        region = request.inputs.get("region")
        if isinstance(region, str) and region != region.upper():
            found.append(
                Failure(
                    "region", f"{region!r} is not a region; Civo's codes are upper case: {region.upper()!r}"
                )
            )
        kinds = (request.inputs.get("clusterType"), request.inputs.get("cni"))
        if request.type.token == _CLUSTER and kinds == ("talos", "cilium"):
            found.append(Failure("cni", "cilium is not offered on talos clusters; use flannel, or k3s"))
        return found

    def scopes(self, request: Request) -> tuple[str, ...]:
        """A pool's id is its own within the cluster only."""
        return (str(request.inputs.get("clusterId") or ""),) if request.type.token == _POOL else ("",)

    def identity(self, request: Request) -> str:
        """A pool's label is its id (terraform-provider-civo, resource_kubernetes_cluster_nodepool.go)."""
        label = request.inputs.get("label") if request.type.token == _POOL else None
        return label if isinstance(label, str) and label else super().identity(request)

    def admit(self, request: Request) -> None:
        """Refuse another node type for a pool that exists (terraform-provider-civo,
        resource_kubernetes_cluster.go and resource_kubernetes_cluster_nodepool.go).

        Raises:
            CloudError: the provider refuses.
        """
        before, after = _pool(request.before).get("size"), _pool(request.inputs).get("size")
        if request.type.token in (_CLUSTER, _POOL) and request.before and before != after:
            kind = "cluster" if request.type.token == _CLUSTER else "pool"
            raise CloudError(f'Size change ("size") for existing {kind} is not available at this moment')

    def computed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """What the API is known to answer for the types a stack leans on."""
        token = request.type.token
        name = str(request.inputs.get("name", request.name))
        if token == _CLUSTER:
            return self._cluster(request, id_, name)
        if token == _POOL:
            return self.recomputed(request, id_)
        if token == "civo:index/network:Network":
            return {"name": f"cust-{short_hash(id_)}", "default": False}
        if token == "civo:index/objectStore:ObjectStore":
            region = str(request.inputs.get("region", "")).lower()
            return {"bucketUrl": f"https://objectstore.{region}.civo.com/{name}", "status": "ready"}
        if token == "civo:index/objectStoreCredential:ObjectStoreCredential":
            return {
                "accessKeyId": request.inputs.get("accessKeyId") or f"REHEARSAL{short_hash(id_, 12).upper()}",
                "secretAccessKey": request.inputs.get("secretAccessKey")
                or f"rehearsal-{short_hash(id_, 32)}",
                "status": "ready",
            }
        return {}

    def _cluster(self, request: Request, id_: str, name: str) -> dict[str, Any]:
        address = documentation_address(id_)
        host = f"https://{address}:6443"
        applications = str(request.inputs.get("applications") or "")
        wanted = request.inputs.get("writeKubeconfig") is True
        return {
            "apiEndpoint": host,
            "dnsEntry": f"{id_}.k8s.rehearsal.invalid",
            "installedApplications": [
                {"application": item.strip(), "version": "", "installed": True, "category": ""}
                for item in applications.split(",")
                if item.strip()
            ],
            "kubeconfig": made_up_kubeconfig(name, id_, host).text if wanted else "",
            "masterIp": address,
            "ready": True,
            "status": "ACTIVE",
        }

    def recomputed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """A pool's instances follow its node count."""
        if request.type.token != _POOL:
            return {}
        count = cast(int, request.inputs.get("nodeCount") or 0)
        return {
            "instanceNames": [f"k3s-{request.name}-{short_hash(f'{id_}/{n}', 6)}" for n in range(int(count))]
        }

    def told(
        self, token: str, arguments: Mapping[str, Value], configuration: Configuration
    ) -> Mapping[str, Any]:
        """The sizes and regions that were asked for by name; a size out of stock is not selectable."""
        filters = cast("list[dict[str, Any]]", arguments.get("filters") or [])
        named = {str(item.get("key")): [str(value) for value in item["values"]] for item in filters}
        region = configuration.get("region")
        if token == "civo:index/getRegion:getRegion":
            return {
                "regions": [
                    {
                        **{"code": code, "name": code, "country": _COUNTRIES.get(code, "")},
                        **{"default": False, "features": {}},
                    }
                    for code in named.get("code", [])
                ]
            }
        if token == "civo:index/getSize:getSize":
            return {
                "sizes": [
                    {
                        "name": name,
                        "selectable": self.has_stock(name, str(region) if region else None),
                        **{"type": "kubernetes", "description": name, "gpuType": ""},
                        **dict.fromkeys(("cpu", "disk", "gpu", "ram"), 0),
                    }
                    for name in named.get("name", [])
                ]
            }
        return {}


def _pool(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pool that the inputs of a cluster or of a pool describe."""
    return cast("Mapping[str, Any]", inputs.get("pools") or inputs)
