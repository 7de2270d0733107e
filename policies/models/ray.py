"""Ray, which serves whatever is submitted to it and spreads it over nodes: where a command starts a node."""

from __future__ import annotations

from collections.abc import Sequence

from policies.workloads.command_line import Token, base_name

__all__ = ["ray_at", "starts_ray"]


def ray_at(words: Sequence[Token]) -> int | None:
    """Return where the words of a command, or of a whole script, start a node of Ray; None if they do not."""
    for index, word in enumerate(words):
        if word.readable and base_name(word.text) == "ray" and _is_start(words[index + 1 :]):
            return index
    return None


def starts_ray(words: Sequence[Token]) -> bool:
    """Return True if the words of a command, or of a whole script, start a node of Ray."""
    return ray_at(words) is not None


def _is_start(words: Sequence[Token]) -> bool:
    """Return True if the first word that is neither an option nor the value of one is ``start``."""
    is_value = False
    for word in words:
        if word.readable and word.text == "start":
            return True
        if word.text.startswith("-"):
            is_value = "=" not in word.text
        elif is_value:
            is_value = False
        else:
            return False
    return False
