"""Texts behind an encoding."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

__all__ = ["from_base64"]

_BLANKS: Final = re.compile(r"\s+")


def from_base64(value: object, *, exact: bool = False) -> str | None:
    """Return the text behind base64, or None if the value is no text or no base64.

    Line breaks are passed over, as by all who read such texts. Without ``exact`` whatever can be read is:
    other foreign characters are passed over too, and bytes that are no UTF-8 become the replacement
    character. With ``exact`` either makes it None, for who has to know the whole text.
    """
    if not isinstance(value, str):
        return None
    try:
        raw = base64.b64decode(_BLANKS.sub("", value), validate=exact)
        return raw.decode(errors="strict" if exact else "replace")
    except (binascii.Error, ValueError):
        return None
