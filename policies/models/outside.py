"""What serves a model outside the cluster: on a machine, in a container of the cloud, beside the program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from policies.facts import Resource, is_blank
from policies.models.engines import engine_of_image, mentions_engine, suspicions
from policies.models.hidden import hidden_programs
from policies.models.machines import Start, starts_of
from policies.models.mentions import models_mentioned
from policies.models.problems import STARTS_WORKLOADS, USUAL_ON_MACHINES
from policies.models.programs import Runs, runs_of
from policies.workloads.command_line import Token, base_name, command_line
from policies.workloads.containers import Container
from policies.workloads.launchers import CONTAINER_TOOLS
from policies.workloads.local_commands import local_commands
from policies.workloads.serverless import serverless_containers
from policies.workloads.shell import read_script

__all__ = ["served_outside"]

_INSTALLERS: Final = frozenset({"conda", "mamba", "micromamba", "pip", "pip3", "pipx", "uv", "uvx"})
_ENGINE_PACKAGES: Final = re.compile(
    r"(?:aphrodite-engine|llama-cpp-python|lmdeploy|mlc-llm|sglang|tensorrt[-_]llm|vllm)(?:\W.*)?",
    re.IGNORECASE,
)
_ARGUMENTS: Final = re.compile(r"\"?\$[@*]\"?")
"""``"$@"`` in the place of a program: a function that runs the words which stand where it is called."""


def served_outside(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield every place in a resource where a model is served outside the cluster, or may be, and the reason.

    Kubernetes objects yield nothing: their containers are judged by themselves.
    """
    for start in starts_of(resource):
        for problem in _on_machine(start):
            yield f"`{start.where}`", problem
    for container in serverless_containers(resource):
        for problem in _serverless(container, resource):
            yield container.label, problem
    for step, container in local_commands(resource):
        for problem in _engines(container, runs_of(container)):
            yield f"`{step}`", problem


def _on_machine(start: Start) -> Iterator[str]:
    if start.problem:
        yield start.problem
    if start.container is None:
        return
    runs = runs_of(start.container)
    yield from _engines(start.container, runs)
    yield from _models(start.container, runs)
    for problem in runs.problems:
        if problem not in USUAL_ON_MACHINES and not problem.endswith(STARTS_WORKLOADS):
            yield problem
    if start.script is not None and _computes_a_name(start.script):
        yield "a shell makes the name of a program that it runs, so nobody can read which it is"


def _computes_a_name(script: str) -> bool:
    firsts = (command.words[0] for command in read_script(script, {}, None).commands)
    return any(not word.readable and _ARGUMENTS.fullmatch(word.raw) is None for word in firsts)


def _serverless(container: Container, resource: Resource) -> Iterator[str]:
    reason = next(iter(suspicions(container, command_line(container))), None)
    if reason is not None:
        yield f"it serves a model, or may: {reason}"
        return
    if is_blank(container.image):
        return  # variables only; what runs with them is an archive, or another resource
    runs = runs_of(container)
    yield from _models(container, runs)
    yield from hidden_programs(container, runs, resource)


def _engines(container: Container, runs: Runs) -> Iterator[str]:
    engine = engine_of_image(container.image)
    if engine is not None:
        yield f"it runs an image of {engine.value}"
    for words in runs.commands:
        texts = tuple(word.text for word in words)
        if mentions_engine(texts):
            yield "it starts an inference server"
        elif any(base_name(text) in CONTAINER_TOOLS for text in texts[:6]) and _image_of_engine(words):
            yield "it runs a container of an inference server"
        elif _INSTALLERS & {base_name(text) for text in texts[:6]} and any(
            map(_ENGINE_PACKAGES.fullmatch, texts)
        ):
            yield "it installs an inference server"


def _image_of_engine(words: Sequence[Token]) -> bool:
    return any(not word.text.startswith("-") and engine_of_image(word.text) is not None for word in words)


def _models(container: Container, runs: Runs) -> Iterator[str]:
    for reference in models_mentioned(container, runs):
        if reference.model is not None:
            yield f"it names the model {reference.model}"
