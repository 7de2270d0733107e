"""Programs that run another program named among their arguments, or a text as a program."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from policies.workloads.command_line import Token, base_name
from policies.workloads.program_names import LAUNCHERS

__all__ = [
    "CONTAINER_TOOLS",
    "INLINE_FLAGS",
    "JOINING",
    "STRICT_LAUNCHERS",
    "WRITERS",
    "changes_cluster",
    "launched",
]

STRICT_LAUNCHERS: Final = frozenset(
    {
        *(
            "accelerate",
            "bunx",
            "chpst",
            "chrt",
            "conda",
            "deepspeed",
            "dockerize",
            "entr",
            "expect",
            "fakeroot",
        ),
        *(
            "firejail",
            "hatch",
            "linux64",
            "ltrace",
            "make",
            "mamba",
            "micromamba",
            "mpiexec",
            "mpirun",
            "npx",
        ),
        *(
            "nsenter",
            "parallel",
            "pdm",
            "pipenv",
            "pipx",
            "pixi",
            "poetry",
            "prlimit",
            "proot",
            "ray",
            "runuser",
        ),
        *(
            "rye",
            "s6-svscan",
            "setarch",
            "setpriv",
            "srun",
            "start-stop-daemon",
            "supervisord",
            "systemd-run",
        ),
        *("torchrun", "unbuffer", "uv", "uvx", "wait-for-it", "wait-for-it.sh", "with-contenv", "xvfb-run"),
    }
)
"""Programs that run others in ways that are not taken apart here: every word of theirs must be readable."""

JOINING: Final[Mapping[str, str]] = {"flock": "c", "runuser": "c", "script": "c", "sg": "c", "su": "c"}
"""Programs that give the word after an option to a shell."""

CONTAINER_TOOLS: Final = frozenset({"crictl", "ctr", "docker", "nerdctl", "podman"})
_CLUSTER_TOOLS: Final = frozenset({"argocd", "flux", "helm", "k0s", "k3s", "kubectl", "microk8s", "oc"})
_CHANGING: Final = frozenset(
    {
        *(
            "apply",
            "attach",
            "create",
            "cp",
            "debug",
            "edit",
            "exec",
            "install",
            "kustomize",
            "patch",
            "replace",
        ),
        *("run", "server", "set", "sync", "upgrade"),
    }
)

INLINE_FLAGS: Final[Mapping[str, str]] = {
    "bun": "ep",
    "deno": "",
    "gawk": "",
    "guile": "c",
    "julia": "eE",
    "lua": "e",
    "luajit": "e",
    "node": "ep",
    "nodejs": "ep",
    "perl": "eE",
    "php": "rBRE",
    "pwsh": "c",
    "ruby": "e",
    "tclsh": "",
}
"""Interpreters, and the letters of the options whose value is a program."""

WRITERS: Final = frozenset(
    {
        *(
            "apk",
            "apt",
            "apt-get",
            "base64",
            "chmod",
            "cp",
            "curl",
            "dd",
            "dnf",
            "git",
            "gunzip",
            "install",
            "ln",
        ),
        *("microdnf", "mv", "openssl", "patch", "pip", "pip3", "rclone", "rsync", "scp", "sed", "tar", "tee"),
        *("truncate", "unzip", "wget", "xxd", "yum"),
    }
)
"""Programs by which a script puts files in place."""

_PLAIN_NUMBER = re.compile(r"[0-9.]+[a-z]?")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)


def launched(name: str, words: Sequence[Token]) -> tuple[int | None, bool]:
    """Return where the program stands among the words after a launcher, and whether that is certain.

    None if it names none. Where it is not certain, every word must be readable.
    """
    operands, taking, plain_letters = LAUNCHERS[name]
    certain = True
    index = 0
    while index < len(words):
        word = words[index]
        if not word.readable:
            return index, certain
        text = word.text
        if text == "--":
            return (index + 1 + operands if index + 1 + operands < len(words) else None), certain
        if text.startswith("--"):
            certain = certain and "=" in text
        elif text.startswith("-") and len(text) > 1:
            letters = text[1:]
            if letters[0] in taking:
                index += len(letters) == 1
            elif not all(letter in plain_letters for letter in letters):
                certain = False
        elif operands:
            operands -= 1
        elif not (_ASSIGNMENT.fullmatch(text) or _PLAIN_NUMBER.fullmatch(text)):
            return index, certain
        index += 1
    return None, certain


def changes_cluster(name: str, words: Sequence[Token]) -> bool:
    """Return True if a program can put workloads into a cluster or onto a node that no rule sees."""
    if base_name(name) in CONTAINER_TOOLS:
        return True
    if base_name(name) not in _CLUSTER_TOOLS:
        return False
    return any(not word.readable or word.text in _CHANGING for word in words)
