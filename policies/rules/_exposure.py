"""What the exposure rules share: the law, the texts about exceptions, and what hangs on what in a stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.facts import Resource, StackFacts
from policies.violations import Violation
from policies.violations import violation as refusal

__all__ = ["LAW", "NO_EXCEPTION", "REFERENCES", "attached", "violation"]

LAW: Final = "GDPR Art 32 and UK GDPR Art 32, security of processing; NIS2 Art 21(2)"
REFERENCES: Final = ("EU Cloud Sovereignty Framework SOV-7", "GDPR Art 32", "UK GDPR Art 32")
NO_EXCEPTION: Final = "none. What is open to everybody is open to those whom the law is meant to keep out"


def violation(rule: str, resource: Resource, *, found: str, allowed: str, fix: str) -> Violation:
    """Return a violation that cannot be accepted."""
    return refusal(rule, resource, found=found, allowed=allowed, fix=fix, exception=NO_EXCEPTION)


def attached(stack: StackFacts, owner: Resource, type_token: str, name: str) -> Iterator[Resource]:
    """Yield the resources of a type whose property ``name`` comes from ``owner``."""
    for resource in stack.of_type(type_token):
        if resource.type == type_token and owner.urn in resource.property_dependencies.get(name, ()):
            yield resource
