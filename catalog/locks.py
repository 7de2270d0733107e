"""Lock files: what a stack may run, image by image and file by file.

``locks/<stack>.yaml`` is written by whoever mirrors images and weights (docs/locks.md says how), in a
rehearsal by ``make lock``. Images stand there by digest, weights by sha256, so that no tag and no moving
branch ever reaches a cluster.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Annotated, Self, cast

from pydantic import AfterValidator, Field, StrictBool, StrictInt, ValidationError, model_validator

from catalog._mappings import FrozenMapping
from catalog._reading import describe
from catalog._source import Fact, Line
from catalog.errors import LockError
from catalog.loading import load_catalog
from catalog.strict_yaml import YamlError, parse

__all__ = ["Lock", "LockedFile", "LockedImage", "LockedModel", "how_to_lock", "load_lock"]

REHEARSAL_SEGMENT = "rehearsal"
"""Path segment that marks the repository of an image that exists only in rehearsal."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"(?:localhost|{_LABEL}(?:\.{_LABEL})+)(?::[0-9]{{1,5}})?")
_SEGMENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")


def _repository(value: str) -> str:
    host, *segments = value.split("/")
    if not segments:
        message = "a repository is host/path, e.g. rg.fr-par.scw.cloud/sovereign/vllm"
        raise ValueError(message)
    if not _HOST.fullmatch(host):
        message = f"{host!r} is not a registry host: spell out host/path, there is no default registry"
        raise ValueError(message)
    for segment in segments:
        if not _SEGMENT.fullmatch(segment):
            message = f"{segment!r} is not a path segment; the repository bears no tag and no digest"
            raise ValueError(message)
    return value


def _is_rehearsal(repository: str) -> bool:
    return REHEARSAL_SEGMENT in repository.split("/")[1:]


