"""Where proxies send requests that are configured by lines of their own: a table, a row for each form.

A further make is one more row: words that stand in such a text in lower case, a pattern by which it is known
where those words say too little, and a pattern whose group is where it leads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.proxies.targets import COMMENT, Target, redirection, upstream

__all__ = ["targets_in_directives"]

_ADDRESS: Final = re.compile(
    r"\d{1,3}(?:\.\d{1,3}){3}|(?<![\w:])[0-9a-f]*:[0-9a-f:]+(?![\w:])", re.IGNORECASE
)
_USER: Final = re.compile(r"^[^@/]*@")
_PARTS: Final = re.compile(r"[;,\s]+")


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of a directive."""

    what: str
    marks: tuple[str, ...]
    """All of them stand in the text, in lower case."""
    pattern: re.Pattern[str]
    sign: re.Pattern[str] | None = None
    """Found in a text of this make."""
    file: str = ""
    """What the file is called, where its text says nothing."""
    is_redirection: bool = False
    is_list: bool = False
    """True if the group may hold several, separated by commas, semicolons or blanks."""


def _form(what: str, marks: str, pattern: str, sign: str = "", *, file: str = "", **fields: bool) -> _Form:
    known = re.compile(sign, re.MULTILINE) if sign else None
    return _Form(what, tuple(marks.split()), re.compile(pattern, re.MULTILINE), known, file, **fields)


_START: Final = r"^[ \t]*"
_LIGHTTPD: Final = r"(?:ajp13|fastcgi|proxy|scgi|sockproxy|uwsgi|wstunnel)\.server[ \t]*\+?=[ \t]*\("
_SOCAT: Final = r"(?i)(?<![\w-])(?:TCP|UDP|SCTP|OPENSSL|SSL|DTLS)[46]?(?:-CONNECT|-SENDTO|-DATAGRAM)?:"
_SOCAT_VIA: Final = r"(?i)(?<![\w-])(?:SOCKS[45]?A?(?:-CONNECT)?|PROXY(?:-CONNECT)?):"
_SOCAT_HOST: Final = r"(\[[^\]\s]+\]|[^\s:,\"'\[\]$]+):"
_FORMS: Final = (
    _form("cache_peer", "cache_peer", rf"{_START}cache_peer[ \t]+(\S+)[ \t]+(?:parent|sibling|multicast)\b"),
    _form("server", ".server =>", r"\"host\"[ \t]*=>[ \t]*(\"[^\"\n]*\"|[\w.$]+)", _LIGHTTPD),
    _form(
        "url.redirect",
        "url.redirect =>",
        r"=>[ \t]*\"(https?://[^\"\n]+)\"",
        r"url\.redirect[ \t]*\+?=",
        is_redirection=True,
    ),
    _form(
        "connect", "connect", rf"{_START}connect[ \t]*=[ \t]*(\S+:\S+)", rf"{_START}(?:accept|client)[ \t]*="
    ),
    _form("backend", "backend", rf"{_START}backend[ \t]*=[ \t]*([\w.\[\]:-]+),\d"),
    _form("backend", "backend", rf"{_START}backend[ \t]*=[ \t]*\"(\[[^\"\n]+\]:\d+)\""),
    _form("map", "map ://", rf"{_START}(?:regex_)?map(?:_with_\w+)?[ \t]+\S+[ \t]+([a-z]+://\S+)"),
    _form(
        "redirect",
        "redirect ://",
        rf"{_START}(?:regex_)?redirect(?:_temporary)?[ \t]+\S*/\S*[ \t]+(https?://\S+)",
        is_redirection=True,
    ),
    _form("parent", "parent= dest_", r"(?<!\w)(?:secondary_)?parent=\"([^\"\n]+)\"", is_list=True),
    _form("upstream", "upstream", rf"{_START}upstream[ \t]+(?:http|socks[45])[ \t]+(\S+)"),
    _form("forward", "forward", rf"{_START}forward(?:-socks\w+)?[ \t]+/[ \t]+(?!\.(?:[ \t]|$))(\S+)"),
    _form("forward", "forward-socks", rf"{_START}forward-socks\w+[ \t]+/[ \t]+\S+[ \t]+(?!\.[ \t]*$)(\S+)"),
    _form("parent", "parent", rf"{_START}parent[ \t]+\d+[ \t]+[a-z0-9+]+[ \t]+(\S+)[ \t]+\d+"),
    _form(
        "the server of a tunnel",
        "server addr local port",
        rf"{_START}[\"']?server_?[aA]ddr[\"']?[ \t]*[=:][ \t]*[\"']?([^\s\"',]+)",
        r"\blocal_?[pP]ort\b",
    ),
    _form("host of a worker", "worker. .host", rf"{_START}worker\.[\w.-]+\.host[ \t]*=[ \t]*(\S+)"),
    _form(
        "upstreams", "upstreams ://", rf"{_START}upstreams[ \t]*=[ \t]*\[([^\]]*://[^\]]*)\]", is_list=True
    ),
    _form(
        "a forwarding",
        "",
        rf"{_START}(?:[\d.]+|localhost|::)[ \t]+\d+(?:/\w+)?[ \t]+([^\s#]+)[ \t]+\d+(?:/\w+)?[ \t]*$",
        file="rinetd.conf",
    ),
    _form("socat", "-listen:", rf"{_SOCAT}{_SOCAT_HOST}[\w$]"),
    _form("socat", "-listen:", rf"{_SOCAT_VIA}{_SOCAT_HOST}"),
    _form("socat", "-listen:", rf"{_SOCAT_VIA}[^\s:]+:(?:\d+:)?{_SOCAT_HOST}"),
    _form("DNAT", "--to-destination", r"--to-destination[ \t=]+[\"']?([^\s\"';]+)"),
    _form(
        "a backend",
        "backend .host",
        r"\.(?:host|via)[ \t]*=[ \t]*(\"[^\"\n]*\")",
        r"(?<![\w.-])backend\s+\w+\s*\{",
    ),
    _form(
        "a director",
        "dynamic .backend(",
        r"\.backend\(\s*(?:host\s*=\s*)?(\"[^\"\n]*\"|[\w.-]+)",
        r"\bdynamic\.(?:director|resolver)\b",
    ),
    _form("goto", "goto.dns", r"goto\.dns_(?:backend|director)\(\s*(\"[^\"\n]*\"|[\w.]+)"),
    _form(
        "a redirection",
        ".http.location",
        r"\.http\.[Ll]ocation[ \t]*=[ \t]*\"(https?://[^\"\n]+)\"",
        is_redirection=True,
    ),
)
_VCL: Final = re.compile(r"(?m)^\s*(?:vcl\s+4|backend\s+\w+\s*\{)")
_VCL_COMMENT: Final = re.compile(r"(?ms)(?<!\S)//.*?$|/\*.*?\*/")
_POUND: Final = re.compile(r"(?ims)^[ \t]*(?:BackEnd|Emergency)\b[^\n]*\n(.*?)^[ \t]*End\b")
_POUND_ADDRESS: Final = re.compile(r"(?im)^[ \t]*Address[ \t]+[\"']?([^\s\"']+)")
_NFT: Final = re.compile(
    r"(?<![\w-])dnat[ \t]+(?:ip6?[ \t]+)?(?:prefix[ \t]+)?(?:addr[ \t.]+port[ \t]+)?to\s+([^;\n}]+)"
)
_NFT_VARIABLE: Final = re.compile(r"\$(\w+)")


