"""What the engine starts to run a policy pack: the SDK's own policy runtime, in the pack's own Python.

The engine hands over stack and configuration in the environment, so that a pack may read them while it loads.
"""

import os
import sys
from pathlib import Path

from rehearsal.language.interpreter import interpreter_for

__all__ = ["main"]


def main() -> None:
    """Become the policy runtime. The engine calls it in the pack's directory: `ENGINE . [-option=value]`."""
    engine, pack, *flags = sys.argv[1:]
    options = dict(flag.removeprefix("-").split("=", 1) for flag in flags if "=" in flag)
    python = interpreter_for(Path(pack).resolve(), options)
    os.execv(python, [python, "-u", "-m", "pulumi.policy", engine, pack])


if __name__ == "__main__":
    main()
