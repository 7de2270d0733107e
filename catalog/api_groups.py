"""API groups of Kubernetes whose objects can be told to serve no model, or to serve what their pods say."""

from __future__ import annotations

from enum import StrEnum

from catalog._source import Fact, Line, Source

__all__ = ["ApiGroup", "GroupKind"]


class GroupKind(StrEnum):
    """What the objects of a group are."""

    BUILT_IN = "built-in"
    """Kubernetes itself: models are named in its pods and nowhere else."""
    RENDERING = "rendering"
    """No objects of a cluster: components of the Pulumi provider that render some."""
    OPERATIONS = "operations"
    """Custom resources that steer networks, certificates, storage or monitoring, and name no model."""
    WORKLOADS = "workloads"
    """Custom resources that embed pod templates, and name models there and nowhere else."""


class ApiGroup(Fact):
    """One API group: what stands before the slash of an ``apiVersion``; ``core`` for the nameless one."""

    group: Line
    project: Line
    """Whose controllers read its objects."""
    kind: GroupKind
    note: str = ""
    source: Source
