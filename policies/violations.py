"""Violations, and the one way they read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from policies.facts import Resource

__all__ = ["Violation", "render", "render_all", "violation"]

_NONE = "none"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule on one resource. No field may hold a secret value."""

    rule: str
    """Id of the rule."""
    urn: str
    resource_type: str
    name: str
    found: str
    """What was found, and where in the resource."""
    allowed: str
    fix: str
    exception: str
    """How to ask for an exception, or why there is none."""


def violation(
    rule: str, resource: Resource, *, found: str, allowed: str, fix: str, exception: str
) -> Violation:
    """Return the violation of a rule by a resource."""
    return Violation(rule, resource.urn, resource.type, resource.name, found, allowed, fix, exception)


def render(violation: Violation) -> str:
    """Return the message for one violation: which resource, found, allowed, fix, exception; a line each.

    CrossGuard puts the title of the rule on a line of its own above it; ``render_all`` does the same.
    """
    return "\n".join(
        (
            f"  rule:      {violation.rule}",
            f'  resource:  {violation.resource_type} "{violation.name}"',
            f"  urn:       {violation.urn}",
            f"  found:     {violation.found}",
            f"  allowed:   {violation.allowed}",
            f"  fix:       {violation.fix}",
            f"  exception: {violation.exception or _NONE}",
        )
    )


def render_all(violations: Iterable[tuple[str, Violation]]) -> str:
    """Return one text for several violations, given as pairs of rule title and violation."""
    return "\n".join(f"{title}\n{render(violation)}" for title, violation in violations)
