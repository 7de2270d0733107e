"""Which inference server a container runs, and whether it runs one at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from policies.facts import UNKNOWN, Unknown, Value, contains_unknown, is_blank, plain
from policies.models.command_line import CommandLine, Token, base_name, is_wrapping
from policies.models.containers import Container
from policies.models.llama_cpp import is_llama_variable
from policies.models.programs import runs_of
from policies.models.vllm import VLLM_SUBCOMMANDS, is_vllm_variable

__all__ = [
    "Engine",
    "Started",
    "engine_of_image",
    "mentions_engine",
    "requests_gpu",
    "started",
    "starts_engine",
    "suspicions",
]


class Engine(StrEnum):
    """An inference server, as far as a rule can read how it names its model."""

    VLLM = "vLLM"
    LLAMA_CPP = "llama.cpp"
    OTHER = "another inference server"
    """One whose command line no rule here can read."""


_VLLM_MODULE = re.compile(r"(?:|.*[/.])vllm[./]entrypoints[./].*")
_LLAMA_PROGRAM = re.compile(
    r"llama-(?:server|cli|run|box|embedding|simple-chat|mtmd-cli|tts|perplexity|bench)"
)
_LLAMA_SUBCOMMANDS: Final = frozenset(["serve", "server", "run", "cli", "chat"])
_OTHER_PROGRAMS: Final = frozenset(
    [
        "ollama",
        "sglang",
        "text-generation-launcher",
        "text-generation-server",
        "text-embeddings-router",
        "tritonserver",
        "trtllm-serve",
        "lmdeploy",
        "mlc_llm",
        "local-ai",
        "koboldcpp",
        "llamafile",
        "aphrodite",
        "tabbyapi",
        "infinity_emb",
        "lmstudio",
    ]
)
_OTHER_MODULES: Final = ("sglang.", "lmdeploy", "mlc_llm", "aphrodite.", "tensorrt_llm", "llama_cpp.server")
_VLLM_IMAGE = re.compile(r"vllm")
_LLAMA_IMAGE = re.compile(r"llama[-_.]?cpp|llama-server|llama\.cpp")
_OTHER_IMAGES = re.compile(
    r"ollama|sglang|text-generation-inference|text-embeddings-inference|tritonserver|tensorrt-?llm|lmdeploy|localai|"
    r"kobold|llamafile|aphrodite|tabbyapi|huggingfaceserver|^nim$|mlc-llm"
)
_NAMED_IN_SCRIPT = re.compile(r"(?<![\w/.:-])(?:vllm|llama-server|llama-cli|ollama|sglang)(?![\w.:/-])")
_LIBRARY = re.compile(
    r"\b(?:from|import)\s+(?:vllm|sglang|transformers|sentence_transformers|llama_cpp|ctransformers|exllamav2|mlx_lm)\b"
)
_NOTHING: Final = Token("")
_GPU = re.compile(r"(?:.*\.)?nvidia\.com/.+|amd\.com/gpu.*|gpu\.intel\.com/.+|habana\.ai/.+")


@dataclass(frozen=True, slots=True)
class Started:
    """An inference server that a command line starts."""

    engine: Engine
    prefix: tuple[Token, ...]
    """The words before the program: wrappers, assignments, earlier commands of a script."""
    arguments: tuple[Token, ...]
    problem: str = ""
    """Why the line starts something that cannot be read, or empty."""


def started(line: CommandLine, image: Value) -> Started | None:
    """Return the server that a container's line starts, or None if it starts none that is known here."""
    if line.explicit:
        found = _find(line.tokens, anywhere=line.script)
        if (
            found is not None
            and line.script
            and _find((_NOTHING, *found.arguments), anywhere=True) is not None
        ):
            return Started(
                found.engine, found.prefix, found.arguments, "its shell script names more than one server"
            )
        return found
    engine = engine_of_image(image)
    in_arguments = _server_at(line.tokens, 0) if line.tokens else None
    if in_arguments is not None:
        return in_arguments
    return Started(engine, (), line.tokens) if engine else None


def _find(tokens: Sequence[Token], *, anywhere: bool) -> Started | None:
    """Return the first server in a line: behind wrappers only, or, in a script, anywhere."""
    for index, token in enumerate(tokens):
        found = _server_at(tokens, index)
        if found is not None:
            return found
        if not anywhere and not (token.readable and is_wrapping(token.text)):
            return None
    return None


