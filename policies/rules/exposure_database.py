"""A database of Scaleway stands in a private network, or behind an access list of the stack.

The access list is a resource of its own that names the database, so this needs the whole stack, and waits
until a program has ended. Whom the list lets in is said by ``exposure-firewall``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.facts import ABSENT, Resource, StackFacts, is_blank, plain
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._exposure import LAW, NO_EXCEPTION, REFERENCES, attached, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "exposure-database"
_DATABASE: Final = "scaleway:databases/instance:Instance"
_REPLICA: Final = "scaleway:databases/readReplica:ReadReplica"
_LIST: Final = "scaleway:databases/acl:Acl"


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or not stack.complete:
        return  # the access list may still come
    for resource in stack.of_type(_DATABASE, _REPLICA):
        judged = stack.judged(resource) or resource  # the cloud adds endpoints to what it hands back
        door = _public_endpoint(judged)
        if door and not any(_is_listed(owner, stack) for owner in _databases(resource, stack)):
            yield violation(
                _ID,
                resource,
                found=f"{door}, and no {_LIST} of this stack names the database",
                allowed="a database with a privateNetwork and no public endpoint, or one whose access list "
                "is declared here",
                fix="give it a privateNetwork and no loadBalancer or directAccess, or declare an Acl with "
                "the ranges that need it",
            )


def _public_endpoint(database: Resource) -> str:
    """Return what gives a database an endpoint on the internet, or an empty text."""
    given = database.properties.get
    for name in ("loadBalancer", "directAccess"):
        if not is_blank(given(name, ABSENT)):
            return f"`{name}` gives it a public endpoint"
    if database.type == _DATABASE and is_blank(given("privateNetwork", ABSENT)):
        return "no `privateNetwork` is given, so its endpoint is public"
    return ""


def _databases(resource: Resource, stack: StackFacts) -> Iterator[Resource]:
    """Yield the database whose access list counts: its own, or that of what a replica follows."""
    if resource.type == _DATABASE:
        yield resource
    for urn in resource.property_dependencies.get("instanceId", ()):
        owner = stack.by_urn().get(urn)
        if owner is not None and owner.type == _DATABASE:
            yield owner


def _is_listed(database: Resource, stack: StackFacts) -> bool:
    if any(attached(stack, database, _LIST, "instanceId")):
        return True
    own = plain(database.properties.get("id"))
    return isinstance(own, str) and any(
        plain(each.properties.get("instanceId")) == own for each in stack.of_type(_LIST)
    )


RULE = StackRule(
    id=_ID,
    family=Family.EXPOSURE,
    title="A database of Scaleway stands in a private network, or behind an access list",
    why="A managed database that is left alone answers the whole internet, with a password as its only door.",
    law=LAW,
    source="Instance, ReadReplica and Acl in pulumiverse-scaleway 1.60.0, 2026-11-24; that a database "
    "without a private network is public, and that its access list holds for its replicas: from memory",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Put the database into a private network, or declare an access list for it.",
    exception=NO_EXCEPTION,
    check=_check,
)
