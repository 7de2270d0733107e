"""Throughput: how fast somebody measured a model to write on one GPU under load."""

from __future__ import annotations

from catalog._source import Fact, Line, Source
from catalog.prices import PositiveAmount

__all__ = ["Throughput"]


class Throughput(Fact):
    """One measurement that was published. None of them was made by this project."""

    name: Line
    """Names the row."""
    model: Line
    """The exact id of the checkpoint."""
    gpu: Line
    """Key into ``data/gpus.yaml``."""
    engine: Line
    """The engine and its version."""
    precision: Line
    tokens_per_second: PositiveAmount
    """Output tokens of all parallel requests together, of one whole GPU."""
    load: Line
    """Under which load: parallel requests, length of input and output."""
    note: str = ""
    """What differs from how a stack serves, and what other sources say."""
    source: Source
