"""What every workload brings besides its pods: account without token, path list, disruption budget."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.networking.v1 import NetworkPolicySpecArgsDict

from components.workloads.namespace import ClosedNamespace
from components.workloads.target import ClusterTarget, selector

__all__ = ["WorkloadSurroundings"]


class WorkloadSurroundings(pulumi.ComponentResource):
    """ServiceAccount, NetworkPolicy and PodDisruptionBudget of one workload."""

    def __init__(
        self,
        name: str,
        *,
        app: str,
        namespace: ClosedNamespace,
        paths: NetworkPolicySpecArgsDict,
        target: ClusterTarget,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Create the three objects, each named after ``app``, under the logical name ``name``."""
        super().__init__("sovereign:workloads:Surroundings", name, None, opts)
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": app,
            "namespace": namespace.namespace,
            "labels": target.labels(app),
        }
        options = target.options(self, depends_on=[namespace])
        k8s.core.v1.ServiceAccount(
            f"{name}-account",
            metadata=metadata,
            automount_service_account_token=False,
            image_pull_secrets=_references(namespace.pull_secrets),
            opts=options,
        )
        k8s.networking.v1.NetworkPolicy(f"{name}-paths", metadata=metadata, spec=paths, opts=options)
        k8s.policy.v1.PodDisruptionBudget(
            f"{name}-budget",
            metadata=metadata,
            spec={"max_unavailable": 1, "selector": {"match_labels": selector(app)}},
            opts=options,
        )
        self.register_outputs({})


def _references(secrets: Sequence[str]) -> list[k8s.core.v1.LocalObjectReferenceArgsDict]:
    return [{"name": secret} for secret in secrets]
