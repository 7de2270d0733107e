"""What the exposure rules share: the law, the texts about exceptions, and what hangs on what in a stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import Resource, StackFacts, Value, plain
from policies.violations import Violation

__all__ = ["LAW", "NO_EXCEPTION", "REFERENCES", "attached", "objects_of", "violation"]

LAW: Final = "GDPR Art 32 and UK GDPR Art 32, security of processing; NIS2 Art 21(2)"
REFERENCES: Final = ("EU Cloud Sovereignty Framework SOV-7",)
NO_EXCEPTION: Final = "none. What is open to everybody is open to those whom the law is meant to keep out"


def violation(rule: str, resource: Resource, *, found: str, allowed: str, fix: str) -> Violation:
    """Return a violation that cannot be accepted."""
    return Violation(rule, resource.urn, resource.type, resource.name, found, allowed, fix, NO_EXCEPTION)


def attached(stack: StackFacts, owner: Resource, type_token: str, name: str) -> Iterator[Resource]:
    """Yield the resources of a type whose property ``name`` comes from ``owner``."""
    for resource in stack.of_type(type_token):
        if resource.type == type_token and owner.urn in resource.property_dependencies.get(name, ()):
            yield resource


def objects_of(resource: Resource) -> Iterator[Mapping[str, Value]]:
    """Yield the properties of a Kubernetes object, or of each object in a list of them."""
    items = plain(resource.properties.get("items"))
    if not resource.type.endswith("List") or not isinstance(items, tuple):
        yield resource.properties
        return
    for element in items:
        bare = plain(element)
        if isinstance(bare, Mapping):
            yield bare
