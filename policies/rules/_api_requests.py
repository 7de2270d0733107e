"""Requests that a command line sends to the API of a cloud, and that do more than read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from catalog import Catalog
from policies.hosts import hosts_in
from policies.models.command_lines import CommandLine
from policies.workloads.command_line import Token, base_name

__all__ = ["changing_requests"]

_CLIENTS: Final = frozenset({"curl", "http", "https", "wget", "xh", "xhs"})
_WITH_FIELDS: Final = frozenset({"http", "https", "xh", "xhs"})
"""Clients that send what stands as ``key=value`` on their command line."""
_TAKING: Final = frozenset(
    {"--cacert", "--cert", "--connect-timeout", "--header", "--key", "--max-time", "--output", "--retry"}
    | {"--user", "--user-agent", "--write-out", "-A", "-H", "-m", "-o", "-u", "-w"}
)
"""Options whose value changes nothing, so a variable may hold it."""
_CHANGING: Final = re.compile(
    r"-[^-HuAobecmwxE]*[XdFTK].*|--(?:request|method|data|json|form|upload-file|config|post-|body-)[\w-]*(?:=.*)?"
    r"|DELETE|PATCH|POST|PUT"
)
"""Words by which a client sends something, changes its method, or takes its words from a file."""
_READING: Final = frozenset({"-XGET", "-XHEAD", "--request=GET", "--request=HEAD", "--method=GET"})
_METHOD: Final = frozenset({"-X", "--request", "--method"})
_FIELD: Final = re.compile(r"[\w.\[\]-]+(?::=|=(?!=)|@).*")


def changing_requests(line: CommandLine, catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield the client and the host of each request to the API of a cloud that may change something."""
    for words in line.runs.commands:
        for index, word in enumerate(words):
            client = base_name(word.text) if word.readable else ""
            if client in _CLIENTS and _changes(client, words[index + 1 :]):
                for host in _apis(words[index + 1 :], line, catalog):
                    yield client, host
                break


def _apis(words: Sequence[Token], line: CommandLine, catalog: Catalog) -> Iterator[str]:
    for name in sorted({name for word in words for name in hosts_in(word.text, line.environment)}):
        row = catalog.host(name)
        if row is not None and row.cloud is not None and "api" in name.split("."):
            yield name


def _changes(client: str, words: Sequence[Token]) -> bool:
    before = ""
    for word in words:
        if before in _METHOD:
            if not (word.readable and word.text in {"GET", "HEAD"}):
                return True
        elif before not in _TAKING and _may_change(client, word):
            return True
        before = word.text
    return False


def _may_change(client: str, word: Token) -> bool:
    if not word.readable:  # nothing but a variable, which may hold any option
        return not word.text
    if word.text in _READING or word.text in _METHOD:
        return False
    is_field = client in _WITH_FIELDS and _FIELD.fullmatch(word.text) is not None
    return is_field or _CHANGING.fullmatch(word.text) is not None
