"""Containers that a cloud itself runs, outside Kubernetes, as the containers that rules know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policies.facts import Absent, Resource, Unknown, Value, is_blank, plain
from policies.workloads.containers import Blind, Container, Variable, containers_of

__all__ = ["SERVERLESS", "all_containers", "serverless_containers"]


@dataclass(frozen=True, slots=True)
class _Fields:
    """Which properties of a type say what runs; an empty name for what it does not have."""

    image: tuple[str, ...] = ()
    """The present name of the property and the deprecated one; either may be given."""
    command: str = ""
    args: str = ""
    line: str = ""
    """The older way of a type: command and arguments in one text."""
    environment: str = "environmentVariables"
    secrets: str = "secretEnvironmentVariables"


_CONTAINER: Final = _Fields(("image", "registryImage"), "commands", "args")
_JOB: Final = _Fields(("imageUri",), "startupCommands", "args", "command", "env", "")
_VARIABLES_ONLY: Final = _Fields()

SERVERLESS: Final[Mapping[str, _Fields]] = {
    "scaleway:containers/container:Container": _CONTAINER,
    "scaleway:containers/namespace:Namespace": _VARIABLES_ONLY,
    "scaleway:functions/function:Function": _VARIABLES_ONLY,
    "scaleway:functions/namespace:Namespace": _VARIABLES_ONLY,
    "scaleway:index/container:Container": _CONTAINER,
    "scaleway:index/containerNamespace:ContainerNamespace": _VARIABLES_ONLY,
    "scaleway:index/function:Function": _VARIABLES_ONLY,
    "scaleway:index/functionNamespace:FunctionNamespace": _VARIABLES_ONLY,
    "scaleway:index/jobDefinition:JobDefinition": _JOB,
    "scaleway:job/definition:Definition": _JOB,
}
"""By type (pulumiverse-scaleway 1.60.0). The other clouds of the catalogue have no such types. The code of a
function is an archive that no rule reads.
"""


def all_containers(resource: Resource) -> Iterator[Container | Blind]:
    """Yield the containers of a Kubernetes object, or those that a cloud runs for a resource of its own."""
    yield from (
        containers_of(resource) if resource.package == "kubernetes" else serverless_containers(resource)
    )


def serverless_containers(resource: Resource) -> Iterator[Container]:
    """Yield what a cloud runs for a resource; nothing for a type that runs no container and has no variables.

    A type that only has variables (a function, a namespace) is a container without image and command.
    """
    if resource.type in SERVERLESS:
        yield from resource.once(_containers)


def _containers(resource: Resource) -> tuple[Container, ...]:
    fields = SERVERLESS[resource.type]
    properties = resource.properties
    images = (properties.get(name) for name in fields.image)
    image: Value = next((each for each in images if not is_blank(each)), None)
    command: Value = properties.get(fields.command)
    line = plain(properties.get(fields.line))
    if is_blank(command) and not is_blank(line):
        command = ("/bin/sh", "-c", line) if isinstance(line, str) else Unknown.UNKNOWN
    given, problem = _variables(properties.get(fields.environment), hidden=False)
    hidden, other = _variables(properties.get(fields.secrets), hidden=True)
    return (
        Container(
            path=f"the properties of {resource.type.rpartition(':')[2]}",
            name=resource.name,
            image=image,
            command=command,
            args=properties.get(fields.args),
            environment=(*given, *hidden),
            environment_unreadable=problem or other,
        ),
    )


def _variables(value: Value | Absent, *, hidden: bool) -> tuple[tuple[Variable, ...], str]:
    bare = plain(value)
    if isinstance(bare, Unknown):
        return (), "its variables are only known after the update"
    if not isinstance(bare, Mapping):
        return (), ""
    return tuple(Variable(name, item, from_cluster=hidden) for name, item in bare.items()), ""
