"""The files that cloud-init writes, which of them the machine runs, and what its cluster applies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from policies.decoding import from_base64
from policies.hosts import readings

__all__ = ["UNSEEN_MANIFEST", "WrittenFile", "puts_a_manifest", "written_files"]

UNSEEN_MANIFEST: Final = "it writes a manifest that the machine's own cluster applies, unseen"
_MANIFESTS: Final = (
    r"/(?:var/lib/rancher/(?:k3s|rke2)/(?:server|agent)(?:/[^/\s'\";&|]+)*/(?:pod-)?manifests"
    r"|var/lib/k0s/manifests|etc/kubernetes/manifests)"
)
"""Folders whose files k3s, RKE2, k0s and the kubelet apply by themselves."""
_APPLIED: Final = re.compile(rf"{_MANIFESTS}/(?!.*\.skip$).+")
_INTO: Final = re.compile(rf"(?P<before>[^\n;&|(]*?){_MANIFESTS}(?P<file>/[^\s'\";&|)]*)?")
_HARMLESS: Final = frozenset(
    {"[", "[[", "chmod", "chown", "if", "ls", "mkdir", "rm", "stat", "test", "while"}
)
"""Commands, with a folder of manifests among their words, that put nothing there."""
_RUN_BY_ITSELF: Final = re.compile(
    r"/etc/(?:cron|init\.d/|rc\.local|rc\d*\.d/|profile|bash\.bashrc|update-motd\.d/|network/if-|"
    r"NetworkManager/dispatcher\.d/|networkd-dispatcher/|systemd/system-generators/)"
    r"|/var/lib/cloud/scripts/|/var/spool/cron/|/(?:root|home/[^/]+)/\.(?:bash|profile|zsh)"
    r"|/(?:usr/)?lib/systemd/system-(?:generators|shutdown|sleep)/"
)
"""Places whose files a system runs, or reads into a shell, by itself. Tables of cron are told apart later."""
_DATA: Final = re.compile(
    r"\.(?:cfg|cnf|conf|container|crt|csv|env|html|ini|json|key|link|list|mount|netdev|network|pem|pub|repo|rules"
    r"|service|socket|sources|target|timer|toml|txt|xml|ya?ml)$"
)
"""Names of files that are read and not run, unless something runs one all the same."""
_INTERPRETERS: Final = (
    r"(?:\.|source|exec|env|sudo|doas|nohup|setsid|run-parts|systemd-run|xargs|eval"
    r"|(?:ba|da|a|k|z)?sh|python[\d.]*|perl|ruby|node|php|lua)"
)
_UNPACKED: Final = frozenset({"", "text/plain"})
_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One file, with all that is appended to it."""

    where: str
    path: str
    content: str = ""
    is_run: bool = False
    """True if the machine runs it, as a script of the shell unless its first line says otherwise."""
    interpreter: str = ""
    """The program that runs it, if that is no shell."""
    problem: str = ""


def written_files(where: str, fields: Mapping[str, Any]) -> Iterator[WrittenFile]:
    """Yield every file of ``write_files``, or why nobody can read it."""
    files = fields.get("write_files")
    found: dict[str, tuple[str, str, bool]] = {}
    for index, entry in enumerate(cast("list[Any]", files) if isinstance(files, list) else []):
        if not isinstance(entry, Mapping):
            continue
        place, each = f"{where}, write_files[{index}]", cast("Mapping[str, Any]", entry)
        path = str(each.get("path", ""))
        content, problem = _content(each)
        if problem or _APPLIED.fullmatch(path):
            yield WrittenFile(place, path, problem=problem or UNSEEN_MANIFEST)
            continue
        first, before, can_run = found.get(path, (place, "", False))
        is_more = str(each.get("append", "")).lower() in {"true", "yes", "on", "1"}
        can_run = can_run or _is_executable(str(each.get("permissions", "")))
        found[path] = (first, before + content if is_more else content, can_run)
    said = [text for key in ("bootcmd", "runcmd") for text in _texts(fields.get(key))]
    for path, (place, content, can_run) in found.items():
        others = [each[1] for name, each in found.items() if name != path]
        program = _program(path, "\n".join((*said, *others[:_MOST])))
        is_run = can_run or program is not None or _RUN_BY_ITSELF.match(path) is not None
        yield WrittenFile(place, path, content, is_run, program or "")


def _content(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return the content of a file, and why it cannot be read."""
    if entry.get("source"):
        return "", "it takes a file from elsewhere, where nobody can read it"
    content, encoding = entry.get("content"), str(entry.get("encoding", "")).lower()
    if not isinstance(content, str):
        return "", ""
    if "gz" in encoding:
        return "", "it writes a file whose content is packed, so nobody can read it"
    if encoding in _UNPACKED:
        return content, ""
    decoded = from_base64(content) if encoding.startswith(("b64", "base64")) else content
    return (decoded, "") if decoded is not None else ("", "it writes a file whose content cannot be decoded")


def _is_executable(permissions: str) -> bool:
    digits = permissions.lower().removeprefix("0o")[-3:]
    return digits.isdecimal() and any(int(digit) & 1 for digit in digits)


def _texts(value: Any) -> Iterator[str]:
    """Yield the commands of a list as lines of a shell."""
    for entry in cast("list[Any]", value) if isinstance(value, list) else []:
        if isinstance(entry, list):
            yield " ".join(str(word) for word in cast("list[Any]", entry))
        elif isinstance(entry, str):
            yield entry


def _program(path: str, commands: str) -> str | None:
    """Return the program with which commands run a file, empty for a shell; None if they do not run it.

    A name that is no name of data counts wherever a command has it: a script is handed on in many ways.
    """
    name = path.rpartition("/")[2]
    if not name or name not in commands:
        return None
    start = rf"(?:^|[\n;&|(`{{]|(?<![\w/.-]){_INTERPRETERS}(?:[ \t]+-\S+)*[ \t])[ \t]*"
    run = re.search(rf"{start}['\"]?(?:[\w./$}}{{~-]*/)?{re.escape(name)}(?![\w.-])", commands)
    if run is not None:
        return next(iter(re.findall(r"python[\d.]*|perl|ruby|node|php|lua", run[0].removesuffix(name))), "")
    is_named = re.search(rf"(?<![\w.-]){re.escape(path)}(?![\w.-])", commands) is not None
    return "" if is_named and not _DATA.search(name) else None


def puts_a_manifest(script: str) -> bool:
    """Return True if a shell script puts a file where the machine's own cluster applies it."""
    if "manifests" not in script:
        return False
    return any(_puts(match) for reading in readings(script, {}) for match in _INTO.finditer(reading))


def _puts(match: re.Match[str]) -> bool:
    file = match["file"] or ""
    words = [word for word in match["before"].split() if word not in {"sudo", "then", "do", "!"}]
    if ">" in match["before"]:
        return not file.endswith(".skip")
    return not (file.endswith(".skip") or (words and words[0] in _HARMLESS))
