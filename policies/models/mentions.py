"""Models that a workload names anywhere: what serves or fetches them may be a program that no rule knows.

A model of a known developer counts in any word, variable, path, image or text. Other hub ids count only where
servers take one: after a flag or in a variable of that use; what is not known there may be any model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from catalog.marks import MODELS_DIRECTORY
from policies.facts import Absent, Value, is_blank, plain
from policies.models.engine_images import engine_of_image
from policies.models.engines import starts_engine
from policies.models.known_models import family_in, known_models, without_comments
from policies.models.references import Reference, named, unreadable
from policies.workloads.command_line import Token, environment_of, words_of
from policies.workloads.containers import Container, exec_commands
from policies.workloads.runs import Runs

__all__ = ["known_in_container", "known_in_text", "known_in_values", "known_in_volumes", "models_mentioned"]

_VARIABLE = re.compile(
    r"(?:(?:DRAFT|EMBEDDINGS?|HF|HUGGINGFACE|INFERENCE|LLM|NIM|NIM_CUSTOM|RERANKER|SERVED|VLLM)_)?"
    r"MODEL(?:_(?:ID|NAME|PATH|REPO|URI))?|(?:HF|HUB|HUGGINGFACE|MODEL)_REPO(?:_ID)?"
)
_FLAGS: Final = frozenset(
    {
        *("--hf-model", "--hf-repo", "--llm-model", "--model", "--model-dir", "--model-id", "--model-name"),
        *("--model-name-or-path", "--model-path", "--model-repo", "--model-repository", "--repo-id"),
        *("--tokenizer-path", "-hf"),
    }
)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_SETTINGS_FILE = re.compile(r".*\.(?:cfg|conf|csv|env|ini|js|json|properties|py|sh|toml|ts|txt|xml|ya?ml)")
"""Relative paths of files that are no weights look like hub ids: ``conf/rbac_model.conf``."""


def models_mentioned(container: Container, runs: Runs) -> Iterator[Reference]:
    """Yield the models that a container without a known server is given where servers take one.

    That is by path under /models, by hub id after a flag or in a variable of that use. What says nothing
    about a model is passed over; what only the cluster knows is unreadable.
    """
    for words in runs.commands:
        for index, word in enumerate(words):
            yield from _of_word(container.label, words, index, word)
    environment = environment_of(container)
    for variable in container.environment:
        where = f"{container.label}, variable {variable.name}"
        value = environment.get(variable.name)
        if value is not None:
            yield from _path(where, value)
        if not _VARIABLE.fullmatch(variable.name):
            continue
        if value is None:
            yield unreadable(
                where,
                "its value is not in the manifest, and servers take a model from such a variable",
                f"write the value of {variable.name} out",
            )
        elif _is_id(value):
            yield named(where, value)


def _of_word(where: str, words: tuple[Token, ...], index: int, word: Token) -> Iterator[Reference]:
    flag, equals, value = word.text.partition("=")
    if word.readable:
        yield from _path(where, value if equals else word.text)
    if flag.replace("_", "-") not in _FLAGS:
        return
    following = words[index + 1] if index + 1 < len(words) else None
    taken = word if equals else following
    if taken is not None and not taken.readable:
        yield unreadable(
            f"{where}, {flag}", "its value is not known, and servers take a model there", f"write {flag} out"
        )
        return
    text = value if equals else following.text if following is not None else ""
    if _is_id(text):
        yield named(f"{where}, {flag}", text)


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None and _SETTINGS_FILE.fullmatch(text) is None


def _path(where: str, text: str) -> Iterator[Reference]:
    if text.startswith(f"{MODELS_DIRECTORY}/"):
        reference = named(where, text)
        if reference.model is not None:
            yield reference


def known_in_container(container: Container, runs: Runs) -> Iterator[Reference]:
    """Yield the models of known developers in the words, variables, mounts and image of any container."""
    where = container.label
    environment = environment_of(container)
    own = engine_of_image(container.image)
    words = words_of(container, environment)[1] or ()
    for word in words:
        yield from known_in_text(f"{where}, command", word.text)
    for command in runs.commands:
        for word in command:
            yield from known_in_text(f"{where}, command", word.text)
        if not starts_engine(command) and (own is None or not is_blank(container.command)):
            yield from _of_another_family(where, command)
    for command in exec_commands(container):
        yield from known_in_values(f"{where}, a hook or probe", command)
    for name, value in environment.items():
        yield from known_in_text(f"{where}, variable {name}", value)
    for key in ("image", "volumeMounts", "workingDir"):
        yield from known_in_values(f"{where}, {key}", container.raw.get(key))


def _of_another_family(where: str, command: tuple[Token, ...]) -> Iterator[Reference]:
    """Yield a command that names a place under /models and, beside it, files of another family of models.

    Those of a known developer are named already.
    """
    texts = [word.text for word in command if word.readable and not re.search(r"\s", word.text)]
    places = " ".join(text for text in texts if f"{MODELS_DIRECTORY}/" in text).lower()
    for text in texts if places else ():
        family = family_in(text) if "/" in text else ""
        if family and family not in places and not known_models(text):
            yield unreadable(
                where,
                f"it brings files that are called after the {family} family to a place under "
                f"{MODELS_DIRECTORY} that is called otherwise",
                "keep each model under its own name, at every place that it passes",
            )
            return


def known_in_volumes(pod: Mapping[str, Value]) -> Iterator[Reference]:
    """Yield the models of known developers in the volumes of a pod: paths, images, attributes."""
    volumes = plain(pod.get("volumes"))
    for entry in volumes if isinstance(volumes, tuple) else ():
        fields = plain(entry)
        name = plain(fields.get("name")) if isinstance(fields, Mapping) else None
        yield from known_in_values(f"the volume {name!r}" if isinstance(name, str) else "a volume", fields)


def known_in_values(where: str, value: Value | Absent) -> Iterator[Reference]:
    """Yield the models of known developers in every text inside a value."""
    bare = plain(value)
    if isinstance(bare, str):
        yield from known_in_text(where, bare)
    elif isinstance(bare, tuple):
        for element in bare:
            yield from known_in_values(where, element)
    elif isinstance(bare, Mapping):
        for item in bare.values():
            yield from known_in_values(where, item)


def known_in_text(where: str, text: str) -> Iterator[Reference]:
    """Yield the models of known developers that a text names, comments aside."""
    for model in known_models(without_comments(text)):
        yield Reference(where, model, any_case=True)
