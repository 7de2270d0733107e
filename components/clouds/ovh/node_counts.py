"""How many nodes a pool that may grow is asked to have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_ovh as ovh

from components.clouds.contract import PoolSize, Site
from components.clouds.ovh.project import project_of
from components.clouds.stock import StockUntoldError, asked

__all__ = ["node_count"]

_COUNT = "desiredNodes"


def node_count(site: Site, size: PoolSize) -> tuple[int, Sequence[str]]:
    """``desiredNodes`` of a pool, and what of the pool is ignored.

    With every change of a pool the provider sends a node count (terraform-provider-ovh,
    types_cloud_project_kube_nodepool.go), and the API refuses one below the minimum or above the maximum
    (docstring of ``KubeNodePool``, pull request 1241). An ignored count is the one in the state: that of the
    last refresh, and perhaps outside of new bounds. So it is ignored only while the bounds stay as they are,
    as then the pool is not changed. With new bounds the count is sent that the cloud has now, moved into
    them. The state alone does not tell it: ``pulumi up --refresh`` reads the cloud, but writes what it read
    into the state only after the program has run.
    """
    if not size.autoscaled:
        return size.minimum, ()
    before = _counts(size.held)
    if before is None:
        return size.minimum, (_COUNT,)
    minimum, maximum, count = before
    if (minimum, maximum) == (size.minimum, size.maximum) and minimum <= count <= maximum:
        return size.minimum, (_COUNT,)
    return min(max(_now(site, size.held, count), size.minimum), size.maximum), ()


def _counts(held: Mapping[str, object]) -> tuple[int, int, int] | None:
    """Minimum, maximum and nodes of the pool that the state holds; None if it holds none."""
    found = [held.get(key) for key in ("minNodes", "maxNodes", _COUNT)]
    counts = [int(each) for each in found if isinstance(each, int | float)]
    return (counts[0], counts[1], counts[2]) if len(counts) == len(found) else None


def _now(site: Site, held: Mapping[str, object], count: int) -> int:
    """Nodes of the pool now; ``count`` where the cloud does not tell, as of a pool that is gone."""
    cluster, name = held.get("kubeId"), held.get("name")
    if not isinstance(cluster, str) or not isinstance(name, str):
        return count
    options = pulumi.InvokeOptions(provider=site.provider)
    try:
        pool = asked(
            lambda: ovh.cloudproject.get_kube_node_pool(
                service_name=project_of(site), kube_id=cluster, name=name, opts=options
            )
        )
    except StockUntoldError as error:
        pulumi.log.warn(
            f"node pool {name}: OVHcloud did not tell how many nodes it has, so {count} it is: {error}"
        )
        return count
    return int(pool.desired_nodes)
