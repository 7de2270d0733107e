"""Which inference server a container runs, and whether it runs one at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from policies.facts import UNKNOWN, Unknown, Value, contains_unknown, is_blank, plain
from policies.models.engine_images import Engine, engine_of_image, family_of_image
from policies.models.llama_cpp import is_llama_variable
from policies.models.programs import runs_of
from policies.models.ray import starts_ray
from policies.models.vllm import VLLM_SUBCOMMANDS, is_vllm_variable
from policies.workloads.command_line import CommandLine, Token, base_name, is_wrapping
from policies.workloads.containers import Container

__all__ = [
    "Engine",
    "Started",
    "engine_of_image",
    "mentions_engine",
    "requests_gpu",
    "sees_gpu",
    "started",
    "starts_engine",
    "suspicions",
]


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
        "gpt4all",
        "llama-swap",
        "mistralrs",
        "mistralrs-server",
        "mistralrs-bench",
        "openllm",
        "ramalama",
        "torchserve",
        "fastchat",
        "ktransformers",
        "lemonade-server",
        "lightllm",
        "lorax-launcher",
        "ovms",
        "shimmy",
        "speaches",
        "whisper-server",
        "dynamo-run",
        "xinference",
        "xinference-local",
        "xinference-worker",
    ]
)
_OTHER_SUBCOMMANDS: Final[Mapping[str, frozenset[str]]] = {
    "bentoml": frozenset({"serve"}),
    "cortex": frozenset({"run", "start"}),
    "dynamo": frozenset({"run", "serve"}),
    "exo": frozenset({"run", "--chatgpt-api-port", "--default-model", "--inference-engine"}),
    "gpustack": frozenset({"start"}),
    "jan": frozenset({"serve"}),
    "litgpt": frozenset({"chat", "generate", "serve"}),
    "lms": frozenset({"load", "server"}),
    "max": frozenset({"generate", "serve"}),
    "nexa": frozenset({"infer", "run", "serve", "server"}),
    "optimum-cli": frozenset({"neuron serve"}),
    "serve": frozenset({"deploy", "run"}),
    "tabby": frozenset({"serve"}),
    "transformers": frozenset({"chat", "serve"}),
    "transformers-cli": frozenset({"chat", "serve"}),
}
"""Programs that are inference servers by their subcommand, of one word or two; ``serve`` is Ray's, and also a
server of pages, ``exo`` also the command line of a cloud.
"""
_ALONE: Final = frozenset({"exo"})
"""Programs that are inference servers without any word after them, and ordinary words elsewhere."""
_OTHER_MODULES: Final = (
    "sglang.",
    "lmdeploy",
    "mlc_llm",
    "aphrodite.",
    "tensorrt_llm",
    "llama_cpp.server",
    "fastchat.serve",
    "dynamo.",
    "mlx_lm",
    "mlx_vlm",
    "lightllm.",
    "mii.",
)
_OTHER_APPLICATION = re.compile(r"speaches\.main:\w+")
"""What a web server of Python, such as uvicorn, is given to run."""
_NAMED_IN_SCRIPT = re.compile(r"(?<![\w/.:-])(?:vllm|llama-server|llama-cli|ollama|sglang)(?![\w.:/-])")
_LIBRARY = re.compile(
    r"\b(?:from|import)\s+(?:vllm|sglang|transformers|sentence_transformers|llama_cpp|ctransformers|exllamav2|mlx_lm)\b"
)
_NOTHING: Final = Token("")
_GPU_TOOL = re.compile(
    r"nvidia-smi|nvidia-device-plugin|dcgm-exporter|dcgmi|nv-hostengine|gpu-feature-discovery"
)
_GPU_TOOL_IMAGE = re.compile(
    r".*/(?:(?:k8s|nvidia)-device-plugin|dcgm|dcgm-exporter|gpu-feature-discovery|k8s-mig-manager|gpu-operator-validator)"
    r"(?::[\w.-]+)?(?:@.*)?"
)
"""What looks after GPUs, and sees them without asking for one."""
_NO_DEVICES: Final = frozenset({"", "none", "void"})
_NEUTRAL = re.compile(
    r"[^/]*|(?:.*\.)?(?:kubernetes|k8s|kubevirt|cilium|openshift|longhorn)\.io/.+|rdma/.+|(?:.*\.)?mellanox\.com/.+"
    r"|.*/(?:.*[_-])?(?:fuse|kvm|tun|tap|vhost[_-]net|sriov.*|hostdev.*|qat.*|sgx.*|epc|rdma.*|net.*|usb.*|snd|video.*)"
)
"""Resources that are no accelerator: those of Kubernetes itself, networks, and devices of other kinds."""
_GPU_NODES: Final = "nvidia.com/"
"""What keys of labels and taints of GPU nodes begin with."""


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
    if name.endswith(".llamafile") or _OTHER_APPLICATION.fullmatch(name):
        return _starting(Engine.OTHER, tokens, index, frozenset())
    further = tokens[index + 2].text if index + 2 < len(tokens) else ""
    if not {after, f"{after} {further}"}.isdisjoint(_OTHER_SUBCOMMANDS.get(name, ())):
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


def suspicions(container: Container, line: CommandLine) -> Iterator[str]:
    """Yield every reason to take a container for an inference server. None means that it serves no model."""
    engine = engine_of_image(container.image)
    if engine is not None:
        yield f"its image is that of {engine.value}"
    family = family_of_image(container.image)
    if family:
        yield f"its image is named after a model of the {family} family"
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
    elif sees_gpu(container) and not _is_gpu_tool(container, line):
        yield "it is given the GPUs of its node"


def starts_engine(words: Sequence[Token]) -> bool:
    """Return True if one command, taken apart, starts a server, behind whatever wrappers."""
    last = words[-1] if words else _NOTHING
    is_alone = last.readable and base_name(last.text) in _ALONE
    if is_alone and all(word.readable and is_wrapping(word.text) for word in words[:-1]):
        return True
    return starts_ray(words) or _find(words, anywhere=False) is not None


def mentions_engine(value: Value) -> bool:
    """Return True if any word of a command, also inside a script, is the name of an inference server's
    program.
    """
    bare = plain(value)
    if isinstance(bare, tuple):
        return any(mentions_engine(element) for element in bare) or _names_engine(_words(bare))
    return isinstance(bare, str) and _names_engine(_words((bare,)))


def _names_engine(words: Sequence[Token]) -> bool:
    return starts_ray(words) or _find(words, anywhere=True) is not None


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
                if not _NEUTRAL.fullmatch(name.lower()) and (
                    contains_unknown(amount) or plain(amount) not in ("0", 0, None)
                ):
                    return True
    return False


def sees_gpu(container: Container) -> bool:
    """Return True if a container sees GPUs that it has not asked for: by its runtime, or by a variable.

    A runtime that a pod needs for another container, which asks for a GPU, says nothing about this one.
    """
    devices = [each.value for each in container.environment if each.name == "NVIDIA_VISIBLE_DEVICES"]
    if devices:
        return plain(devices[-1]) not in (*_NO_DEVICES, None)
    if _is_privileged_on_gpu_nodes(container):
        return True
    runtime = plain(container.pod.get("runtimeClassName"))
    if not isinstance(runtime, Unknown) and not (isinstance(runtime, str) and "nvidia" in runtime.lower()):
        return False
    others = plain(container.pod.get("containers"))
    fields = [plain(each) for each in others] if isinstance(others, tuple) else []
    return not any(isinstance(each, Mapping) and requests_gpu(each.get("resources")) for each in fields)


def _is_privileged_on_gpu_nodes(container: Container) -> bool:
    """Return True for a container that may open every device of its node, on nodes that it chose for GPUs."""
    context = plain(container.raw.get("securityContext"))
    if not isinstance(context, Mapping) or plain(context.get("privileged")) in (False, None):
        return False
    selector = plain(container.pod.get("nodeSelector"))
    chosen = [*selector] if isinstance(selector, Mapping) else []
    tolerations = plain(container.pod.get("tolerations"))
    for each in map(plain, tolerations if isinstance(tolerations, tuple) else ()):
        key = plain(each.get("key")) if isinstance(each, Mapping) else None
        chosen += [key] if isinstance(key, str) else []
    return any(key.startswith(_GPU_NODES) for key in chosen)


def _is_gpu_tool(container: Container, line: CommandLine) -> bool:
    if line.explicit:
        first = line.tokens[0] if line.tokens else None
        return first is not None and first.readable and _GPU_TOOL.fullmatch(base_name(first.text)) is not None
    image = plain(container.image)
    return isinstance(image, str) and _GPU_TOOL_IMAGE.fullmatch(image) is not None
