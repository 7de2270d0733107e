"""Plausible values for outputs that only a real cloud could know.

Addresses come from the ranges set aside for documentation (RFC 5737, RFC 3849) and host names end in
`.invalid` (RFC 2606), so nothing made up can ever be reached.
"""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

from rehearsal.sdk.introspect import output_fields
from rehearsal.sdk.shapes import Fields, ListOf, MapOf, OneOf, Scalar, Shape

__all__ = ["documentation_address", "made_up", "private_address", "short_hash"]


def short_hash(seed: str, length: int = 8) -> str:
    """A few hexadecimal digits that depend on the seed alone."""
    return hashlib.sha256(seed.encode()).hexdigest()[:length]


def documentation_address(seed: str) -> str:
    """An IPv4 address of 192.0.2.0/24, 198.51.100.0/24 or 203.0.113.0/24."""
    number = int(short_hash(seed), 16)
    network = ("192.0.2", "198.51.100", "203.0.113")[number % 3]
    return f"{network}.{number // 3 % 254 + 1}"


def private_address(seed: str) -> str:
    """An IPv4 address of 10.0.0.0/8."""
    number = int(short_hash(seed), 16)
    return f"10.{number % 256}.{number // 256 % 256}.{number // 65536 % 254 + 1}"


def made_up(name: str, shape: Shape, seed: str) -> Any:
    """A value of the given shape for the output `name`; the same seed gives the same value."""
    if isinstance(shape, Scalar):
        return _scalar(name, shape, f"{seed}/{name}")
    if isinstance(shape, ListOf):
        return []
    if isinstance(shape, MapOf):
        return {}
    if isinstance(shape, OneOf):
        return made_up(name, shape.choices[0], seed)
    return _fields(shape, f"{seed}/{name}")


def _fields(shape: Fields, seed: str) -> dict[str, Any]:
    return {
        name: made_up(name, inner, seed)
        for name, inner in output_fields(shape.type).items()
        if not isinstance(inner, Fields)
    }


def _scalar(name: str, shape: Scalar, seed: str) -> Any:
    if shape.literals:
        return shape.literals[0]
    if shape.name == "boolean":
        return False
    if shape.name in ("number", "integer"):
        return 0
    return _string(name, seed) if shape.name == "string" else None


def _string(name: str, seed: str) -> str:
    lower = name.lower()
    if re.search(r"(created|updated|modified)_?(at|on)?$|date$|time$", lower):
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if lower.endswith(("status", "state")):
        return "ready"
    if "ipv6" in lower:
        return f"2001:db8::{int(short_hash(seed, 4), 16):x}"
    if re.search(r"^ip$|ip$|ipv?4?address|^address|floatingip|masterip", lower):
        return private_address(seed) if "private" in lower else documentation_address(seed)
    if lower.endswith(("url", "endpoint", "uri")):
        return f"https://{short_hash(seed)}.rehearsal.invalid"
    if lower.endswith(("domain", "host", "hostname", "fqdn", "dns", "dnsentry")):
        return f"{short_hash(seed)}.rehearsal.invalid"
    return f"{name}-{short_hash(seed)}"
