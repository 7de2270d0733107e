"""User data for cloud-init: files, then one command. What it may weigh is checked here, not by the API."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

__all__ = [
    "USER_DATA_LIMIT",
    "MachineFile",
    "UserDataTooLargeError",
    "cloud_config",
    "environment_file",
    "static",
    "templated",
]

USER_DATA_LIMIT: Final = 32 * 1024
"""Bytes that Hetzner's API takes (pulumi-hcloud 1.43.3, docstring of ``Server.user_data``)."""

_PACKAGE: Final = "components.clouds.hetzner.machines"

_DEBIAN: Final = {
    "primary": "https://mirror.hetzner.com/debian/packages",
    "security": "https://mirror.hetzner.com/debian/security",
}
"""Hetzner's own copy of Debian, in Germany and Finland; Debian's own name leads to machines anywhere."""


class UserDataTooLargeError(ValueError):
    """The user data of a server is larger than the API takes."""

    def __init__(self, server: str, size: int) -> None:
        """Name the server and both sizes in bytes."""
        super().__init__(
            f"user data of server {server}: found {size} bytes, allowed: up to {USER_DATA_LIMIT} (32 KiB). "
            "Take something out of components/clouds/hetzner/machines, or fetch it from the bucket"
        )


@dataclass(frozen=True, kw_only=True)
class MachineFile:
    """One file that cloud-init writes before the command runs."""

    path: str
    content: str
    mode: str = "0600"
    """Octal, as cloud-init takes it; the owner is root."""


def static(name: str) -> str:
    """A file of this folder as it is."""
    return resources.files(_PACKAGE).joinpath(name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(_PACKAGE, ""),
        undefined=StrictUndefined,
        autoescape=select_autoescape(default=False),
        keep_trailing_newline=True,
    )


def templated(name: str, **values: object) -> str:
    """A template of this folder with its values; one left out is an error."""
    return _environment().get_template(name).render(**values)


def environment_file(variables: Mapping[str, str]) -> str:
    """Variables for a shell to read, each value quoted, so that none can become a command."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


def cloud_config(server: str, files: Sequence[MachineFile], program: str) -> str:
    """The user data of ``server``: packages from Hetzner's mirror, no login by password, files, a program.

    cloud-init runs a command once, whatever comes of it. So it starts a unit, and that one tries the program,
    a shell script, until it has worked.

    Raises:
        UserDataTooLargeError: it is larger than 32 KiB.
    """
    document = {
        "apt": {
            "preserve_sources_list": False,
            **{kind: [{"arches": ["default"], "uri": uri}] for kind, uri in _DEBIAN.items()},
        },
        "ssh_pwauth": False,
        "disable_root": True,
        "chpasswd": {"expire": False},
        "write_files": [
            {"path": file.path, "permissions": file.mode, "owner": "root:root", "content": file.content}
            for file in (*files, *_installation(program))
        ],
        "runcmd": [
            ["systemctl", "daemon-reload"],
            ["systemctl", "enable", "--now", "--no-block", "sovereign-install.service"],
        ],
    }
    text = f"#cloud-config\n{yaml.safe_dump(document, sort_keys=False, width=10_000)}"
    size = len(text.encode())
    if size > USER_DATA_LIMIT:
        raise UserDataTooLargeError(server, size)
    return text


def _installation(program: str) -> list[MachineFile]:
    return [
        MachineFile(path="/etc/sovereign/attempt.sh", content=static("attempt.sh")),
        MachineFile(path="/usr/local/sbin/sovereign-install", content=program, mode="0755"),
        MachineFile(
            path="/etc/systemd/system/sovereign-install.service",
            content=static("install.service"),
            mode="0644",
        ),
    ]
