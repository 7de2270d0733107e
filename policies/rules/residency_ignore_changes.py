"""No property on which a place depends is under ``ignore_changes``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.facts import PROVIDER_PREFIX, Resource
from policies.locality import load_locality
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "residency-ignore-changes"
_ROOT = re.compile(r"""^\s*(?:\[\s*["'](?P<quoted>[^"']*)["']\s*\]|(?P<name>[^.\[]*))""")


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    ruling = _locality_properties(resource)
    for path in resource.options.ignore_changes:
        root = _root(path)
        hidden = ruling if root in {"*", ""} else ruling & {root, _camel(root)}
        if hidden:
            names = ", ".join(f"`{name}`" for name in sorted(hidden))
            yield violation(
                _ID,
                resource,
                found=f"ignore_changes covers {names} (written as {path!r}): the engine would keep the old "
                "place and show rules the old value, not the one in the program",
                allowed="any other property under ignore_changes",
                fix=f"take {path!r} out of ignore_changes",
            )


def _locality_properties(resource: Resource) -> frozenset[str]:
    tables = load_locality()
    if resource.type.startswith(PROVIDER_PREFIX):
        table = tables.cloud_of(resource.type.removeprefix(PROVIDER_PREFIX))
        return frozenset({*table.provider_place, table.provider_host} - {""}) if table else frozenset()
    table = tables.cloud_of(resource.package)
    locality = table.types.get(resource.type) if table else None
    return locality.locality_properties if locality else frozenset()


def _root(path: str) -> str:
    """Return the first step of a property path: ``replication`` for ``replication.rules[0]``, also in
    ``["…"]``.
    """
    match = _ROOT.match(path)
    if match is None:
        return ""
    quoted = match.group("quoted")
    return (quoted if quoted is not None else match.group("name")).strip()


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="No property on which a place depends is under ignore_changes",
    why="The engine replaces an ignored property by the value in the state before any rule sees it.",
    law=LAW,
    source="Pulumi documentation, the resource option ignoreChanges: from memory, 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Take the property out of ignore_changes.",
    exception=NO_EXCEPTION,
    check=_check,
)
