"""Models that a container names although no server is known in it: it may be one under another name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.models.command_line import Token, environment_of
from policies.models.containers import Container
from policies.models.programs import Runs
from policies.models.references import WEIGHTS_ROOT, Reference, named

__all__ = ["models_mentioned"]

_VARIABLES: Final = frozenset(
    {
        *("HF_MODEL_ID", "HUGGINGFACE_MODEL_ID", "MODEL", "MODEL_ID", "MODEL_NAME", "MODEL_PATH"),
        *("NIM_CUSTOM_MODEL_NAME", "NIM_MODEL_NAME", "NIM_MODEL_PATH", "VLLM_MODEL"),
    }
)
_FLAGS: Final = frozenset(
    {
        *("--hf-repo", "--model", "--model-dir", "--model-id", "--model-name", "--model-name-or-path"),
        *("--model-path", "--model-repository", "--tokenizer-path", "-hf"),
    }
)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")


def models_mentioned(container: Container, runs: Runs) -> Iterator[Reference]:
    """Yield the models that the words and variables of a container name, by path under /models or by hub id.

    A hub id counts only where servers take one: after a flag or in a variable of that use. What says nothing
    about a model is passed over.
    """
    for words in runs.commands:
        for index, word in enumerate(words):
            yield from _of_word(container.label, words, index, word)
    for name, value in environment_of(container).items():
        where = f"{container.label}, variable {name}"
        yield from _path(where, value)
        if name in _VARIABLES and _ID.fullmatch(value):
            yield named(where, value)


def _of_word(where: str, words: tuple[Token, ...], index: int, word: Token) -> Iterator[Reference]:
    if not word.readable:
        return
    flag, equals, value = word.text.partition("=")
    yield from _path(where, value if equals else word.text)
    if flag.replace("_", "-") not in _FLAGS:
        return
    following = words[index + 1] if index + 1 < len(words) else None
    text = value if equals else following.text if following is not None and following.readable else ""
    if _ID.fullmatch(text):
        yield named(f"{where}, {flag}", text)


def _path(where: str, text: str) -> Iterator[Reference]:
    if text.startswith(f"{WEIGHTS_ROOT}/"):
        reference = named(where, text)
        if reference.model is not None:
            yield reference
