"""What a stack's configuration says of default providers, those that the engine makes up by itself."""

from __future__ import annotations

import json
from typing import Final, cast

from policies.locality import load_locality

__all__ = ["open_defaults"]

_ALL: Final = "*"


def open_defaults(setting: str | None) -> tuple[str, ...]:
    """Return the packages of clouds and clusters whose default provider is not disabled.

    Args:
        setting: ``pulumi:disable-default-providers``, a JSON list of packages, ``*`` for all; None if it is
            not set. One that cannot be read disables none.
    """
    try:
        listed: object = json.loads(setting or "[]")
    except json.JSONDecodeError:
        listed = []
    entries = cast("list[object]", listed) if isinstance(listed, list) else []
    disabled = {each for each in entries if isinstance(each, str)}
    return () if _ALL in disabled else tuple(sorted({*load_locality().clouds, "kubernetes"} - disabled))
