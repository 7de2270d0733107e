"""What a proxy leads to, as its configuration writes it: a URL, a host, a port of its own, a text to fill in.

Nothing here says whether a host is right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["COMMENT", "Target", "authority_of", "redirection", "upstream"]


@dataclass(frozen=True, slots=True)
class Target:
    """One place that a proxy leads to."""

    what: str
    """The directive, for a message."""
    host: str
    """A host, an address, or ``host:port``; empty if the configuration alone cannot tell."""
    is_redirection: bool = False
    """True if a client is told to go there itself."""


COMMENT: Final = re.compile(r"(?m)(?<!\S)#.*$")
"""A comment to the end of the line, in most of what proxies are configured with."""
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_COMPUTED: Final = re.compile(r"[$%{}<>`]|\bos\.environ\b")
"""What is filled in later: variables, placeholders, templates."""
_INSIDE: Final = ("unix:", "unix//", "/", "@", "balancer://", "file:", "static:", "lb://", "fd@", "|")
"""What begins like this is a socket, a file, a group by its name: no host."""
_RANGE: Final = re.compile(r":(\d+)-\d+$")
_BRACKETED: Final = re.compile(r"\[([A-Za-z0-9_.-]+)\](:\d+)?")


def authority_of(text: str) -> str:
    """Return what stands between the scheme of a URL and its path, of a host the host."""
    return re.split(r"[/?#]", _SCHEME.sub("", text.strip().strip("\"'`"), count=1), maxsplit=1)[0]


def upstream(what: str, text: str) -> Target | None:
    """Return where a URL, a host or ``host:port`` leads; None if it stays on the same machine."""
    bare = text.strip().strip("\"'`")
    if not bare or bare.startswith(_INSIDE) or bare.isdecimal():
        return None
    authority = _RANGE.sub(r":\1", authority_of(bare))
    if _COMPUTED.search(authority) or "os.environ" in bare:
        return Target(what, "")
    if authority.startswith(":") or not authority:  # a port of the same machine
        return None
    bracketed = _BRACKETED.fullmatch(authority)
    return Target(what, f"{bracketed[1]}{bracketed[2] or ''}" if bracketed else authority)


def redirection(what: str, text: str) -> Target | None:
    """Return where a client is told to go; None if that is only known with the request."""
    host = _COMPUTED.split(authority_of(text), maxsplit=1)[0]
    return Target(what, host, is_redirection=True) if host else None
