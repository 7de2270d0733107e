"""Where a Caddyfile sends requests and clients. Its other form, JSON, is read by its shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from policies.proxies.targets import COMMENT, Target, redirection, upstream

__all__ = ["Directive", "directives_of", "targets_in_caddyfile", "unmatched"]

_SENDING: Final = frozenset({"reverse_proxy", "forward_auth", "php_fastcgi"})
_MARKS: Final = (*_SENDING, "layer4", "redir ")
_WORD: Final = re.compile(r"\"[^\"\n]*\"|`[^`\n]*`|\S+")
_NETWORK: Final = re.compile(r"(?:tcp|udp)[46]?/")
_LAYER_4: Final = "proxy"
"""A directive of the plug-in of that name."""


@dataclass(frozen=True, slots=True)
class Directive:
    """One line of a Caddyfile."""

    name: str
    arguments: Sequence[str]
    block: int
    """Which block it stands in: the number of the directive that opens it, counted from one; else zero."""
    within: str
    """The name of that directive."""


def directives_of(text: str) -> Iterator[Directive]:
    """Yield every directive of a Caddyfile, in order."""
    blocks: list[tuple[int, str]] = [(0, "")]
    number = 0
    for line in COMMENT.sub("", text).replace("\\\n", " ").splitlines():
        words = _WORD.findall(line)
        if not words:
            continue
        if words[0].startswith("}"):
            if len(blocks) > 1:
                blocks.pop()
            words = words[1:]
        opens = bool(words) and words[-1] == "{"
        words = words[:-1] if opens else words
        number += 1
        yield Directive(words[0] if words else "", words[1:], *blocks[-1])
        if opens:
            blocks.append((number, words[0] if words else ""))


def targets_in_caddyfile(text: str) -> Iterator[Target]:
    """Yield every place that a text leads to, if it is a Caddyfile."""
    if not any(mark in text for mark in _MARKS):
        return
    sending = _SENDING | {_LAYER_4} if "layer4" in text else _SENDING
    for each in directives_of(text):
        yield from _line(each.name, each.arguments, each.within, sending)


def _line(directive: str, arguments: Sequence[str], block: str, sending: frozenset[str]) -> Iterator[Target]:
    if directive == "redir":
        for word in unmatched(arguments)[:1]:
            found = redirection("redir", word) if "://" in word else None
            if found:
                yield found
        return
    if directive in sending:
        named = unmatched(arguments)
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


def unmatched(arguments: Sequence[str]) -> Sequence[str]:
    """Return the arguments of a directive without the matcher before them."""
    return arguments[1:] if arguments and arguments[0].startswith(("/", "@", "*")) else arguments
