"""Names that must be unique beyond one account, such as those of buckets and registry namespaces."""

from __future__ import annotations

import hashlib
import re

__all__ = ["globally_unique_name"]

_LONGEST = 63
"""Longest bucket name that every S3-compatible store takes; also the longest DNS label."""

_DIGEST = 8


def globally_unique_name(host: str, purpose: str = "") -> str:
    """Derive a name nobody else has from a host name that only its owner has.

    ``eu.inference.example.com`` and ``weights`` give ``eu-inference-example-com-weights``. The result is the
    same on every run, holds only ``a-z0-9-``, and is cut to 63 characters with a digest at its end when it
    would be longer.
    """
    whole = re.sub(r"[^a-z0-9]+", "-", f"{host}-{purpose}".lower()).strip("-")
    if len(whole) <= _LONGEST:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST]
    return f"{whole[: _LONGEST - _DIGEST - 1].rstrip('-')}-{digest}"
