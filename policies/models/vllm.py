"""How a vLLM command line names models. Facts: vLLM 0.33.0, read in the package on 2026-11-23.

``vllm serve MODEL``, ``--model MODEL`` and ``--model=MODEL`` are the plain forms. The parser also takes
underscores for hyphens, unambiguous prefixes of a flag, dotted keys of JSON flags
(``--speculative-config.model X``), a YAML file of arguments and environment variables. With no model named it
serves ``Qwen/Qwen3-0.6B``.

A word that could be the model, and cannot be proved not to be, is unreadable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from policies.models.references import Reference, named, unreadable
from policies.models.vllm_flags import (
    CONFIG_JSON_FLAGS,
    HARMLESS_LOADER_KEYS,
    LIST_FLAGS,
    LOAD_FORMATS,
    MODEL_FLAGS,
    ONE_VALUE_FLAGS,
    FlagKind,
)
from policies.workloads.command_line import Token
from policies.workloads.containers import Variable

__all__ = ["VLLM_SUBCOMMANDS", "is_vllm_variable", "vllm_models", "vllm_variable"]

VLLM_SUBCOMMANDS: Final = frozenset(
    [
        "serve",
        "launch",
        "run-batch",
        "bench",
        "chat",
        "complete",
        "preload",
        "snapshot",
        "download-kernels",
        "collect-env",
    ]
)
_DEFAULT_MODEL: Final = "Qwen/Qwen3-0.6B"
_EQUALS_FIX: Final = "name the model right after `vllm serve`, or write the flag as --flag=value"
_TRUTHY: Final = frozenset({"1", "true", "yes", "on"})
_SWITCHES: Final = frozenset({"VLLM_USE_MODELSCOPE", "VLLM_ALLOW_RUNTIME_LORA_UPDATING"})
_TEXTS: Final = frozenset(
    {
        "VLLM_ADDITIONAL_ARGS",
        "VLLM_LORA_RESOLVER_CACHE_DIR",
        "VLLM_LORA_RESOLVER_HF_REPO_LIST",
        "VLLM_MODEL_REDIRECT_PATH",
        "VLLM_PLUGINS",
    }
)
_SAGEMAKER: Final = "SM_VLLM_"


def is_vllm_variable(name: str) -> bool:
    """Return True for an environment variable by which vLLM can be made to serve another model."""
    return name in _SWITCHES or name in _TEXTS or name.startswith(_SAGEMAKER)


def vllm_variable(where: str, variable: Variable, value: str | None) -> Iterator[Reference]:
    """Yield what a variable adds to the models served; ``value`` is None if the manifest does not spell it
    out.
    """
    if not is_vllm_variable(variable.name):
        return
    if value is not None and (not value or (variable.name in _SWITCHES and value.lower() not in _TRUTHY)):
        return
    yield unreadable(
        f"{where}, variable {variable.name}",
        "the variable can make vLLM load a model that its command line does not name",
        f"remove {variable.name}",
    )


def vllm_models(where: str, arguments: Sequence[Token]) -> Iterator[Reference]:
    """Yield every model that a vLLM command line names, and every place where one may be named unreadably."""
    reader = _Reader(where, arguments)
    yield from reader.read()
    if not reader.names_a_model:
        yield unreadable(
            where,
            f"no model is named, so vLLM serves its default, {_DEFAULT_MODEL}",
            "name the model right after `vllm serve`",
        )


class _Reader:
    """Walks the words once; ``names_a_model`` tells afterwards whether the served model itself was named."""

    def __init__(self, where: str, tokens: Sequence[Token]) -> None:
        self.names_a_model = False
        self._where = where
        self._tokens = tokens
        self._positional = False

    def read(self) -> Iterator[Reference]:
        last_flag = ""
        values_left = 0
        for index, token in enumerate(self._tokens):
            if not token.readable:
                if not (values_left and index and _is_flag(self._tokens[index - 1].text)):
                    yield unreadable(
                        self._where,
                        f"word {index + 1} of the arguments is not known, and it may name a model",
                        "write the word out, or give the flag it belongs to as --flag=value",
                    )
                self.names_a_model = self.names_a_model or index == 0
                values_left -= 1
            elif _is_flag(token.text):
                last_flag, values_left = _flag_name(token.text), 0
                if "=" not in token.text:
                    values_left = _values_of(last_flag)
                yield from self._flag(token.text, self._tokens[index + 1 :])
            elif values_left > 0:
                values_left -= 1
            elif index == 0:
                self._positional = self.names_a_model = True
                yield named(f"{self._where}, the first argument", token.text)
            elif not self._positional:
                yield self._hidden(last_flag)

    def _hidden(self, last_flag: str) -> Reference:
        after = f"the word after {last_flag}" if last_flag else "a word of the command line"
        return unreadable(
            self._where, f"{after} may be a model, and nothing here proves that it is not", _EQUALS_FIX
        )

    def _flag(self, text: str, following: Sequence[Token]) -> Iterator[Reference]:
        name = _flag_name(text)
        base, _, key = name.partition(".")
        kind = _kind_of(base)
        if kind is None:
            return
        where = f"{self._where}, {base}"
        if kind is FlagKind.MODEL:
            self.names_a_model = True
        if kind is FlagKind.FILE:
            yield unreadable(where, "a file that is not in the manifest may name any model", f"remove {base}")
            return
        values = _values(text, following, several=kind is FlagKind.ADAPTERS)
        if not values:
            yield unreadable(where, f"{base} has no value", f"give {base} a value, or remove it")
        for value in values:
            if not value.readable:
                yield unreadable(where, "its value is not known", f"write the value of {base} out")
            else:
                yield from _value(where, base, kind, key, value.text)


def _is_flag(text: str) -> bool:
    return len(text) > 1 and text.startswith("-") and not text[1].isdigit()


def _flag_name(text: str) -> str:
    """Return the flag of ``--flag`` or ``--flag=value``, with hyphens, as the parser reads it."""
    name = text.partition("=")[0]
    base, dot, key = name.partition(".")
    return f"{base.replace('_', '-')}{dot}{key}"


def _kind_of(base: str) -> FlagKind | None:
    """Return what a flag names. An abbreviation counts as every flag it could stand for."""
    if base in MODEL_FLAGS:
        return MODEL_FLAGS[base]
    if base in ONE_VALUE_FLAGS or base in LIST_FLAGS:
        return None
    kinds = [kind for flag, kind in MODEL_FLAGS.items() if flag.startswith(base)]
    if base.startswith("-") and not base.startswith("--"):
        kinds += [
            kind for flag, kind in MODEL_FLAGS.items() if not flag.startswith("--") and base.startswith(flag)
        ]
    return kinds[0] if kinds else None


def _values_of(name: str) -> int:
    base, _, key = name.partition(".")
    if _kind_of(base) is FlagKind.ADAPTERS or base in LIST_FLAGS:
        return 1_000_000
    return (
        1
        if _kind_of(base) is not None or base in ONE_VALUE_FLAGS or (key and base in CONFIG_JSON_FLAGS)
        else 0
    )


def _values(text: str, following: Sequence[Token], *, several: bool) -> list[Token]:
    _, equals, value = text.partition("=")
    if equals:
        return [Token(value)]
    values: list[Token] = []
    for token in following:
        if token.readable and _is_flag(token.text):
            break
        values.append(token)
        if not several:
            break
    return values


def _value(where: str, base: str, kind: FlagKind, key: str, text: str) -> Iterator[Reference]:
    match kind:
        case FlagKind.MODEL | FlagKind.PART if text.startswith("{"):
            yield from _json_models(where, base, key, text)
        case FlagKind.MODEL | FlagKind.PART:
            if not (base == "--generation-config" and text in {"auto", "vllm"}):
                yield named(where, text)
        case FlagKind.ADAPTERS:
            yield from _adapter(where, text)
        case FlagKind.LOAD_FORMAT:
            if text not in LOAD_FORMATS:
                yield unreadable(where, "this load format takes weights from elsewhere", f"remove {base}")
        case FlagKind.LOADER:
            if not _harmless_loader(key, text):
                yield unreadable(where, "its options can take weights from elsewhere", f"remove {base}")
        case FlagKind.JSON:
            yield from _json_models(where, base, key, text)
        case FlagKind.FILE:
            return


def _adapter(where: str, text: str) -> Iterator[Reference]:
    """An adapter is ``name=path`` or an object with a path; it is a model of its own."""
    if text.startswith(("{", "[")):
        document = _parse(text)
        if document is None:
            yield unreadable(where, "its value is not JSON", "write it as name=path")
        yield from _strings(where, document, frozenset({"path", "local_path", "lora_path"}), every=False)
        return
    _, equals, path = text.partition("=")
    yield named(where, path if equals else text)


def _json_models(where: str, base: str, key: str, text: str) -> Iterator[Reference]:
    every = base == "--default-mm-loras"
    if key and not text.startswith("{"):
        if every or key.rpartition(".")[2].replace("-", "_") in _MODEL_KEYS:
            yield named(where, text)
        return
    document = _parse(text)
    if document is None:
        yield unreadable(
            where, "its value is not JSON, so it may name any model", f"write the value of {base} as JSON"
        )
    yield from _strings(where, document, _MODEL_KEYS, every=every)


_MODEL_KEYS: Final = frozenset(
    {"model", "draft_model", "tokenizer", "model_path", "path", "speculative_model"}
)


def _strings(where: str, document: object, keys: frozenset[str], *, every: bool) -> Iterator[Reference]:
    """Yield the models in a JSON document: the texts under certain keys, or every text."""
    if isinstance(document, Mapping):
        for key, item in cast("Mapping[str, object]", document).items():
            if isinstance(item, str) and (every or key.replace("-", "_") in keys):
                yield named(f"{where}, key {key}", item)
            else:
                yield from _strings(where, item, keys, every=every)
    elif isinstance(document, list):
        for item in cast("list[object]", document):
            yield from _strings(where, item, keys, every=every)


def _harmless_loader(key: str, text: str) -> bool:
    if key:
        return key in HARMLESS_LOADER_KEYS
    document = _parse(text)
    return (
        isinstance(document, Mapping) and set(cast("Mapping[str, object]", document)) <= HARMLESS_LOADER_KEYS
    )


def _parse(text: str) -> object | None:
    try:
        return json.loads(text)
    except ValueError:
        return None
