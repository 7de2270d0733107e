"""Where a Caddyfile sends requests and clients. Its other form, JSON, is read by its shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from policies.proxies.targets import COMMENT, Target, redirection, upstream

__all__ = ["targets_in_caddyfile"]

_SENDING: Final = frozenset({"reverse_proxy", "forward_auth", "php_fastcgi"})
_MARKS: Final = (*_SENDING, "layer4", "redir ")
_WORD: Final = re.compile(r"\"[^\"\n]*\"|`[^`\n]*`|\S+")
_NETWORK: Final = re.compile(r"(?:tcp|udp)[46]?/")
_LAYER_4: Final = "proxy"
"""A directive of the plug-in of that name."""


def targets_in_caddyfile(text: str) -> Iterator[Target]:
    """Yield every place that a text leads to, if it is a Caddyfile."""
    if not any(mark in text for mark in _MARKS):
        return
    sending = _SENDING | {_LAYER_4} if "layer4" in text else _SENDING
    blocks: list[str] = []
    for line in COMMENT.sub("", text).replace("\\\n", " ").splitlines():
        words = _WORD.findall(line)
        if not words:
            continue
        if words[0].startswith("}"):
            del blocks[-1:]
            words = words[1:]
        opens = bool(words) and words[-1] == "{"
        words = words[:-1] if opens else words
        yield from _line(words, blocks[-1] if blocks else "", sending)
        if opens:
            blocks.append(words[0] if words else "")


def _line(words: Sequence[str], block: str, sending: frozenset[str]) -> Iterator[Target]:
    directive, arguments = (words[0], words[1:]) if words else ("", ())
    if directive == "redir":
        for word in _unmatched(arguments)[:1]:
            found = redirection("redir", word) if "://" in word else None
            if found:
                yield found
        return
    if directive in sending:
        named = _unmatched(arguments)
    elif block in sending and directive == "to":
        named = arguments
    elif block in sending and directive == "dynamic":
        named = arguments[1:2]
    elif block == "dynamic" and directive == "name":
        named = arguments[:1]
    else:
        return
    if named[:1] in (["="], [":"]):
        return
    for word in named:
        found = upstream(directive if directive in sending else block, _NETWORK.sub("", word.strip('"`'), 1))
        if found:
            yield found


def _unmatched(arguments: Sequence[str]) -> Sequence[str]:
    """Return the arguments of a directive without the matcher before them."""
    return arguments[1:] if arguments and arguments[0].startswith(("/", "@", "*")) else arguments
