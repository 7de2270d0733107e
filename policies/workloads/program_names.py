"""Names of shells, of Python and of the programs that start the one named after them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["LAUNCHERS", "PYTHON", "SHELLS"]

SHELLS: Final = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh", "mksh", "rbash", "fish", "csh", "tcsh"})
PYTHON: Final = re.compile(r"(?:python|pypy)[0-9.]*")

LAUNCHERS: Final[Mapping[str, tuple[int, str, str]]] = {
    "builtin": (0, "", ""),
    "catatonit": (0, "", "g"),
    "chroot": (1, "", ""),
    "command": (0, "", "p"),
    "coproc": (0, "", ""),
    "doas": (0, "uC", "n"),
    "dumb-init": (0, "r", "cv"),
    "env": (0, "uC", "i0v"),
    "exec": (0, "a", "cl"),
    "gosu": (1, "", ""),
    "ionice": (0, "cn", "t"),
    "nice": (0, "n", ""),
    "nohup": (0, "", ""),
    "numactl": (0, "CNlmip", ""),
    "s6-setuidgid": (1, "", ""),
    "setsid": (0, "", "cfw"),
    "stdbuf": (0, "ioe", ""),
    "strace": (0, "eop", "fqvy"),
    "su-exec": (1, "", ""),
    "sudo": (0, "ugp", "EHn"),
    "taskset": (1, "", "ac"),
    "time": (0, "fo", "pv"),
    "timeout": (1, "ks", "v"),
    "tini": (0, "pe", "gsvw"),
    "tini-static": (0, "pe", "gsvw"),
    "unshare": (0, "", ""),
    "xargs": (0, "EILPadns", "0rtpx"),
}
"""By name: how many words stand before the program, which options take a word, which take none."""
