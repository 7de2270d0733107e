"""The files that nodes run where a stack builds them from the operating system up, by where they come from.

No sha256 stands here: what runs is what the lock of a stack names, by sha256, from the bucket of the
jurisdiction. This is only what a mirror copies from.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from catalog._source import Fact, Line, Source

__all__ = ["UpstreamBinary"]


class UpstreamBinary(Fact):
    """One file as published upstream."""

    name: Line
    """The name by which a cloud module and the lock know it, e.g. ``k3s``."""
    version: Line
    """The release, in upstream's spelling."""
    upstream: Annotated[str, Field(pattern=r"^https://[^\s]+$")]
    """URL of the file."""
    path: Annotated[str, Field(pattern=r"^binaries/[a-z0-9._/-]+$")]
    """Where it lies in the bucket. Only characters that no signature of a request encodes."""
    purpose: Line
    publisher: Line
    licence: Line
    note: str = ""
    source: Source
