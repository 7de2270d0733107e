"""Progress lines for work a person waits for.

On a terminal the line is redrawn with the elapsed time; elsewhere (CI, a pipe) one line is printed at the
start, one every 30 seconds and one at the end, so that a log shows life without drowning.
"""

import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.status import Status

__all__ = ["Step", "announce", "step"]

_QUIET_SECONDS = 30.0


def _console() -> Console:
    return Console(file=sys.stderr, highlight=False, soft_wrap=True)


def announce(text: str) -> None:
    """Print one line of our own on standard error, marked as the rehearsal's."""
    _console().print(f"[bold cyan]rehearse[/] {text}")


@dataclass
class Step:
    """A running piece of work whose `note` (for example `612 of 1480 packages`) may change."""

    title: str
    """Said in full once, when the work starts; later lines use what stands before the first ` (`."""
    note: str = ""
    started: float = field(default_factory=time.monotonic)

    @property
    def line(self) -> str:
        """The title, the note and the elapsed seconds as one line."""
        note = f" · {self.note}" if self.note else ""
        return f"{self.title.split(' (')[0]}{note} · {time.monotonic() - self.started:.0f} s"


def _tick(current: Step, status: Status | None, done: threading.Event) -> None:
    interval = 0.5 if status is not None else _QUIET_SECONDS
    while not done.wait(interval):
        if status is not None:
            status.update(current.line)
        else:
            announce(current.line)


@contextmanager
def step(title: str) -> Generator[Step]:
    """Show `title` for as long as the body runs, then how long it took."""
    current = Step(title)
    console = _console()
    announce(f"{title} …")
    status = console.status(current.line) if console.is_terminal else None
    if status is not None:
        status.start()
    done = threading.Event()
    ticker = threading.Thread(target=_tick, args=(current, status, done), daemon=True)
    ticker.start()
    finished = False
    try:
        yield current
        finished = True
    finally:
        done.set()
        ticker.join()
        if status is not None:
            status.stop()
        announce(f"{'done' if finished else 'failed'}: {current.line}")
