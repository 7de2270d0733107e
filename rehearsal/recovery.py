"""What a killed engine leaves behind, put right before the next one starts."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from rehearsal.cloud import CloudStore
from rehearsal.workspace import Workspace

__all__ = ["checkpoint_of", "recover"]


def checkpoint_of(workspace: Workspace, project: str, stack: str) -> Path | None:
    """The file in which the local backend keeps a stack's state; None when there is no such stack."""
    path = workspace.state / ".pulumi" / "stacks" / project / f"{stack}.json"
    return path if path.exists() else None


def recover(workspace: Workspace, project: str, stack: str) -> None:
    """Remove locks of engines that no longer run, and tell the clouds which objects the stack knows.

    An object that a cloud holds and the state does not was created just before an engine died. The next `up`
    is given it.
    """
    _remove_dead_locks(workspace)
    checkpoint = checkpoint_of(workspace, project, stack)
    if checkpoint is not None and workspace.cloud.exists():
        store = CloudStore(workspace.cloud)
        store.acknowledge(_recorded(checkpoint))
        store.close()


def _recorded(checkpoint: Path) -> Iterator[tuple[str, str]]:
    """URN and id of everything in the state, also of what is only still to be deleted."""
    content: dict[str, Any] = json.loads(checkpoint.read_text())
    latest: dict[str, Any] = content["checkpoint"].get("latest") or {}
    resources: list[dict[str, Any]] = latest.get("resources") or []
    for resource in resources:
        if resource.get("id"):
            yield resource["urn"], resource["id"]


def _remove_dead_locks(workspace: Workspace) -> None:
    for lock in (workspace.state / ".pulumi" / "locks").rglob("*.json"):
        try:
            holder = json.loads(lock.read_text())
            pid, host = int(holder["pid"]), holder.get("hostname")
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if host == os.uname().nodename and not _runs(pid):
            lock.unlink(missing_ok=True)
            print(f"rehearse: removed the lock of an engine that was killed (process {pid})", file=sys.stderr)


def _runs(pid: int) -> bool:
    """Whether the process runs. One that was killed and not yet reaped by its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
