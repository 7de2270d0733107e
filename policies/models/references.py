"""What a workload names as a model, and how a name or a path becomes a catalogue id."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from catalog.marks import MODELS_DIRECTORY

__all__ = ["Reference", "named", "named_repository", "unreadable"]

_HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)?")


@dataclass(frozen=True, slots=True)
class Reference:
    """One model that a workload may serve, or a place where it names one that cannot be read."""

    where: str
    """Where it stands: the container, and the argument or variable."""
    model: str | None = None
    """A catalogue id, ``developer/name``; None if it cannot be read."""
    problem: str = ""
    """Why it cannot be read."""
    fix: str = ""
    any_case: bool = False
    """True if letter case says nothing: where it stands, names may have lost theirs, as in an image."""


def unreadable(where: str, problem: str, fix: str) -> Reference:
    """Return a reference that nobody can read, which is a violation."""
    return Reference(where, None, problem, fix)


def named(where: str, text: str) -> Reference:
    """Return what a name or a path means.

    ``/models/<developer>/<name>`` with anything after it is the model ``<developer>/<name>``; a hub id is
    itself. Every other path, every URL and every relative path is unreadable: it says nothing about the
    model.
    """
    if text.startswith("/"):
        return _from_path(where, text)
    if _HUB_ID.fullmatch(text):
        return Reference(where, text)
    return unreadable(
        where,
        "it is neither a hub id nor a path under /models, so it does not say which model it is",
        f"mount the weights at {MODELS_DIRECTORY}/<developer>/<name> and give that path",
    )


def named_repository(where: str, text: str) -> Reference:
    """Return what a llama.cpp repository means: a hub id, with a quantisation after a colon or without."""
    return named(where, text.partition(":")[0] if not text.startswith("/") else text)


def _from_path(where: str, path: str) -> Reference:
    steps = path.split("/")
    if ".." in steps or "." in steps:
        return unreadable(
            where,
            "the path has steps that go up or stay, so it may lead anywhere",
            "give the path without . and ..",
        )
    inside = posixpath.normpath("/" + path.lstrip("/")).removeprefix(MODELS_DIRECTORY + "/")
    parts = inside.split("/")
    if inside.startswith("/") or len(parts) < 2 or not _HUB_ID.fullmatch("/".join(parts[:2])):
        return unreadable(
            where,
            f"the path is not {MODELS_DIRECTORY}/<developer>/<name>, so it does not say which model it is",
            f"mount the weights at {MODELS_DIRECTORY}/<developer>/<name> and give that path",
        )
    return Reference(where, "/".join(parts[:2]))
