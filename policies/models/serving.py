"""The set of models that a resource may serve: what ``model-ip`` judges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from catalog.marks import MODELS_DIRECTORY
from policies.facts import TEXT_OBJECTS, Resource, Value, contains_unknown, plain
from policies.models.engines import Engine, mentions_engine, started, starts_engine, suspicions
from policies.models.hidden import hidden_programs, is_map_file
from policies.models.llama_cpp import llama_models, llama_variable
from policies.models.loaded_code import loaded_code
from policies.models.manifests import UnreadableManifest, manifests_in, texts_of
from policies.models.mentions import (
    known_in_container,
    known_in_text,
    known_in_values,
    known_in_volumes,
    models_mentioned,
)
from policies.models.patches import patched
from policies.models.programs import runs_of
from policies.models.references import Reference, named, unreadable
from policies.models.vllm import vllm_models, vllm_variable
from policies.models.weights_places import local_instead_of_hub, mounted_elsewhere
from policies.workloads.command_line import Token, command_line, environment_of
from policies.workloads.containers import Blind, Container, Variable, containers_of, exec_commands
from policies.workloads.mounts import mounts_of
from policies.workloads.runs import Runs

__all__ = ["SERVING_GROUPS", "models_served"]

_LIST_FIX: Final = "write command and args out as lists, with plain values"
_PROGRAM_FIX: Final = (
    "write each program's name out, without shell, variable or pipe to make it; put longer scripts into the "
    "image or into a ConfigMap of this program"
)
_WEIGHTS_FIX: Final = (
    "mount the weights into vLLM, llama.cpp and init containers that fetch them, and into nothing else"
)

_CODE_FIX: Final = (
    "put the code into the image, and take the variable, flag or mount away that brings it from a volume"
)

_SEALED: Final[Mapping[str, str]] = {
    "kubernetes:helm.sh/v3:Release": "a Helm release is one resource; no rule sees the objects it renders",
    "scaleway:inference/deployment:Deployment": "it serves weights that this stack does not pin",
    "scaleway:inference/model:Model": "it fetches weights from a URL that this stack does not pin",
}
"""Types that can serve a model which no rule can read."""

SERVING_GROUPS: Final = (
    "serving.kserve.io/",
    "ray.io/",
    "apps.nvidia.com/",
    "kaito.sh/",
    "production-stack.vllm.ai/",
    "model.aibrix.ai/",
    "ollama.ayaka.io/",
)
"""API groups whose objects name a model outside any container."""

_RENDERED: Final = ("kubernetes:yaml/v2:", "kubernetes:helm.sh/v4:", "kubernetes:kustomize/v2:")
"""Components whose objects do not exist at preview when an input is unknown: the engine then only warns."""


_VOLUMES: Final = "kubernetes:core/v1:PersistentVolume"
_MANIFESTS_WITHIN: Final = 3
"""How many manifests may stand in one another's texts."""

_DECLARING: Final = "sovereign:index:RegionalStack"
"""Our own component, which says what it will serve before there is a lock and a workload."""


def models_served(resource: Resource, *, depth: int = 0) -> Iterator[Reference]:
    """Yield every model that a resource may serve, and every place where it may name one unreadably.

    A resource that serves nothing yields nothing. ``depth`` counts the texts around it: a manifest inside a
    ConfigMap is judged as if it were declared.
    """
    if resource.type in _SEALED:
        yield unreadable(
            "the resource", _SEALED[resource.type], "run vLLM or llama.cpp as a Deployment of this program"
        )
        return
    if resource.type == _DECLARING:
        yield from _declared(resource)
        return
    if resource.package != "kubernetes":
        return
    group = resource.type.partition(":")[2]
    if group.startswith(SERVING_GROUPS):
        yield unreadable(
            "the resource",
            "objects of this API group name a model in ways that no rule here reads",
            "run vLLM or llama.cpp as a Deployment of this program",
        )
        return
    if resource.type.startswith(_RENDERED) and any(map(contains_unknown, resource.properties.values())):
        yield unreadable(
            "the resource",
            "an input is only known after the update, so the objects it renders cannot be seen before",
            "give it values that the program knows at preview",
        )
    if resource.type.startswith(TEXT_OBJECTS):
        yield from _in_texts(resource, depth)
        return
    if resource.type.startswith(_VOLUMES):
        yield from known_in_values("the volume", resource.properties.get("spec"))
    yield from patched(resource)
    named_so_far: set[str] = set()
    for part in containers_of(resource):
        if isinstance(part, Blind):
            yield unreadable(
                part.path, "it is only known after the update, so its containers cannot be seen", _LIST_FIX
            )
            continue
        for reference in _container_models(part, resource):
            if reference.model is not None:
                named_so_far.add(reference.model.lower())
            yield reference
    yield from _named_besides(resource, named_so_far)


def _named_besides(resource: Resource, named_so_far: set[str]) -> Iterator[Reference]:
    """Yield the models that a workload names anywhere else than where servers are known to take them."""
    pods: dict[int, Mapping[str, Value]] = {}
    found: list[Reference] = []
    for part in containers_of(resource):
        if isinstance(part, Container):
            found.extend(known_in_container(part, runs_of(part)))
            pods[id(part.pod)] = part.pod
    for pod in pods.values():
        found.extend(known_in_volumes(pod))
    for reference in found:
        model = (reference.model or "").lower()
        if model not in named_so_far:
            named_so_far.update({model} - {""})
            yield reference


