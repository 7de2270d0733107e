"""Managed Kubernetes, access list and node pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_ovh as ovh

from catalog import CatalogError, Place, PlaceDefaults
from components.clouds.contract import GPU_TAINT_KEY, Cluster, ClusterArgs, GpuPool, PoolSize, Site
from components.clouds.ovh.network import OvhNetwork
from components.clouds.ovh.node_counts import node_count
from components.clouds.ovh.project import project_of

__all__ = ["OvhCluster", "OvhGpuPool", "PoolNotReadyError", "ready_pool", "refuse_if_broken"]

_FREE = "free"

_BROKEN: Final = frozenset(
    {"ERROR", "SUSPENDED", "SUSPENDING", "USER_NODE_SUSPENDED_SERVICE", "DELETING", "DELETED"}
)
"""Statuses of a pool that nothing can be put on, whatever it still has. All others are met at a pool that
serves: a pool that scales is UPSCALING or DOWNSCALING, one that is patched UPDATING or REDEPLOYING
(cloud.kube.NodePoolStatusEnum of the API; RESIZING besides in the provider's source)."""

_POOL_TIME: Final = pulumi.CustomTimeouts(create="3h", update="3h")
"""The provider gives up after an hour and notes the pool in the state only after its wait, so a slow pool
would be billed and known to nobody. GPU nodes may need more than an hour (ovh/docs,
deploying-gpu-application, 2023-04-26)."""

_UPDATE_POLICY = "MINIMAL_DOWNTIME"
"""OVHcloud applies patch releases by itself, node by node."""

_CLUSTER_IGNORES = ("version",)
"""With this update policy the release belongs to OVHcloud: a difference must not undo a patch. The next minor
release is ordered by hand (docs/clouds/ovh.md)."""


class PoolNotReadyError(pulumi.RunError):
    """OVHcloud made a node pool that has no nodes, or one that is broken."""

    def __init__(self, name: str, status: str, available: int, node_type: str) -> None:
        """Name the pool, what was found and what to do."""
        if "SUSPEND" in status or status.startswith("DELET"):
            advice = (
                "OVHcloud, or somebody in its control panel, has put the pool away: find out why, set it "
                "right or run `pulumi refresh`, and update again"
            )
        elif "ERROR" in status:
            advice = (
                f"OVHcloud took the order but gave no node of type {node_type}, for want of quota or stock. "
                "Open a ticket with its support for this node type in this region; when it is granted, run "
                "`pulumi refresh` and update again. Or choose another node type"
            )
        else:
            advice = "OVHcloud is at work on it: wait, run `pulumi refresh` and update again"
        super().__init__(
            f"node pool {name}: status found: {status} with {available} nodes available, allowed: READY, or "
            f"work in progress on a pool with a node. {advice}"
        )


class OvhCluster(Cluster):
    """A managed cluster whose API answers only the allowed ranges and its own nodes, through the gateway.

    Between creation of the cluster and of its access list the API is open to all who have a credential:
    OVHcloud has no way to create both at once. No workload exists before the list stands, as ``kubeconfig``
    waits for it.

    The network plugin cannot be chosen: the free plan runs Canal, whose Calico half enforces NetworkPolicy
    (ovh/docs, software-versions-reserved-resources, 2023-12-04), the standard plan Cilium, to go by the SDK's
    ``customizationCilium``; no page that was read says so.
    """

    def __init__(self, name: str, site: Site, args: ClusterArgs, opts: pulumi.ResourceOptions) -> None:
        """Build the cluster under the logical name ``name``.

        Raises:
            CatalogError: the catalogue gives no plan or no storage class for the place.
        """
        super().__init__("sovereign:ovh:Cluster", name, None, opts)
        network, project = args.network, project_of(site)
        if not isinstance(network, OvhNetwork):
            message = f"a cluster of ovh needs a network of ovh, found {type(network).__name__}"
            raise TypeError(message)
        defaults = _defaults(site.place)
        plan = _known(defaults.kubernetes_plan, "kubernetes_plan", site.place)
        cluster = ovh.cloudproject.Kube(
            f"{name}-mks",
            service_name=project,
            region=site.place.code,
            plan=plan,
            version=args.kubernetes_version,
            update_policy=_UPDATE_POLICY,
            private_network_id=network.network_id,
            nodes_subnet_id=network.subnet_id,
            load_balancers_subnet_id=network.subnet_id,
            private_network_configuration=_private_routing() if plan == _FREE else None,
            opts=site.options(self, ignore_changes=_CLUSTER_IGNORES),
        )
        restrictions = ovh.cloudproject.KubeIpRestrictions(
            f"{name}-api-access",
            service_name=project,
            kube_id=cluster.id,
            ips=network.egress_addresses.apply(lambda nodes: _ranges(args.api_access, nodes)),
            opts=site.options(self),
        )
        pool = _pool(f"{name}-cpu", site, cluster.id, args.cpu_pool, self, depends_on=[restrictions])
        self.cluster_id = cluster.id
        self.endpoint = cluster.url.apply(_https)
        self.storage_class = _known(defaults.storage_class, "storage_class", site.place)
        ready = pulumi.Output.all(cluster.kubeconfig, restrictions.id, ready_pool(pool))
        self.kubeconfig = pulumi.Output.secret(ready.apply(_first))
        self.register_outputs(
            {"clusterId": self.cluster_id, "endpoint": self.endpoint, "kubeconfig": self.kubeconfig}
        )


class OvhGpuPool(GpuPool):
    """GPU nodes with taint and labels, from their first moment. A pool has no region: it follows its cluster.

    GPUs are granted by people, on a ticket. The provider takes a pool in status ERROR as created
    (terraform-provider-ovh, resource_cloud_project_kube_nodepool.go), so the status is checked here.
    """

    def __init__(
        self, name: str, site: Site, cluster: Cluster, size: PoolSize, opts: pulumi.ResourceOptions
    ) -> None:
        """Build the pool under the logical name ``name``."""
        super().__init__("sovereign:ovh:GpuPool", name, None, opts)
        taint = {"key": GPU_TAINT_KEY, "value": "present", "effect": "NoSchedule"}
        pool = _pool(f"{name}-nodes", site, cluster.cluster_id, size, self, taints=[taint])
        self.pool_id = ready_pool(pool)
        self.report(site, size)


def ready_pool(pool: ovh.cloudproject.KubeNodePool) -> pulumi.Output[str]:
    """The id of a pool that has nodes; the update fails with ``PoolNotReadyError`` if it has none."""

    def checked(found: Sequence[Any]) -> str:
        identifier, status, available, name, node_type = found
        refuse_if_broken(name, status, int(available or 0), node_type)
        return identifier

    return pulumi.Output.all(pool.id, pool.status, pool.available_nodes, pool.name, pool.flavor_name).apply(
        checked
    )


def refuse_if_broken(name: str, status: str, available: int, node_type: str) -> None:
    """Accept a pool on which pods can run, now or again in a moment.

    Args:
        name: of the pool, for the message.
        status: the word of the API.
        available: nodes that are ready.
        node_type: of the pool, for the message.

    Raises:
        PoolNotReadyError: the pool is broken, or has no node.
    """
    if status in _BROKEN or available < 1:
        raise PoolNotReadyError(name, status, available, node_type)


def _pool(
    name: str,
    site: Site,
    cluster_id: pulumi.Input[str],
    size: PoolSize,
    parent: pulumi.Resource,
    *,
    taints: Sequence[Mapping[str, str]] = (),
    depends_on: Sequence[pulumi.Resource] = (),
) -> ovh.cloudproject.KubeNodePool:
    count, ignored = node_count(site, size)
    elsewhere = size.zone is not None and size.zone != site.place.code
    zone = size.zone if elsewhere else _defaults(site.place).node_zone
    return ovh.cloudproject.KubeNodePool(
        name,
        service_name=project_of(site),
        kube_id=cluster_id,
        flavor_name=size.node_type,
        desired_nodes=count,
        min_nodes=size.minimum,
        max_nodes=size.maximum,
        autoscale=size.autoscaled,
        # A region of three zones wants exactly one here, a region of one zone none.
        availability_zones=[zone] if zone else None,
        # Every field, empty lists included: without them the provider panics (ovh/pulumi-ovh issue 74).
        template=ovh.cloudproject.KubeNodePoolTemplateArgs(
            metadata=ovh.cloudproject.KubeNodePoolTemplateMetadataArgs(
                annotations={}, finalizers=[], labels=site.residency.labels
            ),
            spec=ovh.cloudproject.KubeNodePoolTemplateSpecArgs(
                taints=[dict(taint) for taint in taints], unschedulable=False
            ),
        ),
        opts=pulumi.ResourceOptions.merge(
            site.options(parent, ignore_changes=ignored, depends_on=depends_on),
            pulumi.ResourceOptions(custom_timeouts=_POOL_TIME),
        ),
    )


def _private_routing() -> ovh.cloudproject.KubePrivateNetworkConfigurationArgs:
    """Nodes of the free plan have a public interface too; this sends their traffic through the gateway that
    the subnet's DHCP names. On the standard plan there is no other way."""
    return ovh.cloudproject.KubePrivateNetworkConfigurationArgs(
        default_vrack_gateway="", private_network_routing_as_default=True
    )


def _defaults(place: Place) -> PlaceDefaults:
    if place.defaults is None:
        message = f"no stack can be put in {place.cloud} {place.code}: the catalogue has no defaults for it"
        raise CatalogError(message)
    return place.defaults


def _known(value: str | None, key: str, place: Place) -> str:
    if value is None:
        message = (
            f"catalog/data/places/ovh.yaml: places[{place.code}].defaults.{key} is missing; a cluster there "
            "cannot be built without it"
        )
        raise CatalogError(message)
    return value


def _ranges(people: Sequence[str], nodes: Sequence[str]) -> list[str]:
    return [*people, *(f"{address}/32" for address in nodes)]


def _https(host: str) -> str:
    return host if host.startswith("https://") else f"https://{host}"


def _first(values: Sequence[str]) -> str:
    return values[0]
