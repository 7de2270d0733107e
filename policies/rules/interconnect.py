"""A model fits one node, or the fabric between nodes is declared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Final

from policies.facts import Resource, Unknown, Value, is_blank, plain
from policies.models.engines import Engine
from policies.models.ray import starts_ray
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._pods import field
from policies.rules._ray import LAUNCHERS, RAY_ADDRESS, launchers_of
from policies.rules._serving import Server, meant, normal_flag, servers_of, violation
from policies.violations import Violation
from policies.workloads.command_line import Token, command_line
from policies.workloads.containers import Container, containers_of

__all__ = ["ANNOTATION", "RULE"]

_ID = "interconnect"

ANNOTATION: Final = "sovereign.dev/interconnect"
"""Names the fabric that the nodes of a workload share, such as the cloud's product."""

_NO_EXCEPTION: Final = "the declaration is the exception: whoever has the fabric names it in the annotation"

_SPLITS: Final[Mapping[str, str]] = {
    "--tensor-parallel-size": "tensor",
    "-tp": "tensor",
    "--pipeline-parallel-size": "pipeline",
    "-pp": "pipeline",
    "--prefill-context-parallel-size": "prefill context",
    "-pcp": "prefill context",
    "--data-parallel-size": "data",
    "-dp": "data",
}
"""Flags that split the work over GPUs, and over what."""

_PLACES: Final[Mapping[str, str]] = {
    "--nnodes": "nodes",
    "-n": "nodes",
    "--data-parallel-size-local": "local",
    "-dpl": "local",
}
"""Flags that say over how many nodes it is split, or how many of its data-parallel parts this node runs."""
_ELSEWHERE: Final = frozenset(
    {
        "--data-parallel-address",
        "--data-parallel-external-lb",
        "--data-parallel-hybrid-lb",
        "--data-parallel-rank",
        "--data-parallel-start-rank",
        "--headless",
        "--master-addr",
        "--node-rank",
        "-dpa",
        "-dpe",
        "-dph",
        "-dpn",
        "-dpr",
        "-r",
    }
)
"""Flags that only make sense with another node."""

_VARIABLES: Final[Mapping[Engine, Mapping[str, frozenset[str]]]] = {
    Engine.VLLM: {"VLLM_DP_SIZE": frozenset({"1"}), RAY_ADDRESS: frozenset({"local"})},
    Engine.LLAMA_CPP: {"LLAMA_ARG_RPC": frozenset()},
}
"""Variables that join a server with other nodes, and the values that do not."""

_RPC: Final = "--rpc"
_JOINED: Final = re.compile(r"(?P<flag>-[nr])(?P<value>[0-9]+)")
"""A flag of one letter may have its value in the same word."""
_OURS: Final = frozenset({*_SPLITS, *_PLACES, *_ELSEWHERE})
_GPU: Final = re.compile(r"nvidia\.com/(?:gpu|mig-.+)|amd\.com/gpu|gpu\.intel\.com/.+|habana\.ai/gaudi")


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or resource.package != "kubernetes" or _is_declared(resource.properties):
        return
    problem = _group_problem(resource)
    if problem:
        yield _refusal(resource, problem)
    for server in servers_of(resource):
        found = _joined_by_variable(server) or _server_problem(server)
        if found:
            yield _refusal(resource, f"{server.label}: {found}")
    for part in containers_of(resource):
        if isinstance(part, Container) and starts_ray(command_line(part).tokens):
            yield _refusal(resource, f"{part.label} starts a node of a Ray cluster, which spans nodes")


def _is_declared(value: Value) -> bool:
    """Return True if the object, or a pod template in it, names the fabric."""
    bare = plain(value)
    if isinstance(bare, tuple):
        return any(_is_declared(element) for element in bare)
    if not isinstance(bare, Mapping):
        return False
    named = plain(field(bare, "metadata", "annotations", ANNOTATION))
    if isinstance(named, str) and named.strip():
        return True
    return any(_is_declared(item) for key, item in bare.items() if key != "metadata")


def _group_problem(resource: Resource) -> str:
    """Return how a kind of object spreads one model over several pods, or an empty text."""
    group = resource.type.partition(":")[2]
    if group.startswith("leaderworkerset.x-k8s.io/"):
        size = plain(field(resource.properties, "spec", "leaderWorkerTemplate", "size"))
        if isinstance(size, int | float) and size > 1:
            return f"`spec.leaderWorkerTemplate.size` = {int(size)} spreads one model over so many pods"
        if isinstance(size, Unknown | str):
            return "`spec.leaderWorkerTemplate.size` is not known before the update"
    if group.startswith("ray.io/"):
        return "a Ray cluster spreads one model over several nodes"
    return ""


