"""Runs one Pulumi program in this process. Started by path, possibly by another project's Python.

Reads a JSON description from standard input. Exit status 0 means success, 32 that the program failed and
the failure has been reported to the engine.

It leans on the Pulumi SDK alone, since the rehearsal package need not exist in that environment.
"""

import asyncio
import gc
import json
import os
import runpy
import sys
import threading
import time
import traceback
from typing import Any

import pulumi
from pulumi.runtime import configure, run_in_stack, set_all_config
from pulumi.runtime.settings import Settings

REPORTED = 32

# A program lives for seconds and imports SDKs of tens of thousands of classes, none of which is ever garbage:
# looking through them again and again takes longer than the program.
gc.set_threshold(100_000, 20, 100)


def _where(error: BaseException, directory: str) -> str:
    """The traceback, cut to the frames of the program itself and what it called."""
    frames = traceback.extract_tb(error.__traceback__)
    start = next((index for index, frame in enumerate(frames) if frame.filename.startswith(directory)), 0)
    lines = traceback.format_list(frames[start:]) + traceback.format_exception_only(type(error), error)
    return "".join(lines)


def _end_with(parent: int) -> None:
    """End when the rehearsal has been killed: nobody is left to hear, and the SDK would wait for ever."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(REPORTED)


def main() -> int:
    """Run the program that standard input describes."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    asked: dict[str, Any] = json.load(sys.stdin)
    directory: str = asked["directory"]
    os.chdir(directory)
    sys.path[0] = directory
    set_all_config(asked["config"], asked["secret_keys"])
    configure(
        Settings(
            project=asked["project"],
            stack=asked["stack"],
            parallel=asked["parallel"],
            engine=asked["engine"],
            monitor=asked["monitor"],
            dry_run=asked["dry_run"],
            organization=asked["organization"],
            root_directory=asked["root_directory"],
        )
    )
    entry: str = directory if asked["entry"] == "." else os.path.join(directory, asked["entry"])
    sys.argv = [entry, *asked["arguments"]]

    def run() -> None:
        runpy.run_path(entry, run_name="__main__")

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(run_in_stack(run))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return REPORTED
    except Exception as error:  # noqa: BLE001 - whatever a user's program raises is reported to the user
        pulumi.log.error(f"the program failed:\n{_where(error, directory)}")
        return REPORTED
    finally:
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # the gRPC threads of the SDK may outlive the program
