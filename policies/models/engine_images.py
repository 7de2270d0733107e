"""What the name of an image says: which inference server is in it, or which model."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from policies.facts import Value, plain
from policies.models.known_models import family_in

__all__ = ["Engine", "engine_of_image", "family_of_image"]


class Engine(StrEnum):
    """An inference server, as far as a rule can read how it names its model."""

    VLLM = "vLLM"
    LLAMA_CPP = "llama.cpp"
    OTHER = "another inference server"
    """One whose command line no rule here can read."""


_VLLM_IMAGE = re.compile(r"vllm")
_LLAMA_IMAGE = re.compile(r"llama[-_.]?cpp|llama-server|llama\.cpp")
_OTHER_IMAGES = re.compile(
    r"ollama|sglang|text-generation-|text-embeddings-|tritonserver|tensorrt-?llm|lmdeploy|local-?ai(?![a-z])|"
    r"kobold|llamafile|llama-?swap|aphrodite|tabbyapi|huggingfaceserver|^nim$|mlc-?llm|djl-(?:serving|inference)|"
    r"torchserve|xinference|openllm|litgpt|mistral-?rs|ramalama|gpt4all|ray-?llm|fastchat|ktransformers|lemonade-server|"
    r"lightllm|lorax|(?:openvino[-_])?model[-_]server|gpt-?oss|llama-?guard|(?:^|[-_.])(?:tgi|tei)(?:$|[-_.])"
)
_OTHER_STEPS: Final = frozenset({"nim"})
"""Steps of a repository under which each image is a server with its model."""


def engine_of_image(image: Value) -> Engine | None:
    """Return the server that an image's repository speaks of, by its last step or one that says it all."""
    steps = _steps(image)
    if not steps:
        return None
    if _OTHER_IMAGES.search(steps[-1]) or not _OTHER_STEPS.isdisjoint(steps[1:-1]):
        return Engine.OTHER
    if _LLAMA_IMAGE.search(steps[-1]):
        return Engine.LLAMA_CPP
    if _VLLM_IMAGE.search(steps[-1]):
        return Engine.VLLM
    return None


def family_of_image(image: Value) -> str:
    """Return the family of models after which an image is named, or an empty text."""
    steps = _steps(image)
    return family_in(steps[-1]) if steps else ""


def _steps(image: Value) -> list[str]:
    """Return the steps of a repository in lower case, the host first if there is one; no tag, no digest."""
    bare = plain(image)
    if not isinstance(bare, str):
        return []
    steps = bare.partition("@")[0].lower().split("/")
    return [*steps[:-1], steps[-1].partition(":")[0]]
