"""The containers of a Kubernetes object, whatever its kind: every list of containers in it is found.

A Deployment, a CronJob, a patch, a custom resource that embeds a pod template: what matters is that something
in it is a pod, not what it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from policies.facts import ABSENT, Resource, Unknown, Value, is_blank, plain

__all__ = ["CONTAINER_LISTS", "Blind", "Container", "Variable", "containers_of", "exec_commands"]

CONTAINER_LISTS: Final = ("containers", "initContainers", "ephemeralContainers", "sidecars")

_WORKLOAD_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    **dict.fromkeys(
        ("DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"),
        ("spec", "template", "spec"),
    ),
}


_RUNS_COMMANDS: Final = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable of a container."""

    name: str
    value: Value
    """UNKNOWN also when it comes from a secret, a config map or a field: only the cluster knows it."""
    from_cluster: bool = False
    """True if it is set by ``valueFrom``."""


@dataclass(frozen=True, slots=True)
class Container:
    """One container as its manifest gives it."""

    path: str
    """Where in the object, such as ``spec.template.spec.containers[0]``."""
    name: str
    image: Value
    """None if the manifest names none."""
    command: Value
    """Replaces the image's entry point; None if not given."""
    args: Value
    environment: tuple[Variable, ...] = ()
    environment_unreadable: str = ""
    """Why the environment as a whole cannot be read, or empty."""
    resources: Value = None
    raw: Mapping[str, Value] = field(default_factory=dict[str, Value], repr=False)
    pod: Mapping[str, Value] = field(default_factory=dict[str, Value], repr=False)
    """The specification of its pod: what stands around the list of containers."""
    _answers: dict[Any, Any] = field(default_factory=dict[Any, Any], init=False, repr=False, compare=False)

    def once(self, question: Callable[[Container], _Answer]) -> _Answer:
        """Return what a pure function says of this container, asking it the first time only."""
        if question not in self._answers:
            self._answers[question] = question(self)
        return cast("_Answer", self._answers[question])

    @property
    def label(self) -> str:
        """How a message names it."""
        return f"container {self.name!r} at {self.path}" if self.name else f"the container at {self.path}"


@dataclass(frozen=True, slots=True)
class Blind:
    """A part of a workload that is unknown at preview and hides containers."""

    path: str


def containers_of(resource: Resource) -> Iterator[Container | Blind]:
    """Yield every container of a resource, and every unknown value that hides some."""
    yield from resource.once(_parts)


def _parts(resource: Resource) -> tuple[Container | Blind, ...]:
    found = list(_walk(resource.properties, ""))
    hidden = _unknown_on_the_way(resource)
    return (*found, *([Blind(hidden)] if hidden is not None else []))


def _walk(value: Value, path: str) -> Iterator[Container | Blind]:
    bare = plain(value)
    if isinstance(bare, str):  # most values are texts
        return
    if isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _walk(element, f"{path}[{index}]")
    elif isinstance(bare, Mapping):
        for key, item in bare.items():
            here = f"{path}.{key}" if path else key
            if key in CONTAINER_LISTS:
                yield from _container_list(item, here, bare)
            yield from _walk(item, here)


def _container_list(value: Value, path: str, pod: Mapping[str, Value]) -> Iterator[Container | Blind]:
    bare = plain(value)
    if isinstance(bare, Unknown):
        yield Blind(path)
    for index, element in enumerate(bare if isinstance(bare, tuple) else ()):
        fields = plain(element)
        here = f"{path}[{index}]"
        if isinstance(fields, Unknown):
            yield Blind(here)
        elif isinstance(fields, Mapping):
            yield _container(fields, here, pod)


def _unknown_on_the_way(resource: Resource) -> str | None:
    """Return the path of an unknown value between a workload and its containers."""
    kind = resource.type.rpartition(":")[2].removesuffix("Patch").removesuffix("List")
    value: Value = resource.properties
    path = ""
    for step in _WORKLOAD_PATHS.get(kind, ()) if resource.package == "kubernetes" else ():
        fields = plain(value)
        if not isinstance(fields, Mapping) or step not in fields:
            return None
        value, path = fields[step], f"{path}.{step}" if path else step
        if isinstance(plain(value), Unknown):
            return path
    return None


def _container(fields: Mapping[str, Value], path: str, pod: Mapping[str, Value]) -> Container:
    name = plain(fields.get("name", ""))
    environment, unreadable = _environment(fields)
    return Container(
        path=path,
        name=name if isinstance(name, str) else "",
        image=fields.get("image"),
        command=fields.get("command"),
        args=fields.get("args"),
        environment=environment,
        environment_unreadable=unreadable,
        resources=fields.get("resources"),
        raw=fields,
        pod=pod,
    )


def exec_commands(container: Container) -> Iterator[Value]:
    """Yield the command of every hook and probe of a container."""
    for key in _RUNS_COMMANDS:
        yield from _exec_commands(container.raw.get(key))


def _exec_commands(value: Value) -> Iterator[Value]:
    bare = plain(value)
    if isinstance(bare, tuple):
        for element in bare:
            yield from _exec_commands(element)
    elif isinstance(bare, Mapping):
        for key, item in bare.items():
            fields = plain(item)
            if key == "exec" and isinstance(fields, Mapping):
                if fields.get("command") is not None:
                    yield fields["command"]
            else:
                yield from _exec_commands(item)


def _environment(fields: Mapping[str, Value]) -> tuple[tuple[Variable, ...], str]:
    if not is_blank(fields.get("envFrom", ABSENT)):
        return _variables(fields.get("env")), "envFrom sets variables that only the cluster knows"
    if isinstance(plain(fields.get("env")), Unknown):
        return (), "env is only known after the update"
    variables = _variables(fields.get("env"))
    if any(not variable.name for variable in variables):
        return variables, "the name of a variable is only known after the update"
    return variables, ""


def _variables(value: Value) -> tuple[Variable, ...]:
    bare = plain(value)
    if not isinstance(bare, tuple):
        return ()
    variables: list[Variable] = []
    for element in bare:
        fields = plain(element)
        if not isinstance(fields, Mapping):
            variables.append(Variable("", Unknown.UNKNOWN))
            continue
        name = plain(fields.get("name"))
        known_name = name if isinstance(name, str) else ""
        if not is_blank(fields.get("valueFrom", ABSENT)):
            variables.append(Variable(known_name, Unknown.UNKNOWN, from_cluster=True))
        else:
            variables.append(Variable(known_name, fields.get("value")))
    return tuple(variables)