def _in_texts(resource: Resource, depth: int) -> Iterator[Reference]:
    """Yield the models of the manifests that a ConfigMap or Secret holds, which somebody may apply later."""
    if resource.type.startswith("kubernetes:core/v1:ConfigMapPatch") and any(
        True for _ in texts_of(resource)
    ):
        yield unreadable(
            "the resource",
            "it patches a ConfigMap, and what reads that may take a model or a command from it",
            "declare the ConfigMap as a whole",
        )
    for where, text in texts_of(resource):
        if not isinstance(text, str):
            continue
        yield from known_in_text(where, text)
        try:
            for each in manifests_in(text, resource.urn):
                if depth >= _MANIFESTS_WITHIN:
                    yield unreadable(
                        where, "it holds manifests within manifests", "declare the objects themselves"
                    )
                    return
                for reference in models_served(each, depth=depth + 1):
                    inner = f"{where}, a {each.type.rpartition(':')[2]} in its text: {reference.where}"
                    yield replace(reference, where=inner)
        except UnreadableManifest as problem:
            yield unreadable(where, str(problem), "declare the object itself, or write it without a template")


def _declared(resource: Resource) -> Iterator[Reference]:
    models = plain(resource.properties.get("models", ()))
    for model in models if isinstance(models, tuple) else (models,):
        bare = plain(model)
        if isinstance(bare, str):
            yield named("property `models`", bare)
        else:
            yield unreadable("property `models`", "it is no list of model ids known at preview", _LIST_FIX)


def _container_models(container: Container, resource: Resource) -> Iterator[Reference]:
    line = command_line(container)
    runs = runs_of(container)
    where = container.label
    reasons = list(suspicions(container, line))
    yield from _hook_models(container, resource)
    yield from mounted_elsewhere(container)
    for problem in loaded_code(container, line, is_server=bool(reasons)):
        yield unreadable(where, problem, _CODE_FIX)
    if not line.problem or not reasons:
        for problem in hidden_programs(container, runs, resource):
            yield unreadable(where, problem, _PROGRAM_FIX)
    if is_map_file(container, runs, resource):
        return
    if not reasons:
        yield from _quiet_models(container, runs)
        return
    if container.environment_unreadable:
        yield unreadable(
            where, container.environment_unreadable, "list the variables in env, with plain values"
        )
    if line.problem:
        yield unreadable(where, line.problem, _LIST_FIX)
        return
    server = started(line, container.image)
    if server is None or server.engine is Engine.OTHER:
        what = (
            "it runs a server whose command line no rule here reads"
            if server
            else "no model can be read from it"
        )
        yield unreadable(
            where, f"{what} ({reasons[0]})", "run vLLM or llama.cpp, by a command that names the model"
        )
        return
    if server.problem:
        yield unreadable(where, server.problem, _LIST_FIX)
        return
    yield from _server_models(container, server.engine, server.prefix, server.arguments)


def _hook_models(container: Container, resource: Resource) -> Iterator[Reference]:
    for command in exec_commands(container):
        runs = runs_of(container, command)
        if mentions_engine(command) or any(map(starts_engine, runs.commands)):
            yield unreadable(
                container.label, "a hook or probe starts an inference server", "start it as a container"
            )
        for problem in hidden_programs(container, runs, resource):
            yield unreadable(f"{container.label}, a hook or probe", problem, _PROGRAM_FIX)


def _quiet_models(container: Container, runs: Runs) -> Iterator[Reference]:
    """Yield the models of a container that shows no known server: those it names, and its mounted weights."""
    yield from models_mentioned(container, runs)
    is_init = ".initContainers[" in f".{container.path}" and plain(container.raw.get("restartPolicy")) is None
    weights = [each for each in mounts_of(container) if f"{each.path}/".startswith(f"{MODELS_DIRECTORY}/")]
    if weights and not is_init:
        yield unreadable(
            container.label,
            f"it mounts the weights at {weights[0].path}, and nobody can read which server it runs on them",
            _WEIGHTS_FIX,
        )


def _server_models(
    container: Container, engine: Engine, prefix: tuple[Token, ...], arguments: tuple[Token, ...]
) -> Iterator[Reference]:
    where = container.label
    environment = environment_of(container)
    variables = {variable.name: variable for variable in container.environment}
    for token in prefix:
        name, equals, value = token.text.partition("=")
        if equals:
            environment[name] = value
            variables[name] = Variable(name, value)
    for name, variable in variables.items():
        yield from vllm_variable(where, variable, environment.get(name))
        yield from llama_variable(where, variable, environment.get(name))
    if engine is Engine.VLLM:
        references = tuple(vllm_models(where, arguments))
        yield from references
        models = tuple(dict.fromkeys(each.model for each in references if each.model is not None))
        yield from local_instead_of_hub(container, prefix, arguments, models)
    else:
        yield from llama_models(where, arguments, environment)
