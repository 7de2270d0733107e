"""Which Python runs a program or a policy pack."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["interpreter_for"]


def interpreter_for(root: Path, options: Mapping[str, Any]) -> str:
    """The project's own Python when `runtime.options.virtualenv` names an environment that exists, else ours.

    A project that brings Python sources only therefore runs with the SDKs installed beside this package.
    """
    named = options.get("virtualenv")
    if isinstance(named, str) and named:
        own = root / named / "bin" / "python"
        if own.exists():
            return str(own)
    return sys.executable
