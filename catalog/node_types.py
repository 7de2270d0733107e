"""Node types: the machine sizes a node pool can have, and the GPUs in them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt

from catalog._source import Country, Fact, Line, Source

__all__ = ["CpuFamily", "Gpu", "GpuModel", "NodeType", "NodeTypeRow", "Vendor"]

PositiveInt = Annotated[StrictInt, Field(gt=0)]


class Vendor(Fact):
    """Who designs the silicon. Every GPU here is designed in the United States: the statement says so."""

    key: Line
    name: Line
    country: Country
    makes: tuple[Line, ...]
    disclosure: Line
    """The sentence that the statement prints when a node pool contains this vendor's parts."""
    source: Source


class CpuFamily(Fact):
    """Machines of one cloud whose CPUs have one designer, from ``data/cpus.yaml``."""

    prefix: Line
    """How the names of these machines begin, letter by letter."""
    cloud: Line
    vendor: Line
    """Key into ``data/vendors.yaml``."""
    source: Source


class GpuModel(Fact):
    """One GPU product, from ``data/gpus.yaml``."""

    model: Line
    vendor: Line
    """Key into ``data/vendors.yaml``."""
    memory_gib: PositiveInt
    """Memory of one GPU, the vendor's nominal figure (24 for an L4); a process gets slightly less."""
    source: Source


class Gpu(Fact):
    """The GPUs of one node."""

    model: Line
    count: PositiveInt
    """GPUs per node."""
    memory_gib: PositiveInt
    """Memory of one GPU in GiB, nominal. A node has ``count`` times as much."""
    vendor: Line
    """Name of the company, e.g. NVIDIA."""
    vendor_country: Country
    """Where the vendor is registered; US for every GPU on European clouds at this date."""


class GpuRef(Fact):
    """A node type's GPUs as written in YAML: the model is a row of ``data/gpus.yaml``."""

    model: Line
    count: PositiveInt


class NodeTypeRow(Fact):
    """A node type as written in ``data/node_types/<cloud>.yaml``."""

    name: Line
    gpu: GpuRef | None = None
    vcpus: PositiveInt | None = None
    memory_gib: PositiveInt | None = None
    disk_gb: PositiveInt | None = None
    places: tuple[Line, ...] = ()
    ordered_in: Line | None = None
    note: str = ""
    source: Source


class NodeType(Fact):
    """A machine size of one cloud. Values that no source gives are None or empty: nothing is guessed."""

    cloud: Line
    name: Line
    """The exact name that the cloud's API takes."""
    gpu: Gpu | None
    """None means a CPU node."""
    vcpus: int | None
    memory_gib: int | None
    """Main memory in GiB, nominal."""
    disk_gb: int | None
    """Local disk of a node in GB, where the node keeps it when its type changes."""
    places: tuple[str, ...]
    """Codes of the places that sell it; empty when not known. Stock is never promised."""
    ordered_in: str | None
    """Where a person orders it, such as Robot, if no API sells it: then nobody can be asked for its stock and
    no pool of it grows by itself. None: the cloud's API makes it."""
    note: str
    source: Source
