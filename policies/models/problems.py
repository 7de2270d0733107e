"""Why nobody can tell what a command runs, in the words that several readers of commands share."""

from __future__ import annotations

from typing import Final

__all__ = [
    "AWK",
    "CHANGES_PATH",
    "INPUT",
    "OWN_FILE",
    "STARTS_WORKLOADS",
    "UNREADABLE",
    "USUAL_ON_MACHINES",
]

UNREADABLE: Final = (
    "it runs a program whose name is not in the manifest: a shell, a variable or the cluster makes it"
)
INPUT: Final = "reads its program from its input, where nobody can read it"
OWN_FILE: Final = "it runs a file that its own script puts in place"
CHANGES_PATH: Final = "its script writes files and changes where programs are looked for"
AWK: Final = "its awk may run other programs"
STARTS_WORKLOADS: Final = "which can start workloads that no rule sees"
"""How a problem ends that only says that a tool of clusters or containers is run: ``it runs docker, …``."""
USUAL_ON_MACHINES: Final = frozenset({UNREADABLE, OWN_FILE, CHANGES_PATH, AWK})
"""Problems of a container that are daily work where a script sets up a machine: it installs what it then
runs, by functions that run their arguments.
"""
