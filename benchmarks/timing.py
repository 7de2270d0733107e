"""Timing whole commands: several runs after a warm-up, the median quoted."""

import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CommandFailedError", "Timing", "once", "repeated"]


class CommandFailedError(Exception):
    """A measured command failed, so its time means nothing."""


@dataclass(frozen=True)
class Timing:
    """Wall seconds of one command."""

    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure to quote."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        spread = f"{min(self.seconds):.1f} to {max(self.seconds):.1f}, n = {len(self.seconds)}"
        return f"{self.name:<44} {self.median:7.1f} s   ({spread})"


def once(name: str, command: Sequence[str], directory: Path, variables: Mapping[str, str]) -> Timing:
    """Time one run.

    Raises:
        CommandFailedError: it ended with another status than 0.
    """
    started = time.monotonic()
    result = subprocess.run(
        command,
        cwd=directory,
        env=dict(variables),
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    seconds = time.monotonic() - started
    if result.returncode != 0:
        raise CommandFailedError(f"{' '.join(command)} failed:\n{result.stdout[-3000:]}")
    return Timing(name, (seconds,))


def repeated(
    name: str, command: Sequence[str], directory: Path, variables: Mapping[str, str], runs: int
) -> Timing:
    """Time `runs` runs after one that does not count.

    Raises:
        CommandFailedError: a run ended with another status than 0.
    """
    taken = [once(name, command, directory, variables).median for _ in range(runs + 1)]
    return Timing(name, tuple(taken[1:]))
