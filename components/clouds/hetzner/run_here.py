"""Commands that run where the program runs: scripts of this package, in Python without further packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Final

import pulumi
import pulumi_command as command

__all__ = ["INTERPRETER", "run_here", "script"]

INTERPRETER: Final = ("python3", "-c")
"""Whoever runs the program has Python: the program is written in it."""

_PACKAGE: Final = "components.clouds.hetzner"


def script(path: str) -> str:
    """The text of a script, by its path below this package."""
    return resources.files(_PACKAGE).joinpath(path).read_text(encoding="utf-8")


def run_here(
    name: str,
    *,
    create: str | None = None,
    delete: str | None = None,
    environment: Mapping[str, pulumi.Input[str]],
    triggers: Sequence[pulumi.Input[str]] = (),
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> command.local.Command:
    """A command with a provider of its own. What it must know comes in its environment, never in its text.

    Args:
        name: logical name.
        create: script that runs when it is made, and again when ``triggers`` or ``environment`` change.
        delete: script that runs when it is taken away, before ``after``.
        environment: variables of both scripts.
        triggers: values whose change makes it anew.
        parent: the component that it belongs to.
        after: what must stand first.
    """
    provider = command.Provider(f"{name}-command", opts=pulumi.ResourceOptions(parent=parent))
    return command.local.Command(
        name,
        interpreter=list(INTERPRETER),
        create=create,
        delete=delete,
        environment=dict(environment),
        triggers=list(triggers) or None,
        opts=pulumi.ResourceOptions(parent=parent, provider=provider, depends_on=list(after)),
    )
