"""The container images a stack runs, by where they come from upstream.

No tag and no digest stands here: what runs is what the lock of a stack names, by digest, from a registry
inside the jurisdiction. This is only what a mirror copies from.
"""

from __future__ import annotations

from pydantic import StrictBool, StrictInt

from catalog._source import Fact, Line, Source

__all__ = ["UpstreamImage"]


class UpstreamImage(Fact):
    """One image as published upstream."""

    name: Line
    """The name by which the stack and the lock know it, e.g. ``vllm``."""
    upstream: Line
    """Upstream repository, host and path, without tag."""
    purpose: Line
    publisher: Line
    licence: Line
    user: StrictInt | None = None
    """Numeric user that the pod must set, because the image itself starts as root; None when not known."""
    group: StrictInt | None = None
    clouds: tuple[Line, ...] = ()
    """Keys of the clouds whose own services in the cluster need it; empty if every stack runs it."""
    starts_as_root: StrictBool | None = None
    """True if the image's default user is root, None when not known."""
    note: str = ""
    source: Source
