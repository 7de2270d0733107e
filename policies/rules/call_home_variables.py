"""No container sets a variable by which a server is led to a host, a hub or code outside."""

from __future__ import annotations

from collections.abc import Iterator

from policies.facts import Resource, is_blank
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._call_home import DENIED, LAW, NO_EXCEPTION, REFERENCES, SOURCE, is_denied
from policies.rules._serving import violation
from policies.violations import Violation
from policies.workloads.command_line import command_line
from policies.workloads.containers import Container
from policies.workloads.serverless import all_containers

__all__ = ["RULE"]

_ID = "call-home-variables"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    for part in all_containers(resource):
        if not isinstance(part, Container):
            continue
        for name in sorted(_set_in(part)):
            yield violation(
                _ID,
                resource,
                found=f"{part.label} sets {name}: {is_denied(name)}",
                allowed=f"none of {', '.join(DENIED)}, SM_VLLM_*",
                fix=f"remove {name}; weights come from the bucket of this jurisdiction, by the lock",
                exception=NO_EXCEPTION,
            )


def _set_in(container: Container) -> set[str]:
    """Return the denied variables that a container sets, in its manifest or in its own command."""
    names = {
        variable.name
        for variable in container.environment
        if is_denied(variable.name) and (variable.from_cluster or not is_blank(variable.value))
    }
    for token in command_line(container).tokens:
        name, equals, value = token.text.partition("=")
        if equals and value and is_denied(name):
            names.add(name)
    return names


RULE = ResourceRule(
    id=_ID,
    family=Family.CALL_HOME,
    title="No container is led to a hub, a report host or foreign code by a variable",
    why="One variable redirects downloads, reports usage elsewhere, logs in to a hub or loads a plug-in, "
    "whatever "
    "the command line says.",
    law=LAW,
    source=SOURCE,
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Remove the variable.",
    exception=NO_EXCEPTION,
    check=_check,
)
