"""Where variables lead a proxy, or a gateway of models.

In other containers the same variables are a client's, and the rules about hosts read them there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.facts import Resource, plain
from policies.proxies.targets import Target, upstream
from policies.workloads.containers import Container, containers_of

__all__ = ["targets_in_variables"]

_VARIABLES: Final = re.compile(r"OAUTH2_PROXY_UPSTREAMS")
_MODEL_VARIABLES: Final = re.compile(
    r"(?:ANTHROPIC|AZURE(?:_AI|_OPENAI)?|COHERE|DEEPSEEK|GROQ|HOSTED_VLLM|HUGGINGFACE|LLAMAFILE|MISTRAL|OLLAMA"
    r"|OPENAI|OPENAI_LIKE|VLLM|XINFERENCE)_(?:API_)?BASE(?:_URL)?S?|OLLAMA_BASE_URLS?|OPENAI_(?:API_HOST|REVERSE_PROXY)"
)
_MODEL_GATEWAYS: Final = ("litellm", "bifrost", "portkey", "one-api", "new-api", "open-webui", "librechat")


def targets_in_variables(resource: Resource) -> Iterator[tuple[str, Target]]:
    """Yield where variables lead a proxy or a gateway of models, with how a message names the container."""
    for part in containers_of(resource) if resource.package == "kubernetes" else ():
        if not isinstance(part, Container):
            continue
        image = plain(part.image)
        is_gateway = isinstance(image, str) and any(each in image.lower() for each in _MODEL_GATEWAYS)
        for variable in part.environment:
            name, value = variable.name, plain(variable.value)
            if not _VARIABLES.fullmatch(name) and not (is_gateway and _MODEL_VARIABLES.fullmatch(name)):
                continue
            for text in re.split(r"[;,\s]+", value) if isinstance(value, str) else ():
                yield from ((part.label, each) for each in _led(name, text))
            if variable.from_cluster:
                yield part.label, Target(name, "")


def _led(name: str, text: str) -> Iterator[Target]:
    found = upstream(name, text)
    if found:
        yield found
