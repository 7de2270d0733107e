"""Where the HTTP server of Apache sends requests and clients."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.proxies.targets import COMMENT, Target, redirection, upstream

__all__ = ["targets_in_apache"]

_MARKS: Final = (
    "proxypass",
    "balancermember",
    "proxyremote",
    "rewriterule",
    "proxy:",
    "redirect",
    "errordoc",
)
_SENDS: Final = re.compile(
    r"(?i)(?<![\w-])(ProxyPass(?:Match)?|BalancerMember|ProxyRemote(?:Match)?)[ \t]+([^\n>]+)"
)
_HANDLER: Final = re.compile(r"(?i)(?<![\w-])((?:Set|Add)Handler)[ \t]+[\"']?proxy:([^\"'\s>]+)")
_REWRITE: Final = re.compile(
    r"(?i)(?<![\w-])RewriteRule[ \t]+(\"[^\"\n]*\"|\S+)[ \t]+(\"[^\"\n]*\"|\S+)(?:[ \t]+\[([^\]\n]*)\])?"
)
_REDIRECT: Final = re.compile(
    r"(?im)^[ \t]*(?:Redirect(?:Match|Permanent|Temp)?|ErrorDocument)[ \t]+"
    r"(?:(?:\d{3}|permanent|temp|seeother)[ \t]+)?(?:[\"']?[/^(]\S*[ \t]+)?[\"']?(https?://[^\s\"']+)"
)
_WORD: Final = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|\S+")
_DEFINE: Final = re.compile(r"(?im)^[ \t]*Define[ \t]+(\w+)[ \t]+[\"']?([^\s\"']+)")
_PATH: Final = re.compile(r"%\{REQUEST_URI\}|(?<=:\d\d)\$\d|(?<=:\d\d\d\d)\$\d")
"""The path of the request, and a part of it right after a port: either begins with a slash."""


def targets_in_apache(text: str, lowered: str) -> Iterator[Target]:
    """Yield every place that a text leads to, if it has directives of Apache; names of those know no case."""
    if not any(mark in lowered for mark in _MARKS):
        return
    bare = COMMENT.sub("", text.replace("\\\n", " "))
    for match in _DEFINE.finditer(bare) if "define" in lowered else ():
        bare = bare.replace(f"${{{match[1]}}}", match[2])
    for found in (*_sent(bare), *_rewritten(bare)):
        if found:
            yield found
    for match in _REDIRECT.finditer(bare):
        found = redirection("a redirection", match[1])
        if found:
            yield found


def _sent(text: str) -> Iterator[Target | None]:
    for match in _SENDS.finditer(text):
        words = [word.strip("\"'") for word in _WORD.findall(match[2])][:2]
        targets = [word for word in words if "://" in word or word.startswith(("${", "%{", "unix:"))]
        if targets:
            yield upstream(match[1], _PATH.sub("/", targets[-1]))
    for match in _HANDLER.finditer(text):
        yield upstream(match[1], match[2])


def _rewritten(text: str) -> Iterator[Target | None]:
    for match in _REWRITE.finditer(text):
        substitution = _PATH.sub("/", match[2].strip('"'))
        flags = {flag.strip().partition("=")[0].lower() for flag in (match[3] or "").split(",")}
        if flags & {"p", "proxy"}:
            yield upstream("RewriteRule", substitution)
        elif "://" in substitution:
            yield redirection("a redirection", substitution)
