"""Whether local stand-ins play the clouds, so that made-up locks and images may be used.

One variable is soon set, or left over in a shell. So what a rehearsal really rests on is asked for as well:
the engine is told to call stand-ins instead of the provider of every cloud, and keeps its state in the
rehearsal's own workspace. Where that is so, no cloud can be reached, whoever has set the variables.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from policies.locality import load_locality

__all__ = ["BACKEND", "STAND_INS", "WORKSPACE", "played_packages", "rehearsal_workspace"]

WORKSPACE: Final = "SOVEREIGN_REHEARSAL"
"""Variable with the path of the workspace."""
STAND_INS: Final = "PULUMI_DEBUG_PROVIDERS"
"""Variable with ``package:port`` of each running provider that the engine calls instead of a plugin."""
BACKEND: Final = "PULUMI_BACKEND_URL"
"""Variable with the place of the state."""


@cache
def played_packages() -> frozenset[str]:
    """Return the packages that a stand-in must answer for: those of the clouds and of clusters."""
    clouds = (package for package, table in load_locality().clouds.items() if table.cloud)
    return frozenset({*clouds, "kubernetes"})


def rehearsal_workspace(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the workspace of the rehearsal that this process runs in, or None if this is none."""
    workspace = environment.get(WORKSPACE, "")
    played = {entry.partition(":")[0].strip() for entry in environment.get(STAND_INS, "").split(",")}
    state_is_inside = environment.get(BACKEND, "").startswith(f"file://{workspace}/")
    return Path(workspace) if workspace and state_is_inside and played_packages() <= played else None
