"""Finds public addresses in any text of a manifest, however they are written there.

A public address proves nothing about a place: nobody can say from it in which country the machine stands,
and it may lead elsewhere tomorrow. Ranges of documentation count as public: a copied example leads nowhere
good.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Final, TypeAlias

from policies.hosts import readings
from policies.network import is_public

__all__ = ["Look", "addresses_in"]

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


class Look(IntEnum):
    """How an address must stand in a text to be taken for a place where data goes."""

    POINTED = 1
    """As the host of a URL, after a user, or before a port; a text that is nothing else is not."""
    WHOLE = 2
    """Also where the text, or an entry of a list in it, is nothing but an address."""
    ANY = 3
    """Also anywhere else, as a word of its own."""


_V4: Final = re.compile(r"(?<![\w.-])(?P<address>\d{1,3}(?:\.\d{1,3}){3})(?![\w-]|\.\d)")
_V6: Final = re.compile(r"(?<![\w:.])(?P<address>[0-9a-f:]*:[0-9a-f]*:[0-9a-f:.]*)(?!\w)")
_NUMBER_HOST: Final = re.compile(r"://(?:[^/@\s]*@)?(?P<host>[0-9a-fx.]+)(?=[:/?#\s,;]|$)")
"""The host of a URL as C's ``inet_aton`` takes it: ``0xcb007107``, ``3405803783``, ``0313.0.0161.7``."""
_ANY_NAME: Final = re.compile(r"(?<![\w-])[\w.-]+\.(?:nip\.io|sslip\.io|xip\.io|traefik\.me)(?![\w-])")
"""Names that stand for the address inside them, whichever it is."""
_RANGE: Final = re.compile(r"/\d{1,3}(?![\w./])")
_PORT: Final = re.compile(r"\]?:\d{1,5}(?!\d)")
_WHOLE: Final = re.compile(r"\s*\[?$")
_AFTER: Final = re.compile(r"\]?\s*(?:$|[,;\s])")
_NAMED: Final = re.compile(
    r"(?:nameserver|resolver|forward\s+\S+|server\s+\S+|proxy_pass|upstream|host)s?\"?\s*[:=]?\s*\"?$"
)
"""What stands before an address to which a configuration leads."""
_POINTERS: Final = ("://", "@", "//")
_MAY: Final = re.compile(
    r"\d\.\d|://[\d\[]|@[\d\[]|:[0-9a-fA-F]{0,4}:|\.(?:io|me)\b|[%\\$'\"`]|[^\x00-\x7f]", re.IGNORECASE
)
"""A text without any of these has no address and hides none."""


def addresses_in(text: str, look: Look, variables: Mapping[str, str] | None = None) -> frozenset[str]:
    """Return every public address in a text, in its normal form, and every name that stands for an address.

    ``variables`` are those whose values are known. A range in CIDR form is no address, as it names those who
    come; a range with host bits is one.
    """
    if _MAY.search(text) is None:
        return frozenset()
    known = tuple(sorted(variables.items())) if variables and "$" in text else ()
    return _read(text, look, known)


@lru_cache(maxsize=4096)
def _read(text: str, look: Look, variables: tuple[tuple[str, str], ...]) -> frozenset[str]:
    found: set[str] = set()
    for reading in readings(text, dict(variables)):
        found.update(_found(reading, look))
    return frozenset(found)


def _found(text: str, look: Look) -> Iterator[str]:
    for pattern in (_V4, _V6):
        for match in pattern.finditer(text):
            address = _address(match["address"].rstrip("."))
            if address is not None and is_public(address) and _is_meant(text, match, look):
                yield str(getattr(address, "ipv4_mapped", None) or address)
    for match in _NUMBER_HOST.finditer(text):
        address = _from_numbers(match["host"])
        if address is not None and is_public(address):
            yield str(address)
    for match in _ANY_NAME.finditer(text):
        yield match[0]


def _is_meant(text: str, match: re.Match[str], look: Look) -> bool:
    before, after = text[: match.start()], text[match.end() :]
    if before.removesuffix("[").endswith(_POINTERS):
        return True
    if _RANGE.match(after) and _is_range(match[0] + after[: after.index("/") + 1], after):
        return False
    if look is Look.ANY or _PORT.match(after) or _NAMED.search(before[-80:]):
        return True
    starts = _WHOLE.match(before) is not None or before.rstrip("[").endswith((",", ";"))
    return look is Look.WHOLE and starts and _AFTER.match(after) is not None


def _is_range(start: str, after: str) -> bool:
    width = _RANGE.match(after)
    if width is None:
        return False
    try:
        ipaddress.ip_network(start.rstrip("/") + width[0])
    except ValueError:
        return False
    return True


def _address(text: str) -> _Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _from_numbers(host: str) -> _Address | None:
    parts = host.rstrip(".").split(".")
    if not 1 <= len(parts) <= 4:
        return None
    try:
        *first, last = (_number(part) for part in parts)
        value = last
        for place, number in enumerate(first):
            value += number << 8 * (3 - place)
        fits = all(number < 256 for number in first) and last < 256 ** (4 - len(first))
        return ipaddress.IPv4Address(value) if fits else None
    except ValueError:
        return None


def _number(text: str) -> int:
    if text.startswith("0x"):
        return int(text[2:], 16)
    return int(text, 8 if text.startswith("0") and text != "0" else 10)
