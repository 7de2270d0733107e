"""Bills: what a stack creates on each cloud beside its nodes, as far as somebody has to pay for it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from catalog._source import Fact, Line

__all__ = ["Bill", "BillItem", "Each"]


class Each(StrEnum):
    """For each of what a stack creates the item."""

    STACK = "stack"
    CONTROL_PLANE = "control-plane"
    """For each server of the control plane, on clouds where the stack builds it itself."""
    CPU_NODE = "cpu-node"
    GPU_NODE = "gpu-node"
    BUCKET_GB = "bucket-gb"
    """For each gigabyte that the lock puts into the bucket of weights."""


class BillItem(Fact):
    """One item. What it costs stands in ``data/prices/<cloud>.yaml``, or nowhere."""

    item: Line
    what: Line
    """What it is, in a few words."""
    each: Each = Each.STACK
    count: Annotated[StrictInt, Field(gt=0)] | None = 1
    """Pieces, or gigabytes, for each; None where nobody can say before the stack runs."""
    by_size: StrictBool = False
    """True if the count is of gigabytes."""
    plan: Line | None = None
    """Billed only where the place takes this plan of managed Kubernetes; None: everywhere."""
    with_registry: StrictBool = False
    """True if billed only where the place has a container registry of the cloud's own."""


class Bill(Fact):
    """All that a stack on one cloud creates beside its nodes. It follows ``components/clouds/<cloud>``."""

    cloud: Line
    """Key into ``data/clouds.yaml``."""
    items: tuple[BillItem, ...]
