"""Code that a program loads from a volume before it does what its command says.

A module named ``sitecustomize`` on PYTHONPATH, a library in LD_PRELOAD, a configuration of Python's logging
that names a class: each can put another model in the place of the one that the command names. From the image
they are its own business; from a volume nobody can read them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Final

from policies.facts import Unknown, plain
from policies.workloads.command_line import CommandLine, Token, base_name, environment_of, words_of
from policies.workloads.containers import Container
from policies.workloads.mounts import mount_under, mounts_of

__all__ = ["loaded_code"]

_VARIABLES: Final = frozenset(
    {
        *("LD_AUDIT", "LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP"),
        *("PYTHONUSERBASE", "VLLM_LOGGING_CONFIG_PATH"),
    }
)
_PASSING: Final = ("/dev/", "/proc/", "/run/", "/tmp/", "/var/tmp/")  # noqa: S108  (places that a script may write to)
_SETTING = re.compile(r"""\b(?P<name>[A-Z_]+)=["']?(?P<value>[^\s"';&|]*)""")
_PACKAGES = re.compile(r"(?:.*/)?(?:site|dist)-packages(?:/.*)?")
_CODE_FILE = re.compile(r".*\.(?:pth|py|pyc|so(?:\.[0-9.]+)?)")
_LOGGING_FLAGS: Final = frozenset({"--log-config-file", "--log-config", "--uvicorn-log-config"})


def loaded_code(container: Container, line: CommandLine, *, is_server: bool) -> Iterator[str]:
    """Yield every reason why code of a volume may run inside what a container starts.

    Args:
        container: the container.
        line: its command.
        is_server: True if it serves models: then what may only be code of a volume counts as well.
    """
    for name, value in _settings(container):
        yield from _places(container, name, value, is_server=is_server)
    for mount in mounts_of(container):
        if _PACKAGES.fullmatch(mount.path):
            yield f"a volume at {mount.path} lies over packages of Python, whose code it replaces"
        elif is_server and _CODE_FILE.fullmatch(mount.path):
            yield f"a volume lies over {mount.path}, a file of code"
    if is_server:
        yield from _logging(container, line.tokens)
        yield from _directory(container, line.tokens)


def _settings(container: Container) -> Iterator[tuple[str, str | None]]:
    """Yield the variables that say where code is loaded from, also those that the command sets.

    The value is None if the manifest does not have it.
    """
    environment = environment_of(container)
    for variable in container.environment:
        if variable.name in _VARIABLES:
            yield variable.name, environment.get(variable.name)
    for word in words_of(container, environment)[1] or ():
        for match in _SETTING.finditer(word.text):
            if match["name"] in _VARIABLES:
                yield match["name"], match["value"] if word.readable else None


def _places(container: Container, name: str, value: str | None, *, is_server: bool) -> Iterator[str]:
    if value is None or (is_server and "$" in value):
        yield f"the value of {name} is not in the manifest, and code is loaded from there"
        return
    for place in re.split(r"[:;\s]+", value):
        if not place or place.startswith("$") or (name.startswith("LD_") and "/" not in place):
            continue  # a library without a path is looked for where the image keeps them
        whole = posixpath.normpath(place) + "/"
        covers = mount_under(container, place) is not None
        if covers or (is_server and any(each.path.startswith(whole) for each in mounts_of(container))):
            yield f"its variable {name} loads code from {place}, where a volume lies that nobody can read"
        elif whole.startswith(_PASSING) or (is_server and not place.startswith("/")):
            yield f"its variable {name} loads code from {place}, into which a program may write"


def _logging(container: Container, tokens: Sequence[Token]) -> Iterator[str]:
    for index, token in enumerate(tokens):
        flag, equals, value = token.text.partition("=")
        if flag.replace("_", "-") not in _LOGGING_FLAGS:
            continue
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        known = token.readable if equals else following is None or following.readable
        path = value if equals else following.text if following is not None else ""
        if not known or (path and mount_under(container, path) is not None):
            yield f"{flag} takes a file that nobody can read, and such a file can name code to run"


def _directory(container: Container, tokens: Sequence[Token]) -> Iterator[str]:
    """Python's ``-m`` looks for modules where it was started, before its own."""
    directory = plain(container.raw.get("workingDir"))
    is_module = any(
        token.text == "-m" and index and base_name(tokens[index - 1].text).startswith(("python", "pypy"))
        for index, token in enumerate(tokens)
    )
    if not is_module or directory is None or directory == "":
        return
    if isinstance(directory, Unknown):
        yield "its workingDir is not known, and python -m takes modules from there first"
    elif isinstance(directory, str) and mount_under(container, directory) is not None:
        yield f"a volume lies at its workingDir {directory}, and python -m takes modules from there first"