def targets_in_directives(text: str, lowered: str, name: str = "") -> Iterator[Target]:
    """Yield every place that a text leads to by a directive; ``name`` is what its file is called."""
    forms = [form for form in _FORMS if _fits(form, lowered, name)]
    has_blocks = "backend" in lowered and "address" in lowered
    has_dnat = "dnat" in lowered and " to" in lowered
    if not forms and not has_blocks and not has_dnat:
        return
    bare = COMMENT.sub("", text.replace("\\\n", " "))
    if _VCL.search(bare):
        bare = _VCL_COMMENT.sub("", bare)
    for form in forms:
        if form.sign is None or form.sign.search(bare):
            yield from _found(form, bare)
    for block in _POUND.finditer(bare) if has_blocks else ():
        for match in _POUND_ADDRESS.finditer(block[1]):
            yield from _led("BackEnd", match[1])
    if has_dnat:
        yield from _translated(bare)


def _fits(form: _Form, lowered: str, name: str) -> bool:
    return name.endswith(form.file) if form.file else all(mark in lowered for mark in form.marks)


def _found(form: _Form, text: str) -> Iterator[Target]:
    for match in form.pattern.finditer(text):
        for part in _PARTS.split(match[1]) if form.is_list else (match[1],):
            if form.is_redirection:
                found = redirection(form.what, part)
                if found:
                    yield found
            else:
                yield from _led(form.what, part)


def _led(what: str, part: str) -> Iterator[Target]:
    bare = part.strip("\"'").partition("|")[0]
    found = upstream(what, bare if "://" in bare else _USER.sub("", bare))
    if found:
        yield found


def _translated(text: str) -> Iterator[Target]:
    """Yield the addresses that nft writes into packets, from a map or a variable as well."""
    for match in _NFT.finditer(text):
        meant = match[1]
        for name in _NFT_VARIABLE.findall(meant):
            defined = re.search(rf"(?m)^[ \t]*define[ \t]+{name}[ \t]*=[ \t]*(.+)$", text)
            meant = meant.replace(f"${name}", defined[1] if defined else "")
        addresses = _ADDRESS.findall(meant)
        yield from (Target("dnat", address) for address in addresses)
        if not addresses:
            yield Target("dnat", "")
