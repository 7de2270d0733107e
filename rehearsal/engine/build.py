"""Builds a pinned Go command into the cache. go.mod and go.sum pin every byte of it."""

import hashlib
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rehearsal.engine.cache import cache_directory, exclusive, moved_into_place
from rehearsal.engine.toolchain import find_go
from rehearsal.errors import EngineError
from rehearsal.progress import Step, step

__all__ = ["GoCommand", "built"]

_MODULES = Path(__file__).parent / "modules"


@dataclass(frozen=True)
class GoCommand:
    """A command to build: `name` is its folder under `modules/` and the binary's name."""

    name: str
    package: str
    version_variable: str
    """Go variable that holds the version, set at link time; empty when there is none."""
    cost: str
    """What the first build costs, for the progress line (measured on two cores)."""

    @property
    def module_directory(self) -> Path:
        """Where its go.mod and go.sum are."""
        return _MODULES / self.name

    @property
    def version(self) -> str:
        """The version its go.mod requires, for example `v3.253.0`.

        Raises:
            EngineError: go.mod does not require the package's module.
        """
        module = re.sub(r"/cmd/.*", "", self.package)
        text = (self.module_directory / "go.mod").read_text()
        found = re.search(rf"^(?:require )?\s*{re.escape(module)} (v\S+)", text, re.MULTILINE)
        if found is None:
            raise EngineError(
                f"{self.module_directory / 'go.mod'} does not require {module}; restore the file"
            )
        return found[1]

    @property
    def pin(self) -> str:
        """Version and a hash of go.mod and go.sum: names the cache entry."""
        digest = hashlib.sha256()
        for file in ("go.mod", "go.sum"):
            digest.update((self.module_directory / file).read_bytes())
        return f"{self.version}-{digest.hexdigest()[:12]}"


def built(command: GoCommand) -> Path:
    """The command's binary, from the cache or built now.

    Raises:
        EngineError: it cannot be built; the message ends with what Go said and what to do.
    """
    home = cache_directory() / command.name / command.pin
    binary = home / command.name
    if binary.exists():
        return binary
    with exclusive(f"{command.name}-{command.pin}"):
        if not binary.exists():
            go = find_go()
            title = (
                f"building {command.name} {command.version} from its Go module ({command.cost}) into {home}"
            )
            with step(title) as progress, moved_into_place(home) as unfinished:
                _compile(go, command, unfinished / command.name, progress)
    return binary


def _environment() -> dict[str, str]:
    """No C compiler, no other toolchain, no debug data, and a lazy collector: a fifth faster on two cores."""
    environment = {key: value for key, value in os.environ.items() if key not in ("GOFLAGS", "GOROOT")}
    return {
        "GOGC": "400",
        **environment,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOTOOLCHAIN": "local",
    }


def _compile(go: Path, command: GoCommand, target: Path, progress: Step) -> None:
    linker = "-s -w"
    if command.version_variable:
        linker += f" -X {command.version_variable}={command.version}"
    argv = [str(go), "build", "-v", "-trimpath", "-gcflags=all=-dwarf=false", "-ldflags", linker]
    argv += ["-o", str(target), command.package]
    process = subprocess.Popen(
        argv,
        cwd=command.module_directory,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said: list[str] = []
    downloads = packages = 0
    for line in process.stderr:
        if line.startswith("go: downloading"):
            downloads += 1
        elif re.fullmatch(r"[\w./@~+-]+\n?", line):
            packages += 1
        else:
            said.append(line.rstrip())
        progress.note = f"{downloads} modules fetched, {packages} packages compiled"
    if process.wait() != 0:
        raise EngineError(_why(command, said))


def _why(command: GoCommand, said: list[str]) -> str:
    """The failure of a build as one message: Go's own last lines, then the remedy that fits them."""
    tail = "\n  ".join(said[-12:]) or "Go printed nothing"
    text = "\n".join(said)
    if "no space left on device" in text:
        remedy = "The disk is full: a first build needs about 3 GB in Go's caches and the cache directory."
    elif re.search(r"dial tcp|lookup|proxy|connection refused|i/o timeout|404|410|403", text):
        remedy = (
            "A Go module could not be fetched: check the network and the GOPROXY setting, then run again."
        )
    elif "signal: killed" in text:
        remedy = "The compiler was killed, most likely for lack of memory: it needs about 2 GB."
    else:
        remedy = f"Or install {command.name} yourself and put it on PATH."
    return f"building {command.name} {command.version} failed:\n  {tail}\n{remedy}"
