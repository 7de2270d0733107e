"""Where NGINX sends requests, as far as its directives say, and the code that it lets decide.

What a variable can be is read from ``set``, ``map`` and ``split_clients``; any other is known to the request
alone. Code in Lua and JavaScript leads to what stands as a text in its calls; anything else it computes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from typing import Final

from policies.proxies.targets import COMMENT, Target, authority_of, upstream

__all__ = ["targets_in_nginx"]

_PASS: Final = re.compile(
    r"(?<![\w-])((?:proxy|grpc|fastcgi|uwsgi|scgi)_pass)\s+((?:\$\{\w+\}|[^\s;{}])+)\s*;"
)
_SERVER: Final = re.compile(r"(?<![\w.-])server\s+([^\s;{}]+)[^;{}]*;")
_UPSTREAM: Final = re.compile(r"(?<![\w-])upstream\s+([^\s{};]+)\s*\{")
_SET: Final = re.compile(r"(?<![\w-])set\s+\$(\w+)\s+([^;]+);")
_MAP: Final = re.compile(r"(?<![\w-])(?:map|split_clients)\s+\S+\s+\$(\w+)\s*\{([^}]*)\}")
_REDIRECT: Final = re.compile(r"(?<![\w-])(?:return\s+30[1-8]|rewrite\s+\S+)\s+[\"']?(https?://[^\s;\"']+)")
_VARIABLE: Final = re.compile(r"\$\{?(\w+)\}?")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PATH: Final = re.compile(r"\$\{?(?:request_uri|uri|document_uri)\b\}?")
"""Variables of NGINX that begin with a slash."""
_ROUNDS: Final = 3

_CHOOSING: Final = re.compile(r"(?<![\w-])(balancer_by_lua(?:_block|_file)?)[\s{]")
"""Directives whose only purpose is that code chooses the upstream."""
_CODE_FILES: Final = re.compile(
    r"(?<![\w-])((?:content|access|rewrite)_by_lua_file|js_(?:import|include))\s+(?:\w+\s+from\s+)?"
    r"[\"']?([^\s;\"']+)[\"']?\s*;"
)
_SPEAKING: Final = re.compile(r"(?<![\w-])(?:js_content|content_by_lua|access_by_lua|rewrite_by_lua)")
"""Directives by which such a file may answer requests; one that only makes variables sends nothing."""
_CALL: Final = re.compile(
    r"(?<![\w.])(ngx\.fetch|[\w.]*set_current_peer|\w+:request_uri)\s*\(\s*(?:([\"'`])([^\"'`\n]*)\2\s*[,)])?"
)
_CODE_COMMENT: Final = re.compile(r"(?m)(?<!\S)(?://|--).*$")


def targets_in_nginx(text: str, files: Set[str] = frozenset()) -> Iterator[Target]:
    """Yield every place that a text leads to, if it is a configuration of NGINX or code for one.

    ``files`` are the files that are read beside it: code in them need not be taken on trust.
    """
    if _looks_like_nginx(text):
        yield from _directives(COMMENT.sub("", text))
    elif "return" in text or "rewrite" in text:
        yield from _redirections(COMMENT.sub("", text))
    if "_by_lua" in text or "js_content" in text:
        yield from _code(COMMENT.sub("", text), files)
    if "ngx.fetch" in text or "set_current_peer" in text or ":request_uri" in text:
        for match in _CALL.finditer(_CODE_COMMENT.sub("", text)):
            found = upstream(match[1], match[3]) if match[2] else Target(match[1], "")
            if found:
                yield found


def _looks_like_nginx(text: str) -> bool:
    return ("_pass" in text and _PASS.search(text) is not None) or (
        "upstream" in text and _UPSTREAM.search(text) is not None
    )


def _code(text: str, files: Set[str]) -> Iterator[Target]:
    yield from (Target(match[1], "") for match in _CHOOSING.finditer(text))
    if _SPEAKING.search(text):
        for match in _CODE_FILES.finditer(text):
            if match[2].rpartition("/")[2] not in files:
                yield Target(match[1], "")


def _directives(text: str) -> Iterator[Target]:
    groups = {match[1] for match in _UPSTREAM.finditer(text)}
    variables = _variables(text)
    if groups:
        yield from (Target("server", _host(match[1])) for match in _SERVER.finditer(text))
    for match in _PASS.finditer(text):
        for target in _meant(match[2].strip("\"'"), variables):
            host = _host(target)
            if host.partition(":")[0] not in groups:
                yield Target(match[1], host)
    yield from _redirections(text)


def _redirections(text: str) -> Iterator[Target]:
    for match in _REDIRECT.finditer(text):
        host = _authority(match[1]).partition("$")[0]
        if host:
            yield Target("a redirection", host, is_redirection=True)


def _variables(text: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for match in _SET.finditer(text):
        found[match[1]] = (*found.get(match[1], ()), match[2].strip().strip("\"'"))
    for match in _MAP.finditer(text):
        values = [words[1] for line in match[2].split(";") if len(words := line.split()) > 1]
        found[match[1]] = (*found.get(match[1], ()), *(value.strip("\"'") for value in values))
    return found


def _meant(target: str, variables: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return what a target can be; a variable that nobody sets stays in it."""
    meant = {target}
    for _ in range(_ROUNDS):
        below: set[str] = set()
        for each in meant:
            match = _VARIABLE.search(_authority(each))
            values = variables.get(match[1]) if match else None
            below |= {each.replace(match[0], value) for value in values} if match and values else {each}
        if below == meant:
            break
        meant = below
    return meant


def _authority(target: str) -> str:
    """Return what stands before the path: NGINX knows a request's path, and that leads nowhere else."""
    if _SCHEME.sub("", target, count=1).startswith("unix:"):
        return "unix:"
    return authority_of(_PATH.sub("/", target))


def _host(target: str) -> str:
    """Return the host of a target with its port; ``localhost`` for a socket; empty if nobody can tell."""
    authority = _authority(target)
    if authority.startswith("unix:"):
        return "localhost"
    return "" if "$" in authority else authority
