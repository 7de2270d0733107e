"""Every vLLM container sets the whole set of off-switches, letter by letter; a node of Ray has its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from catalog.off_switches import OFF_SWITCHES
from policies.facts import Resource, plain
from policies.models.engines import Engine
from policies.models.ray import ray_at
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._call_home import (
    LAW,
    LMCACHE_SWITCH,
    NO_EXCEPTION,
    RAY_SWITCH,
    REFERENCES,
    SOURCE,
)
from policies.rules._ray import asks_for_ray, runs_ray
from policies.rules._serving import Server, servers_of, violation
from policies.violations import Violation
from policies.workloads.command_line import Token, base_name, command_line, environment_of
from policies.workloads.containers import Container, containers_of

__all__ = ["RULE"]

_ID = "call-home-switches"
_RAY: Final[Mapping[str, str]] = dict((RAY_SWITCH,))
_KUBERAY: Final = "kubernetes:ray.io/"
_CLEARING_PROGRAMS: Final = frozenset(
    {"sudo", "su", "doas", "runuser", "setpriv", "chpst", "unset", "systemd-run"}
)
"""Programs that start another without the variables of the container, and the shell's own way to drop one."""
_CLEARING_OPTIONS: Final[Mapping[str, str]] = {"env": "iu-", "exec": "c"}
"""Letters of options by which a wrapper drops variables."""


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    judged: set[str] = set()
    for server in servers_of(resource):
        if server.engine is Engine.VLLM:
            judged.add(server.container.path)
            yield from _server(resource, server)
    for part in containers_of(resource) if resource.package == "kubernetes" else ():
        if isinstance(part, Container) and part.path not in judged and _needs_ray(resource, part):
            words = command_line(part).tokens
            start = ray_at(words)
            yield from _container(resource, part, words[:start] if start is not None else (), _RAY)
    if resource.package == "kubernetes" and resource.type.endswith("Patch"):
        yield from _patched(resource)


def _server(resource: Resource, server: Server) -> Iterator[Violation]:
    wanted = dict(OFF_SWITCHES)
    if _uses_lmcache(server):
        wanted[LMCACHE_SWITCH[0]] = LMCACHE_SWITCH[1]
    if asks_for_ray(server) or _needs_ray(resource, server.container):
        wanted |= _RAY
    yield from _container(resource, server.container, server.prefix, wanted)


def _needs_ray(resource: Resource, container: Container) -> bool:
    """Return True where Ray runs: the first container of a pod of KubeRay does, whatever its command."""
    is_kuberay = resource.type.startswith(_KUBERAY) and container.path.endswith(".containers[0]")
    return is_kuberay or runs_ray(container)


def _container(
    resource: Resource, container: Container, prefix: Sequence[Token], wanted: Mapping[str, str]
) -> Iterator[Violation]:
    problem = _tampering(prefix, wanted)
    if problem:
        yield _refusal(resource, container.label, problem, wanted)
    environment = environment_of(container)
    problems = [
        text for name, value in wanted.items() if (text := _problem(container, environment, name, value))
    ]
    if problems:
        yield _refusal(resource, container.label, "; ".join(problems), wanted)


def _problem(container: Container, environment: Mapping[str, str], name: str, value: str) -> str:
    if name in environment:
        return "" if environment[name] == value else f"{name} is not {value}, letter by letter"
    if any(variable.name == name for variable in container.environment):
        return f"the value of {name} is not in the manifest"
    return f"{name} is not set"


def _patched(resource: Resource) -> Iterator[Violation]:
    """A patch changes a container that some other resource describes: what it sets must be right."""
    for part in containers_of(resource):
        if not isinstance(part, Container) or part.image is not None:
            continue
        environment = {variable.name: variable.value for variable in part.environment}
        problems = [
            f"{name} is not {value}, letter by letter"
            for name, value in OFF_SWITCHES.items()
            if name in environment and plain(environment[name]) != value
        ]
        if problems:
            yield _refusal(resource, part.label, "; ".join(problems), OFF_SWITCHES)


def _tampering(prefix: Sequence[Token], wanted: Mapping[str, str]) -> str:
    """Return how the words before the server change its variables, or an empty text.

    An assignment with the right value is fine; any other word that speaks of a switch is not.
    """
    wrapper = ""
    for token in prefix:
        if not token.readable:
            return "a word before the server is not known, and it may drop or change variables"
        text = token.text
        name = base_name(text)
        if name in _CLEARING_PROGRAMS:
            return f"{name} before the server drops or changes variables"
        if name in _CLEARING_OPTIONS:
            wrapper = name
        elif wrapper and _clears(wrapper, text):
            return f"{wrapper} {text} before the server drops variables"
        elif not text.startswith("-"):
            wrapper = wrapper if "=" in text else ""
        for switch, value in wanted.items():
            if switch in _names_in(text) and text != f"{switch}={value}":
                return f"the command changes {switch} before it starts the server"
    return ""


def _clears(wrapper: str, option: str) -> bool:
    letters = _CLEARING_OPTIONS[wrapper]
    if option == "-":
        return "-" in letters
    if option.startswith("--"):
        return option[2:3] in letters and len(option) > 2
    return option.startswith("-") and any(letter in letters for letter in option[1:])


def _names_in(text: str) -> set[str]:
    return set("".join(each if each.isalnum() or each == "_" else " " for each in text).split())


def _uses_lmcache(server: Server) -> bool:
    image = server.container.image
    texts = [token.text for token in server.arguments] + [image if isinstance(image, str) else ""]
    return any("lmcache" in text.lower() for text in texts) or any(
        variable.name.startswith("LMCACHE_") for variable in server.container.environment
    )


def _refusal(resource: Resource, label: str, found: str, wanted: Mapping[str, str]) -> Violation:
    return violation(
        _ID,
        resource,
        found=f"{label}: {found}",
        allowed=" ".join(f"{name}={value}" for name, value in wanted.items()),
        fix="set each of these in the container's env, as a plain text value",
        exception=NO_EXCEPTION,
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.CALL_HOME,
    title="Every vLLM container sets all off-switches, letter by letter, and so does every node of Ray",
    why="vLLM reports to its maker at start and every ten minutes, and its libraries ask a hub, unless told "
    "not to in "
    "exactly these words; a wrong word does nothing, silently. Ray reports every hour from where it runs.",
    law=LAW,
    source=SOURCE,
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Set the whole set in env with plain values.",
    exception=NO_EXCEPTION,
    check=_check,
)
