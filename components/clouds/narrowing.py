"""A module's own parts, handed back to it by the layers as what the contract calls them."""

from __future__ import annotations

from typing import TypeVar

import pulumi

__all__ = ["narrowed"]

_Part = TypeVar("_Part", bound=pulumi.ComponentResource)


def narrowed(part: pulumi.ComponentResource, to: type[_Part]) -> _Part:
    """The part as the class of this cloud.

    Raises:
        TypeError: it is another cloud's.
    """
    if not isinstance(part, to):
        message = f"found a {type(part).__name__}, allowed: the {to.__name__} of the same stack"
        raise TypeError(message)
    return part
