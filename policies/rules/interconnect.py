"""A model fits one node, or the fabric between nodes is declared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from policies.facts import Resource, Unknown, Value, is_blank, plain
from policies.models.command_line import Token
from policies.models.engines import Engine
from policies.models.vllm_flags import CONFIG_JSON_FLAGS, LIST_FLAGS, MODEL_FLAGS, ONE_VALUE_FLAGS
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._pods import field
from policies.rules._serving import Server, normal_flag, servers_of, violation
from policies.violations import Violation

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
    "--data-parallel-size": "data",
    "-dp": "data",
}
"""Flags that split the work over GPUs, and over what."""

_PLACES: Final[Mapping[str, str]] = {
    "--nnodes": "nodes",
    "-n": "nodes",
}
_ELSEWHERE: Final = frozenset(
    {
        "--data-parallel-address",
        "--data-parallel-hybrid-lb",
        "--data-parallel-start-rank",
        "--headless",
        "--master-addr",
        "--node-rank",
        "-dpa",
        "-dpr",
        "-r",
    }
)
"""Flags that only make sense with another node."""

_EXECUTOR: Final = "--distributed-executor-backend"
_KNOWN: Final = frozenset({*MODEL_FLAGS, *ONE_VALUE_FLAGS, *LIST_FLAGS, *CONFIG_JSON_FLAGS})
_GPU: Final = re.compile(r"nvidia\.com/(?:gpu|mig-.+)|amd\.com/gpu|gpu\.intel\.com/.+|habana\.ai/gaudi")


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or resource.package != "kubernetes" or _is_declared(resource.properties):
        return
    problem = _group_problem(resource)
    if problem:
        yield _refusal(resource, problem)
    for server in servers_of(resource):
        if server.engine is Engine.VLLM:
            found = _server_problem(server)
            if found:
                yield _refusal(resource, f"{server.label}: {found}")


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


def _server_problem(server: Server) -> str:
    splits = {"tensor": 1, "pipeline": 1, "data": 1, "nodes": 1}
    for index, token in enumerate(server.behind):
        if not token.readable or not token.text.startswith("-"):
            continue
        flag = normal_flag(token.text)
        for meant in sorted(_meant(flag)):
            if meant in _ELSEWHERE:
                return f"{meant} joins it with other nodes"
            value = _value(token, server.behind[index + 1 :])
            if meant == _EXECUTOR:
                if value not in {"mp", "uni"}:
                    return f"{_EXECUTOR} is not mp or uni, so its workers may run on other nodes"
                continue
            if not value.isdecimal():
                return f"{meant} has no number that can be read, so it may span nodes"
            over = (_SPLITS | _PLACES)[meant]
            splits[over] = max(splits[over], int(value))
    if splits["nodes"] > 1:
        return f"--nnodes {splits['nodes']} spreads it over so many nodes"
    return _too_many(server, splits)


def _too_many(server: Server, splits: Mapping[str, int]) -> str:
    wanted = splits["tensor"] * splits["pipeline"] * splits["data"]
    gpus = _gpus(server.container.resources)
    if wanted == 1 or (gpus is not None and wanted <= gpus):
        return ""
    has = "an unknown number of" if gpus is None else str(gpus)
    return (
        f"tensor {splits['tensor']} x pipeline {splits['pipeline']} x data {splits['data']} parallel asks "
        "for "
        f"{wanted} GPUs and its pod has {has}"
    )


def _meant(flag: str) -> set[str]:
    """Return the flags that a word may stand for: itself, or those that it abbreviates."""
    ours = {*_SPLITS, *_PLACES, *_ELSEWHERE, _EXECUTOR}
    if flag in ours:
        return {flag}
    if flag in _KNOWN or len(flag) < 2 or flag == "--":
        return set()
    return {each for each in ours if each.startswith(flag)}


def _value(token: Token, following: Sequence[Token]) -> str:
    _, equals, value = token.text.partition("=")
    if equals:
        return value
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
    severity=Severity.MEDIUM,
    fix="Fit the model into one node, or declare the fabric.",
    exception=_NO_EXCEPTION,
    check=_check,
)
