"""Where nobody can tell what a container runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import Resource, Value
from policies.workloads.command_line import base_name
from policies.workloads.containers import Container
from policies.workloads.launchers import INLINE_FLAGS
from policies.workloads.mounts import MapFile, map_files, mount_under, mounts_of, pod_spec_of
from policies.workloads.program_names import PYTHON, SHELLS
from policies.workloads.runs import MAYBE, FileRun, Runs

__all__ = ["hidden_programs", "is_map_file", "map_keys"]

_PROGRAM_DIRECTORIES: Final = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
_HARMLESS: Final = frozenset(
    {
        *(":", "[", "cd", "echo", "exec", "exit", "export", "false", "printf", "pwd", "set", "sleep", "test"),
        *("true", "ulimit", "umask", "unset"),
    }
)
"""Commands that put no file in place."""
_SOURCING: Final = frozenset({".", "source"})
_LOOPS = re.compile(r"\b(?:while|until|for)\b")


def hidden_programs(container: Container, runs: Runs, resource: Resource) -> Iterator[str]:
    """Yield every reason why a program that a container starts cannot be read.

    Files of ConfigMaps are left to ``model-ip-files``, which sees the ConfigMaps.
    """
    yield from runs.problems
    spec = pod_spec_of(resource, container)
    for each in runs.files:
        name = base_name(each.path)
        mounted = mount_under(container, each.path)
        if mounted is not None:
            for source in map_files(spec, mounted[0]):
                if source.problem and (each.interpreter != MAYBE or "." in name):
                    yield f"it runs {name}, a file on {source.problem}, where nobody can read it"
        elif each.from_script is not None and each.interpreter and not _is_first(each, runs):
            yield f"its script runs the file {name}, which its earlier commands may have written"
    if runs.commands:
        yield from _covered(container, resource)


def map_keys(container: Container, spec: Mapping[str, Value], run: FileRun) -> Iterator[tuple[str, str]]:
    """Yield the ConfigMap and the key that a file is, if it comes from one and can be run as it is."""
    mounted = mount_under(container, run.path)
    for source in map_files(spec, mounted[0]) if mounted else ():
        inside = mounted[1] if mounted else ""
        for key, path, mode in _entries(source, inside):
            if path == inside and (run.interpreter or mode & 0o111):
                yield source.config_map, key


def _entries(source: MapFile, inside: str) -> tuple[tuple[str, str, int], ...]:
    if source.problem:
        return ()
    return ((inside, inside, source.mode),) if source.items is None else source.items


def is_map_file(container: Container, runs: Runs, resource: Resource) -> bool:
    """Return True if all that a container runs is one file of a ConfigMap: ``model-ip-files`` reads it."""
    if runs.problems or len(runs.files) != 1 or runs.files[0].from_script is not None:
        return False
    return len(runs.commands) == 1 and any(
        True for _ in map_keys(container, pod_spec_of(resource, container), runs.files[0])
    )


def _is_first(file: FileRun, runs: Runs) -> bool:
    """Return True if only commands without files stand before the one that runs this file."""
    if _LOOPS.search(file.from_script or ""):
        return False
    for words in runs.commands:
        name = base_name(words[0].text) if words[0].readable else ""
        if name not in _HARMLESS and not _is_interpreter(name):
            return False
        if name not in _HARMLESS - {"exec"} and any(word.text == file.path for word in words):
            return True
    return False


def _is_interpreter(name: str) -> bool:
    return name in SHELLS or name in _SOURCING or name in INLINE_FLAGS or PYTHON.fullmatch(name) is not None


def _covered(container: Container, resource: Resource) -> Iterator[str]:
    """Yield a volume that lies over a directory in which programs are looked for by their names."""
    path = next((each.value for each in container.environment if each.name == "PATH"), None)
    directories = (*_PROGRAM_DIRECTORIES, *(path.split(":") if isinstance(path, str) else ()))
    for mount in mounts_of(container):
        over = [each for each in directories if each and f"{each.rstrip('/')}/".startswith(f"{mount.path}/")]
        inside = [each for each in _PROGRAM_DIRECTORIES if mount.path.startswith(f"{each}/")]
        if not over and not inside:
            continue
        for source in map_files(pod_spec_of(resource, container), mount):
            if source.problem:
                place = (over or inside)[0]
                yield f"{source.problem} lies over {place}, where it takes its programs from"
                return
