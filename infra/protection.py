"""``sovereign:protect``: clusters and buckets that the engine refuses to delete or replace.

It is a resource transform, as the program's own options decide: ``pulumi state protect`` marks a resource in
the state only, and the next update takes the mark away again.
"""

from __future__ import annotations

from typing import Final

import pulumi

__all__ = ["PROTECTED", "install"]

PROTECTED: Final = frozenset(
    {
        "civo:index/kubernetesCluster:KubernetesCluster",
        "civo:index/objectStore:ObjectStore",
        "hcloud:index/network:Network",
        "minio:index/s3Bucket:S3Bucket",
        "ovh:CloudProject/kube:Kube",
        "ovh:CloudProject/kubeIpRestrictions:KubeIpRestrictions",
        "ovh:CloudProject/storage:Storage",
        "scaleway:kubernetes/acl:Acl",
        "scaleway:kubernetes/cluster:Cluster",
        "scaleway:object/bucket:Bucket",
        "scaleway:object/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    }
)
"""The cluster and the weights bucket of each cloud, and what closes them: a destroy takes what depends on a
protected resource before it comes to that, and a cluster without its access list is open to all. On Hetzner,
whose cluster is servers that come and go, it is the network that carries it."""


def install() -> None:
    """Protect what is declared from now on. Call it before the first resource."""
    pulumi.runtime.register_resource_transform(_protected)


def _protected(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    if args.type_ not in PROTECTED:
        return None
    options = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=True))
    return pulumi.ResourceTransformResult(args.props, options)
