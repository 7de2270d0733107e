"""No Service that only stands for a host outside is an upstream of a proxy, an Ingress or a route.

A Service of type ExternalName has a name of the cluster and leads wherever it says. By itself it may name
anybody's host, as programs need databases; once something at the edge sends requests to it, its host is
judged as if it stood there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.documents import TooMuchError
from policies.facts import TEXT_OBJECTS, Resource, StackFacts, Unknown, is_blank, plain
from policies.proxies.commands import targets_in_commands
from policies.proxies.haproxy import looks_like_haproxy, written_by
from policies.proxies.scripts import scripts_in
from policies.proxies.texts import targets_in_text
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._destinations import ALLOWED_HOSTS, host_of
from policies.rules._elsewhere import problem_of_upstream
from policies.rules._front_doors import is_front_door, leads_of
from policies.rules._pods import KubernetesObject, field, known, objects_of
from policies.rules._router import LAW, REFERENCES
from policies.rules.router import texts_in
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "router-names"
_NO_EXCEPTION: Final = (
    "none. Traffic that fails over across the border has crossed it; no answer is better than that one"
)
_SERVICE: Final = "kubernetes:core/v1:Service"
_EXTERNAL: Final = "ExternalName"


@dataclass(frozen=True, slots=True)
class _Name:
    """A name of the cluster that stands for a host."""

    service: KubernetesObject
    name: str
    host: str

    def is_in(self, text: str) -> bool:
        """Return True if a configuration names the Service, by its short name or a longer one."""
        rest = rf"(?:\.{re.escape(self.service.namespace)})?" if self.service.namespace else r"(?:\.[\w-]+)?"
        whole = rf"(?<![\w.-]){re.escape(self.name)}{rest}(?:\.svc(?:\.cluster\.local)?)?\.?(?![\w.-])"
        return self.name in text and re.search(whole, text) is not None


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or not any(map(_concerns, stack.asked)):
        return
    names = [name for resource in stack.of_type(_SERVICE) for name in _names(known(resource, stack), context)]
    if not names:
        return
    asked = {resource.urn for resource in stack.asked}
    for resource in stack.resources:
        judged = known(resource, stack)
        texts, leads = [*_configurations(judged)], [*leads_of(resource, stack)]
        for name in names:
            is_asked = bool(asked & {resource.urn, name.service.resource.urn})
            if is_asked and (
                any(name.is_in(text) for text in texts) or any(lead.fits(name.service) for lead in leads)
            ):
                yield _violation(name, resource, stack, context)


def _concerns(resource: Resource) -> bool:
    return resource.package == "kubernetes" and (
        resource.type.startswith((_SERVICE, *TEXT_OBJECTS))
        or is_front_door(resource)
        or any(True for _ in scripts_in(resource))
        or bool(targets_in_commands(resource))
    )


def _names(resource: Resource, context: Context) -> Iterator[_Name]:
    """Yield the Services of a resource that stand for a host at which nothing may be sent."""
    for service in objects_of(resource):
        name = plain(field(service.fields, "metadata", "name"))
        host = plain(field(service.fields, "spec", "externalName"))
        kind = plain(field(service.fields, "spec", "type"))
        if not isinstance(name, str) or is_blank(host) or kind not in (_EXTERNAL, Unknown.UNKNOWN):
            continue
        told = host_of(host) if isinstance(host, str) else None
        if told is None or problem_of_upstream(told, context):
            yield _Name(service, name, told or "")


def _configurations(resource: Resource) -> Iterator[str]:
    """Yield every text in a resource that tells a proxy where to send requests."""
    if resource.package != "kubernetes":
        return
    if resource.type.removesuffix("Patch").startswith(TEXT_OBJECTS):
        yield from (text for path, text in texts_in(resource) if _is_of_a_proxy(text, path.partition(".")[2]))
    for _, script in scripts_in(resource):
        yield from written_by(script)
        if _is_of_a_proxy(script):
            yield script
    yield from (target.host for _, target in targets_in_commands(resource))


def _is_of_a_proxy(text: str, name: str = "") -> bool:
    try:
        return looks_like_haproxy(text) or any(True for _ in targets_in_text(text, name))
    except TooMuchError:
        return True


def _violation(name: _Name, user: Resource, stack: StackFacts, context: Context) -> Violation:
    service = name.service.resource
    blamed = max(user, service, key=stack.position)
    problem = problem_of_upstream(name.host, context) if name.host else "is only known after the update"
    return Violation(
        _ID,
        blamed.urn,
        blamed.type,
        blamed.name,
        found=f"{user.name!r} sends requests to Service {name.name!r} ({service.name!r}), which stands for a "
        f"host that {problem}",
        allowed=f"upstreams that are {ALLOWED_HOSTS}",
        fix="let the proxy or route lead to a Service with pods of this cluster; keep names of hosts outside "
        "for what is no upstream",
        exception=_NO_EXCEPTION,
    )


RULE = StackRule(
    id=_ID,
    family=Family.ROUTER,
    title="No Service that only stands for a host outside is an upstream",
    why="A backup server abroad looks like one of the cluster once a Service lends it a name.",
    law=LAW,
    source="Kubernetes API (Service, externalName) as commonly known, 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Let proxies and routes lead to Services with pods of this cluster.",
    exception=_NO_EXCEPTION,
    check=_check,
)