def _joined_by_variable(server: Server) -> str:
    """Return which variable of the manifest or of the command joins a server with other nodes."""
    joining = _VARIABLES.get(server.engine, {})
    given: dict[str, str] = {}
    for variable in server.container.environment:
        value = plain(variable.value)
        if variable.from_cluster or not is_blank(value):
            given[variable.name] = value if isinstance(value, str) else ""
    for token in server.prefix:
        name, equals, value = token.text.partition("=")
        if equals:
            given[name] = value
    for name, alone in joining.items():
        if name in given and given[name] not in alone:
            return f"the variable {name} joins it with other nodes"
    return ""


def _server_problem(server: Server) -> str:
    if server.engine is Engine.LLAMA_CPP:
        flags = (normal_flag(token.text) for token in server.behind if token.readable)
        return f"{_RPC} sends layers of the model to other nodes" if _RPC in flags else ""
    return _vllm_problem(server) if server.engine is Engine.VLLM else ""


def _vllm_problem(server: Server) -> str:
    for launcher, value in launchers_of(server.behind):
        if value not in LAUNCHERS[launcher]:
            allowed = " or ".join(sorted(LAUNCHERS[launcher]))
            return f"{launcher} is not {allowed}, so its workers may run on other nodes"
    splits: dict[str, int] = {}
    for index, token in enumerate(server.behind):
        if not token.readable or not token.text.startswith("-"):
            continue
        for name in sorted(_meant(normal_flag(token.text))):
            if name in _ELSEWHERE:
                return f"{name} joins it with other nodes"
            value = _value(token, server.behind[index + 1 :])
            if not value.isdecimal():
                return f"{name} has no number that can be read, so it may span nodes"
            over = (_SPLITS | _PLACES)[name]
            splits[over] = (min if over == "local" else max)(splits.get(over, int(value)), int(value))
    nodes, local, data = splits.pop("nodes", 1), splits.pop("local", None), splits.get("data", 1)
    if nodes > 1:
        return f"--nnodes {nodes} spreads it over so many nodes"
    if local is not None and local < data:
        return f"{local} of its {data} data-parallel parts run in this pod, so the others run elsewhere"
    return _too_many(server, splits)


def _too_many(server: Server, splits: Mapping[str, int]) -> str:
    wanted = prod(splits.values())
    gpus = _gpus(server.container.resources)
    if wanted == 1 or (gpus is not None and wanted <= gpus):
        return ""
    has = "an unknown number of" if gpus is None else str(gpus)
    split = " x ".join(f"{over} {count}" for over, count in splits.items() if count > 1)
    return f"{split} parallel asks for {wanted} GPUs and its pod has {has}"


def _meant(flag: str) -> set[str]:
    """Return the flags that a word may stand for: itself, or those that it abbreviates."""
    joined = _JOINED.fullmatch(flag)
    return {joined["flag"]} if joined else meant(flag, _OURS)


def _value(token: Token, following: Sequence[Token]) -> str:
    _, equals, value = token.text.partition("=")
    if equals:
        return value
    joined = _JOINED.fullmatch(token.text)
    if joined:
        return joined["value"]
    return following[0].text if following and following[0].readable else ""


def _gpus(resources: Value) -> int | None:
    """Return how many GPUs a container gets; None if that cannot be read."""
    bare = plain(resources)
    if bare is None:
        return 0
    if not isinstance(bare, Mapping) or not is_blank(bare.get("claims")):
        return None
    amounts = [plain(bare.get(part)) for part in ("limits", "requests")]
    counts = [0]
    for amount in amounts:
        if amount is None:
            continue
        if not isinstance(amount, Mapping):
            return None
        for name, value in amount.items():
            if _GPU.fullmatch(name):
                count = plain(value)
                text = str(int(count)) if isinstance(count, int | float) else count
                if not isinstance(text, str) or not text.isdecimal():
                    return None
                counts.append(int(text))
    return max(counts)


def _refusal(resource: Resource, found: str) -> Violation:
    return violation(
        _ID,
        resource,
        found=f"{found}; no fabric is declared",
        allowed=f"a model that fits the GPUs of one pod, or the annotation {ANNOTATION}: <name of the "
        "fabric>",
        fix="take nodes with more GPUs, a smaller or a quantised model; or, if the nodes have a fast "
        "fabric, name it "
        f"in the annotation {ANNOTATION} of the workload",
        exception=_NO_EXCEPTION,
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.INTERCONNECT,
    title="A model fits the GPUs of one node, or the fabric between nodes is declared",
    why="European clouds mostly sell GPU nodes on plain Ethernet: a model split over them answers slowly or "
    "not at "
    "all, and its activations, which are customers' data, cross the network in plain form.",
    law="GDPR and UK GDPR, article 32: availability and confidentiality of processing",
    source="docs of the design: the interconnect gap; flags of vLLM 0.33.0, 2026-11-23",
    references=(
        "EU Cloud Sovereignty Framework SOV-6",
        "EU Cloud Sovereignty Framework SOV-7",
        "GDPR Art 32",
        "UK GDPR Art 32",
    ),
    severity=Severity.MEDIUM,
    fix="Fit the model into one node, or declare the fabric.",
    exception=_NO_EXCEPTION,
    check=_check,
)
