"""What every workload of a stack is made with: a closed namespace, named paths, hardened pods."""

from components.workloads.namespace import ClosedNamespace
from components.workloads.surroundings import WorkloadSurroundings
from components.workloads.target import ClusterTarget, RegistryLogin, selector

__all__ = ["ClosedNamespace", "ClusterTarget", "RegistryLogin", "WorkloadSurroundings", "selector"]
