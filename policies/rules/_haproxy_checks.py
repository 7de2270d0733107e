"""What can be wrong with an HAProxy configuration: where it sends, whether it looks, where it ends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from policies.proxies.haproxy import Configuration, Line, Section
from policies.rules._destinations import host_of

__all__ = ["mistakes"]

HostProblem = Callable[[str], str]
"""Returns why a host does not stand in the jurisdiction, or an empty text."""

_REFUSED: Final[Mapping[tuple[str, ...], str]] = {
    ("dispatch",): "sends requests to an address that nothing checks",
    ("external-check",): "runs a program",
    ("filter", "spoe"): "shows requests to an agent that another file names",
    ("http-request", "set-dst"): "takes the address from the request",
    ("load-server-state-from-file",): "takes the servers' addresses from a file",
    ("lua-load",): "runs code that nobody here has read",
    ("lua-load-per-thread",): "runs code that nobody here has read",
    ("option", "http_proxy"): "takes the address from the request",
    ("option", "transparent"): "takes the address from the connection",
    ("tcp-request", "connection", "set-dst"): "takes the address from the connection",
    ("tcp-request", "content", "set-dst"): "takes the address from the connection",
    ("tcp-request", "session", "set-dst"): "takes the address from the connection",
    ("transparent",): "takes the address from the connection",
}
"""Directives that send somewhere, or run something, that no reader of the configuration can tell."""

_FINAL_ACTIONS: Final = frozenset({"deny", "reject", "return", "silent-drop", "tarpit"})
_CONDITIONS: Final = frozenset({"if", "unless"})
_ADDRESS_OPTIONS: Final = frozenset({"addr", "agent-addr", "socks4"})
"""Options of a server that name a second address."""
_FAMILY: Final = re.compile(r"(?:(?:ip|tcp|udp|quic|mptcp)[46v]*|(?:stream|dgram)\+[a-z0-9]+)@")
_LOCAL: Final = ("/", "unix@", "abns@", "abnsz@", "fd@", "sockpair@")
_LOG_TARGETS: Final = frozenset({"stdout", "stderr", "global"})
_LOCATION_HEADERS: Final = frozenset({"location", "refresh", "content-location", "alt-svc"})


def mistakes(configuration: Configuration, host_problem: HostProblem) -> Iterator[str]:
    """Yield everything that is wrong, each as the line and what it does."""
    for section in configuration.sections:
        for line in section.own:
            yield from _line_mistakes(line, section, configuration, host_problem)
        if section.kind == "program":
            yield f"line {section.number}: a section program runs a program beside HAProxy"
        if section.kind in {"backend", "listen"}:
            yield from _unchecked(section)
        if section.kind in {"frontend", "listen"}:
            yield from _open_end(section, configuration)


def _line_mistakes(
    line: Line, section: Section, configuration: Configuration, host_problem: HostProblem
) -> Iterator[str]:
    where, keyword = f"line {line.number} ({section.label})", line.words[0]
    reason = next((why for words, why in _REFUSED.items() if line.starts_with(*words)), "")
    if reason:
        yield f"{where}: {' '.join(line.words[:2])} {reason}"
    for text in _destinations(line, section):
        problem = _destination_problem(text, host_problem)
        if problem:
            yield f"{where}: {' '.join(line.words[:2])} names a host that {problem}"
    if keyword in {"use_backend", "default_backend"}:
        target = line.words[1] if len(line.words) > 1 else ""
        if target not in configuration.backends():
            yield f"{where}: {keyword} names a backend that this configuration does not have"
    if any(word.startswith("lua.") for word in line.words):
        yield f"{where}: it runs code that nobody here has read"


def _destinations(line: Line, section: Section) -> Iterator[str]:
    """Yield every address that a directive sends something to."""
    words = line.words
    match words[0]:
        case "server" | "default-server" | "server-template" | "peer":
            first = {"server": 2, "peer": 2, "server-template": 3}.get(words[0])
            if len(words) > (first or 0) and first is not None:
                yield words[first]
            elif (
                first is not None and section.kind != "peers"
            ):  # where a line without address is this process
                yield ""
            for option, value in zip(words, (*words[1:], ""), strict=True):
                if option in _ADDRESS_OPTIONS:
                    yield value
        case "nameserver" | "mailer":
            yield words[2] if len(words) > 2 else ""
        case "log":
            target = words[1] if len(words) > 1 else ""
            if target not in _LOG_TARGETS and not target.startswith("ring@"):
                yield target
        case "email-alert" | "http-check" | "tcp-check":
            for option, value in zip(words, (*words[1:], ""), strict=True):
                if option == "addr":
                    yield value
        case "redirect" | "http-request" | "http-response" | "http-after-response":
            yield from _redirections(words)
        case "errorloc" | "errorloc302" | "errorloc303":
            yield from _absolute(words[2] if len(words) > 2 else "")
        case _:
            return


def _redirections(words: tuple[str, ...]) -> Iterator[str]:
    if "redirect" in words[:2]:
        for option, value in zip(words, (*words[1:], ""), strict=True):
            if option in {"location", "prefix"}:
                yield from _absolute(value)
    if (
        len(words) > 3
        and words[1] in {"set-header", "add-header", "replace-header"}
        and words[2].lower() in _LOCATION_HEADERS
    ):
        yield from _absolute(words[4] if words[1] == "replace-header" and len(words) > 4 else words[3])

    if "return" in words[:2]:
        for option, name, value in zip(words, words[1:], (*words[2:], ""), strict=False):
            if option == "hdr" and name.lower() in _LOCATION_HEADERS:
                yield from _absolute(value)


def _absolute(target: str) -> Iterator[str]:
    """Yield a target if it may lead to another host: a path on this one leads nowhere else."""
    stripped = target.strip()
    if stripped.startswith("/") and not stripped.startswith(("//", "/\\")):
        return
    yield "https:" + stripped if stripped.startswith("//") else stripped


def _destination_problem(text: str, host_problem: HostProblem) -> str:
    if "%[" in text or "$" in text:
        return "is computed when a request arrives, so nobody can tell which it is"
    if text.startswith(_LOCAL):
        return ""
    host = host_of(_FAMILY.sub("", text, count=1))
    return host_problem(host) if host is not None else "cannot be read"


def _unchecked(section: Section) -> Iterator[str]:
    servers = [line for line in section.own if line.words[0] in {"server", "server-template"}]
    if not servers or (section.mode == "tcp" and len(servers) == 1 and servers[0].words[0] == "server"):
        return  # with one place to go there is nothing to choose
    checked_by_default = _is_checked(section, False)
    unchecked = [line for line in servers if not _checks(line, checked_by_default)]
    for line in unchecked:
        yield f"line {line.number} ({section.label}): a server without `check`, so a dead one gets requests"
    if section.mode == "http" and (
        section.last("option", "httpchk") is None or section.last("no", "option", "httpchk") is not None
    ):
        yield (
            f"line {section.number} ({section.label}): no `option httpchk`, so an engine that cannot "
            "answer counts as alive"
        )


def _is_checked(section: Section, checked: bool) -> bool:
    for line in section.lines:
        if line.words[0] == "default-server":
            checked = _checks(line, checked)
    return checked


def _checks(line: Line, checked: bool) -> bool:
    for word in line.words:
        if word in {"check", "track"}:
            checked = True
        elif word == "no-check":
            checked = False
    return checked


def _open_end(section: Section, configuration: Configuration) -> Iterator[str]:
    """Yield a mistake if a request that no rule takes does not end in a refusal or a known backend."""
    if section.last("default_backend") is not None:
        return  # that it exists is checked where it is written
    if section.kind == "listen" and any(line.words[0].startswith("server") for line in section.own):
        return
    if any(_refuses_all(line) for line in section.lines):
        return
    if any(map(_shows_figures, section.own)) and not any(
        line.words[0] == "use_backend" for line in section.own
    ):
        return  # HAProxy answers 503 to all but its own pages
    yield (
        f"line {section.number} ({section.label}): it ends neither in a default_backend nor in a refusal of "
        "everything "
        "else"
    )


def _shows_figures(line: Line) -> bool:
    """Return True for a line by which HAProxy itself answers with its statistics."""
    return line.starts_with("stats", "enable") or "prometheus-exporter" in line.words


def _refuses_all(line: Line) -> bool:
    if line.words[0] not in {"http-request", "tcp-request"} or _CONDITIONS & set(line.words):
        return False
    return bool(_FINAL_ACTIONS & set(line.words[1:3]))
