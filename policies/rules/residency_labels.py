"""No label, annotation or tag claims another jurisdiction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import Resource, Secret, Unknown, Value, plain, shown
from policies.locality import load_locality
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._residency import LAW, NO_EXCEPTION, violation
from policies.violations import Violation

__all__ = ["JURISDICTION_LABEL", "RULE"]

_ID = "residency-labels"

JURISDICTION_LABEL: Final = "sovereign.dev/jurisdiction"
_TAG_KEY: Final = "jurisdiction"
_TAG_LISTS: Final = frozenset({"tags", "labels"})
_TAG_PREFIX: Final = f"{_TAG_KEY}:"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    if load_locality().cloud_of(resource.package) is None and resource.package != "kubernetes":
        return
    for path, value in _claims(resource.properties, ""):
        bare = plain(value)
        if bare == context.jurisdiction:
            continue
        found = (
            f"`{path}` is only known after the update"
            if isinstance(bare, Unknown)
            else f"`{path}` = {shown(value)}"
        )
        yield violation(
            _ID,
            resource,
            found=f"{found}, in a stack of jurisdiction {context.jurisdiction}",
            allowed=f"{context.jurisdiction}, or no such label",
            fix="correct the label, or move the resource to the stack of the jurisdiction it claims",
        )


def _claims(value: Value, path: str) -> Iterator[tuple[str, Value]]:
    """Yield every place in a resource where a jurisdiction is claimed, with what is claimed."""
    bare = plain(value)
    if isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _claims(element, f"{path}[{index}]")
    elif isinstance(bare, Mapping):
        for key, item in bare.items():
            here = f"{path}.{key}" if path else key
            if key == JURISDICTION_LABEL:
                yield here, item
            elif key in _TAG_LISTS:
                yield from _tags(item, here)
            else:
                yield from _claims(item, here)


def _tags(value: Value, path: str) -> Iterator[tuple[str, Value]]:
    """Yield the jurisdictions claimed in tags: a list of texts ``jurisdiction:eu``, or an object."""
    bare = plain(value)
    if isinstance(bare, Mapping):
        for key, item in bare.items():
            if key in {_TAG_KEY, JURISDICTION_LABEL}:
                yield f"{path}.{key}", item
    elif isinstance(bare, tuple):
        for index, element in enumerate(bare):
            text = plain(element)
            if isinstance(text, str) and text.startswith(_TAG_PREFIX):
                claimed = text.removeprefix(_TAG_PREFIX)
                yield f"{path}[{index}]", Secret(claimed) if isinstance(element, Secret) else claimed


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="No label or tag claims another jurisdiction",
    why="Audits, network policies and people act on the label; a wrong one sends data the wrong way.",
    law=LAW,
    severity=Severity.HIGH,
    fix="Make the label say the stack's jurisdiction, or leave it out.",
    exception=NO_EXCEPTION,
    check=_check,
)
