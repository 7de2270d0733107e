"""Parts that every pod of the stack shares."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.core.v1 import (
    EnvVarArgsDict,
    PodSecurityContextArgsDict,
    ResourceRequirementsArgsDict,
    SecurityContextArgsDict,
    TopologySpreadConstraintArgsDict,
)

from components.workloads.target import selector

__all__ = ["container_security", "environment", "guaranteed", "pod_security", "spread_over_nodes"]


def pod_security(user: int, group: int) -> PodSecurityContextArgsDict:
    """Runs as ``user`` and ``group``, never as root, under the runtime's default seccomp profile."""
    return {
        "run_as_non_root": True,
        "run_as_user": user,
        "run_as_group": group,
        "fs_group": user,
        "seccomp_profile": {"type": "RuntimeDefault"},
    }


def container_security(*, read_only_root: bool = True) -> SecurityContextArgsDict:
    """No capability, no way to gain one.

    GPU containers need ``read_only_root=False``: the NVIDIA container hook writes into their root file
    system.
    """
    return {
        "allow_privilege_escalation": False,
        "read_only_root_filesystem": read_only_root,
        "capabilities": {"drop": ["ALL"]},
    }


def environment(variables: Mapping[str, pulumi.Input[str]]) -> list[EnvVarArgsDict]:
    """Environment variables with literal values, in the order given."""
    return [{"name": name, "value": value} for name, value in variables.items()]


def guaranteed(cpu: str, memory: str) -> ResourceRequirementsArgsDict:
    """Requests equal to limits: the pod is never squeezed and is evicted last."""
    amount = {"cpu": cpu, "memory": memory}
    return {"requests": amount, "limits": dict(amount)}


def spread_over_nodes(app: str) -> list[TopologySpreadConstraintArgsDict]:
    """Replicas prefer different nodes; a node short does not stop them."""
    return [
        {
            "max_skew": 1,
            "topology_key": "kubernetes.io/hostname",
            "when_unsatisfiable": "ScheduleAnyway",
            "label_selector": {"match_labels": selector(app)},
        }
    ]
