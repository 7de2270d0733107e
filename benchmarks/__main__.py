"""`python -m benchmarks`: the figures of docs/benchmark.md.

Warm figures use this checkout and the user's caches. `--cold` clones the committed state into a scratch
directory with empty caches and measures a first `make up` part by part; that takes several minutes. `--scale`
compares previews of large stacks without a pack, with an empty one and with ours: the better part of an hour.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.scale import measure
from benchmarks.timing import CommandFailedError, Timing, once, repeated

__all__ = ["main"]

REPOSITORY = Path(__file__).parent.parent
_CACHES = ("XDG_CACHE_HOME", "GOCACHE", "GOMODCACHE", "GOPATH", "UV_CACHE_DIR", "PIP_CACHE_DIR")


def _warm(stack: str, runs: int) -> list[Timing]:
    """Previews and ups of a stack that exists already, in a state of their own."""
    with tempfile.TemporaryDirectory() as scratch:
        variables = dict(os.environ)
        rehearse = [str(REPOSITORY / ".venv" / "bin" / "rehearse"), "-q", "--workspace", scratch]
        pulumi = [*rehearse, "pulumi"]
        pack = ["--policy-pack", "policies"]
        wanted = [str(REPOSITORY / ".venv" / "bin" / "python"), "-m", "infra.wanted", "--stack", stack]
        lock = ["sh", "-c", f"{' '.join(wanted)} | {' '.join(rehearse)} lock"]
        once("lock", lock, REPOSITORY, variables)
        first = ["up", "--yes", "--skip-preview", "--stack", stack]
        timings = [once(f"first up of {stack}, without preview", [*pulumi, *first], REPOSITORY, variables)]
        for name, command in (
            (f"preview of {stack}, without pack", ["preview", "--stack", stack]),
            (f"preview of {stack}, with pack", ["preview", "--stack", stack, *pack]),
            (f"up of {stack} that changes nothing, with pack", ["up", "--yes", "--stack", stack, *pack]),
        ):
            timings.append(repeated(name, [*pulumi, *command], REPOSITORY, variables, runs))
        return timings


def _cold(stack: str) -> list[Timing]:
    """A first `make up` with nothing cached, part by part."""
    scratch = Path(tempfile.mkdtemp())
    try:
        clone = scratch / "clone"
        variables = {**os.environ, **{name: str(scratch / name.lower()) for name in _CACHES}}
        once("clone", ["git", "clone", "--quiet", str(REPOSITORY), str(clone)], scratch, variables)
        parts = (
            ("cold: Python packages (make .venv/.ready)", ["make", ".venv/.ready"]),
            ("cold: engine (make setup)", ["make", "setup"]),
            (f"cold: make up STACK={stack}, the rest", ["make", "up", f"STACK={stack}"]),
        )
        timings = [once(name, command, clone, variables) for name, command in parts]
        total = sum(timing.median for timing in timings)
        return [*timings, Timing(f"cold: make up STACK={stack}, in all", (total,))]
    finally:
        # Go marks its module cache read-only; make it writable so that it can be removed.
        for directory, _, _ in os.walk(scratch):
            Path(directory).chmod(0o755)
        shutil.rmtree(scratch)


# Without typer's own tracebacks: they print local variables, secrets among them.
_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@_app.command()
def run(
    stack: Annotated[str, typer.Option(help="Which stack.")] = "eu",
    runs: Annotated[int, typer.Option(min=1, help="Counted runs of each warm command.")] = 5,
    cold: Annotated[
        bool, typer.Option("--cold", help="Measure a first `make up` with empty caches.")
    ] = False,
    suite: Annotated[bool, typer.Option("--suite", help="Measure `make test` as well, once.")] = False,
    scale: Annotated[
        bool,
        typer.Option("--scale", help="Measure what the pack adds to previews of 1,000 and 10,000 resources."),
    ] = False,
) -> None:
    """Measure what a person waits for."""
    try:
        if scale:
            for measured in measure():
                print(measured, flush=True)
            return
        timings = _cold(stack) if cold else _warm(stack, runs)
        if suite:
            timings.append(once("make test, warm", ["make", "test"], REPOSITORY, os.environ))
    except CommandFailedError as error:
        sys.exit(f"benchmark: {error}")
    for timing in timings:
        print(timing)


def main() -> None:
    """Entry point."""
    _app()


if __name__ == "__main__":
    main()