def _server_at(tokens: Sequence[Token], index: int) -> Started | None:
    text = tokens[index].text
    if not tokens[index].readable or "://" in text:
        return None
    after = tokens[index + 1].text if index + 1 < len(tokens) else ""
    is_module = index > 0 and tokens[index - 1].text == "-m"
    name = base_name(text)
    if name == "vllm" and (index == 0 or is_module or after in VLLM_SUBCOMMANDS):
        return _starting(Engine.VLLM, tokens, index, VLLM_SUBCOMMANDS)
    if _VLLM_MODULE.fullmatch(text):
        return _starting(Engine.VLLM, tokens, index, VLLM_SUBCOMMANDS if "cli" in text else frozenset())
    if name in _OTHER_PROGRAMS or (is_module and text.startswith(_OTHER_MODULES)):
        return _starting(Engine.OTHER, tokens, index, frozenset())
    if name == "llama" and after in _LLAMA_SUBCOMMANDS:
        return _starting(Engine.LLAMA_CPP, tokens, index, _LLAMA_SUBCOMMANDS)
    if _LLAMA_PROGRAM.fullmatch(name):
        return _starting(Engine.LLAMA_CPP, tokens, index, frozenset())
    return None


def _starting(engine: Engine, tokens: Sequence[Token], index: int, subcommands: frozenset[str]) -> Started:
    start = index + 1
    if start < len(tokens) and tokens[start].readable and tokens[start].text in subcommands:
        start += 1
    return Started(engine, tuple(tokens[:index]), tuple(tokens[start:]))


def engine_of_image(image: Value) -> Engine | None:
    """Return the server that an image's name speaks of, by the last step of its repository."""
    bare = plain(image)
    if not isinstance(bare, str):
        return None
    repository = bare.partition("@")[0]
    name = base_name(repository).partition(":")[0].lower()
    if _OTHER_IMAGES.search(name):
        return Engine.OTHER
    if _LLAMA_IMAGE.search(name):
        return Engine.LLAMA_CPP
    if _VLLM_IMAGE.search(name):
        return Engine.VLLM
    return None


def suspicions(container: Container, line: CommandLine) -> Iterator[str]:
    """Yield every reason to take a container for an inference server. None means that it serves no model."""
    engine = engine_of_image(container.image)
    if engine is not None:
        yield f"its image is that of {engine.value}"
    if (
        mentions_engine(container.command)
        or mentions_engine(container.args)
        or _find(line.tokens, anywhere=line.script)
        or any(map(starts_engine, runs_of(container).commands))
    ):
        yield "its command starts an inference server"
    elif _LIBRARY.search(_text_of(container.command) + " " + _text_of(container.args)):
        yield "its inline code imports a library that loads models"
    elif line.problem and _NAMED_IN_SCRIPT.search(_text_of(container.command) + _text_of(container.args)):
        yield "it names an inference server in a command that cannot be read"
    for variable in container.environment:
        if is_llama_variable(variable.name) or is_vllm_variable(variable.name):
            yield f"it sets {variable.name}"
    if requests_gpu(container.resources):
        yield "it requests a GPU"


def starts_engine(words: Sequence[Token]) -> bool:
    """Return True if one command, taken apart, starts a server, behind whatever wrappers."""
    return _find(words, anywhere=False) is not None


def mentions_engine(value: Value) -> bool:
    """Return True if any word of a command, also inside a script, is the name of an inference server's
    program.
    """
    bare = plain(value)
    if isinstance(bare, tuple):
        return (
            any(mentions_engine(element) for element in bare)
            or _find(_words(bare), anywhere=True) is not None
        )
    return isinstance(bare, str) and _find(_words((bare,)), anywhere=True) is not None


def _words(values: Sequence[Value]) -> tuple[Token, ...]:
    texts = [text for text in map(plain, values) if isinstance(text, str)]
    words = [word for text in texts for word in re.split(r"[\s;&|()\"'`{}]+", text) if word]
    return (_NOTHING, *(Token(word) for word in words))


def _text_of(value: Value) -> str:
    bare = plain(value)
    if isinstance(bare, tuple):
        return " ".join(map(_text_of, bare))
    return bare if isinstance(bare, str) else ""


def requests_gpu(resources: Value) -> bool:
    """Return True if a container asks for an accelerator, or for something that is not known yet."""
    bare = plain(resources)
    if isinstance(bare, Unknown):
        return True
    if not isinstance(bare, Mapping):
        return False
    if not is_blank(bare.get("claims")):
        return True
    for part in ("limits", "requests"):
        amounts = plain(bare.get(part))
        if amounts is UNKNOWN:
            return True
        if isinstance(amounts, Mapping):
            for name, amount in amounts.items():
                if _GPU.fullmatch(name) and (contains_unknown(amount) or plain(amount) not in ("0", 0, None)):
                    return True
    return False
