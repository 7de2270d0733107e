"""Images that a command has a container tool pull or run: ``docker run``, ``ctr images pull``.

Each option that takes the word after it would have to be known for certainty. The usual ones are; behind any
other the next word counts as its value, unless it is pinned by a digest, as an honest image is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from policies.workloads.command_line import Token, base_name
from policies.workloads.launchers import CONTAINER_TOOLS

__all__ = ["images_run"]

_GROUPS: Final = frozenset({"c", "container", "containers", "i", "image", "images", "service"})
_OTHER_GROUPS: Final = frozenset(
    {
        *("builder", "buildx", "compose", "config", "content", "context", "kube", "leases", "machine"),
        *("manifest", "namespaces", "network", "ns", "plugin", "pod", "secret", "snapshots", "stack"),
        *("swarm", "system", "tasks", "volume"),
    }
)
"""Groups of commands that have verbs of the same names and take no image."""
_VERBS: Final = frozenset({"create", "pull", "run"})
_FILES: Final = {"crictl": frozenset({"create", "run"})}
"""Verbs whose words are files that describe a container."""
_SWITCHES: Final = frozenset(
    {
        *("--all-platforms", "--all-tags", "--detach", "--disable-content-trust", "--init", "--interactive"),
        *("--no-healthcheck", "--net-host", "--no-hosts", "--null-io", "--oom-kill-disable", "--plain-http"),
        *("--privileged", "--publish-all", "--quiet", "--read-only", "--replace", "--rm", "--rmi"),
        *("--skip-verify", "--sig-proxy", "--tls-verify", "--tty"),
    }
)
_SWITCH_LETTERS: Final = frozenset("aditPqk")
_VALUES: Final = frozenset(
    {
        *("--add-host", "--cap-add", "--cap-drop", "--cpus", "--creds", "--device", "--dns", "--entrypoint"),
        *("--env", "--env-file", "--expose", "--gpus", "--hostname", "--ip", "--ipc", "--label"),
        *("--label-file", "--log-driver", "--log-opt", "--memory", "--mount", "--name", "--net", "--network"),
        *("--pid", "--platform", "--publish", "--pull", "--restart", "--runtime", "--shm-size"),
        *("--security-opt", "--sysctl", "--tmpfs", "--ulimit", "--user", "--volume", "--volumes-from"),
        *("--workdir", "-a", "-c", "-e", "-h", "-l", "-m", "-p", "-u", "-v", "-w"),
    }
)
_PINNED: Final = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")


def images_run(words: Sequence[Token]) -> Iterator[str]:
    """Yield the image of a command that pulls or runs one, behind whatever wrappers; empty if unreadable.

    A command that names none, such as a list of containers, yields nothing.
    """
    names = [base_name(word.text) for word in words]
    start = next((index for index, name in enumerate(names) if name in CONTAINER_TOOLS), None)
    if start is None:
        return
    verb = _verb(words, start)
    if verb is None or words[verb].text in _FILES.get(names[start], ()):
        return
    image = _image(words[verb + 1 :])
    if image is not None:
        yield image.text if image.readable else ""


def _verb(words: Sequence[Token], start: int) -> int | None:
    """Return where the verb stands; a word behind an option may be its value."""
    after_option = False
    for index in range(start + 1, len(words)):
        text = words[index].text
        if text.startswith("-"):
            after_option = "=" not in text
        elif text in _VERBS:
            return index
        elif text not in _GROUPS and (text in _OTHER_GROUPS or not after_option):
            return None
        else:
            after_option = False
    return None


def _image(words: Sequence[Token]) -> Token | None:
    option = ""
    for word in words:
        if option:
            is_image = option not in _VALUES and _PINNED.fullmatch(word.text) is not None
            option = ""
            if not is_image:
                continue
            return word
        if word.text == "--" or not word.text.startswith("-"):
            if word.text != "--":
                return word
        elif not _stands_alone(word.text):
            option = word.text
    return None


def _stands_alone(option: str) -> bool:
    """Return True for an option that leaves the next word alone: a switch, or one with its value in it."""
    if option.startswith("--"):
        return "=" in option or option in _SWITCHES
    letters = option[1:]
    first_value = next((index for index, letter in enumerate(letters) if letter not in _SWITCH_LETTERS), None)
    if first_value is None:
        return option not in _VALUES
    return first_value < len(letters) - 1
