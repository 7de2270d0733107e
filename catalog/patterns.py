"""Matching model ids against rows, and proving that no id can match two patterns.

The only wildcard is ``*``: any run of characters except ``/``. Matching is case-sensitive.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["matches", "overlap"]


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("[^/\n]*".join(re.escape(part) for part in pattern.split("*")))


def matches(pattern: str, model_id: str) -> bool:
    """Tell whether ``model_id`` is covered by ``pattern`` as a whole, letter by letter."""
    return _compiled(pattern).fullmatch(model_id) is not None


def overlap(one: str, other: str) -> bool:
    """Tell whether some id could match both patterns.

    Walks both patterns at once: ``*`` may take nothing, or one more character of whatever the other side has
    next. Used when the catalogue is loaded, so that a look-up can never find two rows.
    """
    seen: set[tuple[int, int]] = set()
    todo = [(0, 0)]
    while todo:
        position = todo.pop()
        if position in seen:
            continue
        seen.add(position)
        i, j = position
        left = one[i] if i < len(one) else None
        right = other[j] if j < len(other) else None
        if left is None and right is None:
            return True
        if left == "*":
            todo.append((i + 1, j))
            if right not in (None, "/"):
                todo.append((i, j + 1))
        if right == "*":
            todo.append((i, j + 1))
            if left not in (None, "/"):
                todo.append((i + 1, j))
        if left is not None and left == right and left != "*":
            todo.append((i + 1, j + 1))
    return False
