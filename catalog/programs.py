"""Programs that reach out without naming a host, or steer clouds and clusters."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import model_validator

from catalog._source import Country, Fact, Line, Source

__all__ = ["Program", "ProgramKind"]


class ProgramKind(StrEnum):
    """What a program does that no host in its command line tells."""

    SERVICE = "service"
    """It speaks with the service of its owner unless it is told of another."""
    CLOUD = "cloud"
    """It creates and changes resources of a cloud."""
    IAC = "iac"
    """It applies a description of infrastructure that stands elsewhere."""
    CLUSTER = "cluster"
    """It changes what runs in a Kubernetes cluster, or beside one."""
    RUNNER = "runner"
    """Runs what another file says, such as a Makefile."""
    REMOTE = "remote"
    """It runs commands on another machine, or moves files there."""


class Program(Fact):
    """One program, by the name under which it is started."""

    name: Line
    owner: Line
    """Who runs the service behind it, or makes the program."""
    country: Country | None = None
    """Where the owner sits; only asked of a ``service``."""
    kind: ProgramKind
    verbs: tuple[Line, ...] = ()
    """The first words after the program that do what ``kind`` says; empty if all do."""
    harmless: tuple[Line, ...] = ()
    """First words that change nothing and reach nothing new."""
    taking: tuple[Line, ...] = ()
    """Options that may stand before the first word and take a value of their own."""
    elsewhere: tuple[Line, ...] = ()
    """Options by which it is told of another service; that service's host is judged by itself."""
    variables: tuple[Line, ...] = ()
    """Environment variables that tell it the same."""
    images: tuple[Line, ...] = ()
    """Last steps of the names of images that start it."""
    modules: tuple[Line, ...] = ()
    """Python modules that ``python -m`` starts it by."""
    note: str = ""
    source: Source

    @model_validator(mode="after")
    def _a_service_stands_somewhere(self) -> Self:
        if self.kind is ProgramKind.SERVICE and self.country is None:
            message = "a program of the kind service needs the country of its owner"
            raise ValueError(message)
        return self
