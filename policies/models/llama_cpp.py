"""How a llama.cpp command line names models. Facts: the server's README at commit 00dc8057, read on
2026-11-23.

Flags are exact, with underscores taken for hyphens after ``--``; every flag also exists as a variable
``LLAMA_ARG_…``. With no model named the server becomes a router over whatever is in its cache.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Final

from policies.models.references import Reference, named, named_repository, unreadable
from policies.workloads.command_line import Token
from policies.workloads.containers import Variable

__all__ = ["is_llama_variable", "llama_models", "llama_variable"]


class _Kind(Enum):
    MODEL = auto()
    """Path of the served model."""
    REPOSITORY = auto()
    """Hub repository of the served model."""
    FILE = auto()
    """A file inside the repository named by another flag."""
    PART = auto()
    """Path of a draft model, an adapter, a projector."""
    PART_REPOSITORY = auto()
    ELSEWHERE = auto()
    """A URL, a registry, a directory or a list of models: nothing that names one checkpoint."""


_FLAGS: Final[Mapping[str, _Kind]] = {
    "-m": _Kind.MODEL,
    "--model": _Kind.MODEL,
    **dict.fromkeys(("-hf", "-hfr", "--hf-repo"), _Kind.REPOSITORY),
    **dict.fromkeys(("-hff", "--hf-file", "-hffv", "--hf-file-v"), _Kind.FILE),
    **dict.fromkeys(
        (
            *("-mm", "--mmproj", "--lora", "--lora-scaled", "--control-vector", "--control-vector-scaled"),
            *("-md", "--model-draft", "--spec-draft-model", "-mv", "--model-vocoder"),
        ),
        _Kind.PART,
    ),
    **dict.fromkeys(
        ("-hfd", "-hfrd", "--hf-repo-draft", "--spec-draft-hf", "-hfv", "-hfrv", "--hf-repo-v"),
        _Kind.PART_REPOSITORY,
    ),
    **dict.fromkeys(
        (
            "-mu",
            "--model-url",
            "-dr",
            "--docker-repo",
            "-mmu",
            "--mmproj-url",
            "--models-dir",
            "--models-preset",
        ),
        _Kind.ELSEWHERE,
    ),
}
_ONE_VALUE_FLAGS: Final = frozenset(
    {
        *(
            "-a",
            "--alias",
            "--api-key",
            "--api-key-file",
            "-c",
            "--ctx-size",
            "--cache-ram",
            "--chat-template",
        ),
        *("-hft", "--hf-token", "--host", "-ngl", "--n-gpu-layers", "-np", "--parallel", "--port"),
        *(
            "--ssl-cert-file",
            "--ssl-key-file",
            "-t",
            "--threads",
            "-tb",
            "--threads-batch",
            "-to",
            "--timeout",
        ),
    }
)
"""Flags whose value may be unknown; after any other, an unknown word may be a flag that names a model."""
_PRESET = re.compile(r"--(?:gpt-oss|vision|fim|embd|tts)-.*|--.*-default")
_VARIABLES: Final[Mapping[str, _Kind]] = {
    "LLAMA_ARG_MODEL": _Kind.MODEL,
    "LLAMA_ARG_HF_REPO": _Kind.REPOSITORY,
    "LLAMA_ARG_HF_FILE": _Kind.FILE,
    "LLAMA_ARG_HF_FILE_V": _Kind.FILE,
    **dict.fromkeys(
        (
            "LLAMA_ARG_MMPROJ",
            "LLAMA_ARG_MODEL_DRAFT",
            "LLAMA_ARG_SPEC_DRAFT_MODEL",
            "LLAMA_ARG_MODEL_VOCODER",
        ),
        _Kind.PART,
    ),
    **dict.fromkeys(
        (
            "LLAMA_ARG_SPEC_DRAFT_HF_REPO",
            "LLAMA_ARG_HFD_REPO",
            "LLAMA_ARG_HF_REPO_DRAFT",
            "LLAMA_ARG_HF_REPO_V",
        ),
        _Kind.PART_REPOSITORY,
    ),
    **dict.fromkeys(
        (
            *("LLAMA_ARG_MODEL_URL", "LLAMA_ARG_DOCKER_REPO", "LLAMA_ARG_MMPROJ_URL"),
            *("LLAMA_ARG_MODELS_DIR", "LLAMA_ARG_MODELS_PRESET"),
        ),
        _Kind.ELSEWHERE,
    ),
}
_SERVED: Final = frozenset({_Kind.MODEL, _Kind.REPOSITORY})
_PATH_FIX: Final = "mount the GGUF under /models/<developer>/<name>/ and name it with --model"


def is_llama_variable(name: str) -> bool:
    """Return True for an environment variable that names a model to llama.cpp."""
    return name in _VARIABLES


def llama_variable(where: str, variable: Variable, value: str | None) -> Iterator[Reference]:
    """Yield the models that a variable names; ``value`` is None if the manifest does not spell it out."""
    kind = _VARIABLES.get(variable.name)
    if kind is None or value == "":
        return
    here = f"{where}, variable {variable.name}"
    if value is None:
        yield unreadable(
            here, "its value is not in the manifest", f"write the value of {variable.name} out, or remove it"
        )
    else:
        yield from _value(here, kind, value)


def names_served_model(environment: Mapping[str, str]) -> bool:
    """Return True if the variables name the served model."""
    return any(
        _VARIABLES[name] in _SERVED for name, value in environment.items() if value and name in _VARIABLES
    )


def llama_models(
    where: str, arguments: Sequence[Token], environment: Mapping[str, str]
) -> Iterator[Reference]:
    """Yield every model that a command line names. ``environment`` may name the served one instead."""
    served = names_served_model(environment)
    for index, token in enumerate(arguments):
        previous = arguments[index - 1].text if index else ""
        if not token.readable:
            if _normal(previous) not in _FLAGS and _normal(previous) not in _ONE_VALUE_FLAGS:
                yield unreadable(
                    where, "a word of the command line is not known, and it may name a model", _PATH_FIX
                )
            continue
        flag, equals, value = _normal(token.text).partition("=")
        if equals:
            value = token.text.partition("=")[2]
        if _PRESET.fullmatch(flag):
            yield unreadable(f"{where}, {flag}", "the preset names a model and downloads it", _PATH_FIX)
            served = True
        kind = _FLAGS.get(flag)
        if kind is None:
            continue
        served = served or kind in _SERVED
        here = f"{where}, {flag}"
        if equals:
            yield from _value(here, kind, value)
        elif index + 1 == len(arguments):
            yield unreadable(here, "it has no value", f"give {flag} a value, or remove it")
        elif not arguments[index + 1].readable:
            yield unreadable(here, "its value is not known", f"write the value of {flag} out")
        else:
            yield from _value(here, kind, arguments[index + 1].text)
    if not served:
        yield unreadable(
            where,
            "no model is named, so llama.cpp serves whatever is in its cache, and loads more on request",
            _PATH_FIX,
        )


def _normal(text: str) -> str:
    flag, equals, value = text.partition("=")
    return f"{flag.replace('_', '-')}{equals}{value}" if flag.startswith("--") else text


def _value(where: str, kind: _Kind, text: str) -> Iterator[Reference]:
    match kind:
        case _Kind.MODEL:
            yield named(where, text)
        case _Kind.REPOSITORY | _Kind.PART_REPOSITORY:
            yield named_repository(where, text)
        case _Kind.PART:
            for part in text.split(","):
                yield named(where, re.sub(r":-?[0-9.]+$", "", part.strip()))
        case _Kind.ELSEWHERE:
            yield unreadable(where, "it takes models from a place that names no checkpoint", _PATH_FIX)
        case _Kind.FILE:
            return
