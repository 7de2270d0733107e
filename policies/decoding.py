"""Texts behind an encoding."""

from __future__ import annotations

import base64
import binascii

__all__ = ["from_base64"]


def from_base64(text: str) -> str | None:
    """Return the text behind base64, or None if it is no base64.

    Line breaks and blanks are passed over, as all who read such texts do. Bytes that are no UTF-8 become the
    replacement character, so that whatever stands between them can still be read.
    """
    try:
        raw = base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return None
    return raw.decode(errors="replace")
