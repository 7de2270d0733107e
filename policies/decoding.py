"""Texts behind an encoding."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import Final

__all__ = ["from_base64"]

_BLANKS: Final = re.compile(r"\s+")
_GZIP: Final = b"\x1f\x8b"
_LONGEST: Final = 1 << 20
"""No text of a manifest or a start script is longer than this many bytes; a bomb is."""


def from_base64(value: object, *, exact: bool = False) -> str | None:
    """Return the text behind base64, or None if the value is no text or no base64.

    Line breaks are passed over, as by all who read such texts. Without ``exact`` whatever can be read is:
    other foreign characters are passed over too, and bytes that are no UTF-8 become the replacement
    character. With ``exact`` either makes it None, for who has to know the whole text. What gzip made is
    unpacked, as cloud-init does with what a machine is given.
    """
    if not isinstance(value, str):
        return None
    try:
        raw = base64.b64decode(_BLANKS.sub("", value), validate=exact)
        return _unpacked(raw).decode(errors="strict" if exact else "replace")
    except (binascii.Error, ValueError, zlib.error):
        return None


def _unpacked(raw: bytes) -> bytes:
    if not raw.startswith(_GZIP):
        return raw
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    text = unpacking.decompress(raw, _LONGEST)
    if not unpacking.eof or unpacking.unused_data:
        message = "what gzip made is too long, cut off, or more than one text"
        raise ValueError(message)
    return text
