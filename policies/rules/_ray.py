"""Where a container starts Ray or joins it: by its command, by a flag of vLLM, by a variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from policies.facts import is_blank
from policies.models.engines import Engine
from policies.models.ray import starts_ray
from policies.rules._serving import Server, meant, normal_flag
from policies.workloads.command_line import Token, command_line
from policies.workloads.containers import Container

__all__ = ["LAUNCHERS", "RAY_ADDRESS", "asks_for_ray", "launchers_of", "runs_ray"]

RAY_ADDRESS: Final = "RAY_ADDRESS"
"""The variable that names the Ray cluster of whatever imports Ray; ``local`` starts one."""

LAUNCHERS: Final[Mapping[str, frozenset[str]]] = {
    "--distributed-executor-backend": frozenset({"mp", "uni"}),
    "--data-parallel-backend": frozenset({"mp"}),
    "-dpb": frozenset({"mp"}),
}
"""Flags of vLLM that say what starts its workers, and what starts none on other nodes."""
_NO_RAY: Final = frozenset({"external_launcher", "mp", "uni"})


def launchers_of(words: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Yield each flag of vLLM that says what starts its workers, and its value: empty if none can be read."""
    for index, token in enumerate(words):
        if not token.readable or not token.text.startswith("-"):
            continue
        for flag in sorted(meant(normal_flag(token.text), frozenset(LAUNCHERS))):
            _, equals, value = token.text.partition("=")
            following = words[index + 1] if index + 1 < len(words) else Token("")
            yield flag, value if equals else following.text if following.readable else ""


def asks_for_ray(server: Server) -> bool:
    """Return True if vLLM's flags let Ray start its workers, or may."""
    return server.engine is Engine.VLLM and any(
        value not in _NO_RAY for _, value in launchers_of(server.behind)
    )


def runs_ray(container: Container) -> bool:
    """Return True if a container's command starts a node of Ray, or a variable names the Ray that it uses."""
    words = command_line(container).tokens
    if starts_ray(words) or any(word.text.startswith(f"{RAY_ADDRESS}=") for word in words):
        return True
    return any(
        variable.name == RAY_ADDRESS and (variable.from_cluster or not is_blank(variable.value))
        for variable in container.environment
    )