def _relative_path(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or value != str(path) or value == "." or "\\" in value:
        message = "a path inside the bucket: relative, with '/', without '..'"
        raise ValueError(message)
    return value


def _known_jurisdiction(code: str) -> str:
    listed = load_catalog().jurisdictions
    if code not in listed:
        message = f"not a jurisdiction; allowed: {', '.join(sorted(listed))}"
        raise ValueError(message)
    return code


def _hexadecimal(digits: int, prefix: str = "", never: str = "") -> Callable[[str], str]:
    """Return a validator for ``prefix`` followed by exactly ``digits`` hexadecimal digits in lower case."""
    form = re.compile(f"{prefix}[0-9a-f]{{{digits}}}")

    def check(value: str) -> str:
        if form.fullmatch(value):
            return value
        message = f"expected {prefix}<{digits} hexadecimal digits in lower case>{never}"
        raise ValueError(message)

    return check


Sha256 = Annotated[str, AfterValidator(_hexadecimal(64))]
Digest = Annotated[str, AfterValidator(_hexadecimal(64, "sha256:"))]
Revision = Annotated[str, AfterValidator(_hexadecimal(40, never=", a commit, never a branch"))]
FilePath = Annotated[str, AfterValidator(_relative_path)]


class LockedImage(Fact):
    """One image: where it is, and the digest that alone says what it is."""

    repository: Annotated[str, AfterValidator(_repository)]
    """``host/path`` of a registry inside the jurisdiction, without tag."""
    digest: Digest
    """``sha256:`` and 64 hexadecimal digits."""

    @property
    def reference(self) -> str:
        """What a container's ``image`` field takes: ``host/path@sha256:…``."""
        return f"{self.repository}@{self.digest}"


class LockedFile(Fact):
    """One file in the bucket: of weights, or one that nodes run."""

    path: FilePath
    sha256: Sha256
    """64 hexadecimal digits of the file's content."""
    bytes: Annotated[StrictInt, Field(gt=0)]
    """Size of the file in bytes."""


class LockedModel(Fact):
    """The files of one model at one revision."""

    revision: Revision
    """The upstream commit, 40 hexadecimal digits: a branch such as ``main`` moves."""
    files: tuple[LockedFile, ...]
    gguf: LockedFile | None = None
    """The GGUF for llama.cpp, made from these weights; None if the stack has no CPU fallback."""

    @model_validator(mode="after")
    def _each_path_once(self) -> Self:
        if not self.files:
            message = "files lists nothing: there would be no weights to serve"
            raise ValueError(message)
        paths = [file.path for file in (*self.files, *([self.gguf] if self.gguf else []))]
        twice = sorted({path for path in paths if paths.count(path) > 1})
        if twice:
            message = f"given twice: {', '.join(twice)}"
            raise ValueError(message)
        return self


class Lock(Fact):
    """All that one stack may run. A lock with ``rehearsal: true`` is made up and can never be deployed."""

    rehearsal: StrictBool
    stack: Line
    jurisdiction: Annotated[str, AfterValidator(_known_jurisdiction)]
    images: FrozenMapping[str, LockedImage]
    models: FrozenMapping[str, LockedModel]
    binaries: FrozenMapping[str, LockedFile] = Field(default_factory=dict, validate_default=True)
    """Files that nodes run, by the name of the catalogue; empty on clouds that bring their own nodes."""

    def mismatches(self, stack: str, jurisdiction: str | None, *, rehearsal: bool) -> list[str]:
        """Return every reason why a stack may not run this lock, a line each; nothing if it may.

        Args:
            stack: name of the Pulumi stack.
            jurisdiction: the stack's own code, or None if it states none: then no lock fits.
            rehearsal: True if local stand-ins play the clouds; only then a made-up lock fits.
        """
        reasons: list[str] = []
        if self.rehearsal and not rehearsal:
            reasons.append(
                "rehearsal: found true, a made-up lock; allowed: a real one. "
                f"{how_to_lock(stack, rehearsal=False)}"
            )
        if self.stack != stack:
            reasons.append(f"stack: found {self.stack!r}, allowed: {stack!r}")
        if self.jurisdiction != jurisdiction:
            allowed = repr(jurisdiction) if jurisdiction else "none, as the stack states no jurisdiction"
            reasons.append(f"jurisdiction: found {self.jurisdiction!r}, allowed: {allowed}")
        return reasons


def _rehearsal_mistakes(document: object) -> list[str]:
    """Compare every repository with ``rehearsal``, in the raw document: no mistake waits for another."""
    raw = _mapping(document)
    rehearsal = raw.get("rehearsal")
    if not isinstance(rehearsal, bool):
        return []
    mistakes: list[str] = []
    for name, image in _mapping(raw.get("images")).items():
        repository = _mapping(image).get("repository")
        if not isinstance(repository, str) or _is_rehearsal(repository) == rehearsal:
            continue
        has = "no" if rehearsal else "a"
        mistakes.append(
            f"images.{name}.repository: {repository} has {has} path segment {REHEARSAL_SEGMENT!r}, "
            f"but the lock says rehearsal: {str(rehearsal).lower()}"
        )
    return mistakes


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def how_to_lock(stack: str, *, rehearsal: bool) -> str:
    """What somebody does whose stack has no lock that fits: one sentence without its full stop."""
    if rehearsal:
        return f"Run 'make lock STACK={stack}'"
    return (
        f"Mirror what 'python -m infra.wanted --stack {stack}' lists into the stack's registry and bucket, "
        "and write the lock as docs/locks.md says"
    )


def load_lock(path: str | PathLike[str]) -> Lock:
    """Read and check a lock file.

    Raises:
        LockError: the file is absent or wrong; one message lists every mistake with its key.
    """
    file = Path(path)
    try:
        document = parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"{file}: no such lock file; docs/locks.md says how to write one, 'make lock' makes one up"
        raise LockError(message) from None
    except (OSError, UnicodeDecodeError, YamlError) as error:
        message = f"{file}: cannot be read as YAML: {error}"
        raise LockError(message) from error
    mistakes = _rehearsal_mistakes(document)
    try:
        lock = Lock.model_validate(document)
    except ValidationError as error:
        raise _refusal(file, [*describe(error, ""), *mistakes]) from error
    if mistakes:
        raise _refusal(file, mistakes)
    return lock


def _refusal(file: Path, mistakes: list[str]) -> LockError:
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return LockError(f"{file}: {count} in this lock:", mistakes)
