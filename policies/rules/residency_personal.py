"""What is marked as personal data stands at a place that is known.

``residency`` refuses a place outside for everything. Two things it lets pass, as they stand nowhere or where
their cluster stands: they must not bear the mark of personal data unless somebody can say where that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import Resource, Value, plain
from policies.locality import load_locality
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._residency import LAW, NO_EXCEPTION, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "residency-personal"
_LABEL: Final = "sovereign.dev/data"
_TAG_KEYS: Final = frozenset({"data", _LABEL})
_PERSONAL: Final = "personal"
_TAGS: Final = frozenset({f"data:{_PERSONAL}", f"data={_PERSONAL}"})
_TAG_FIELDS: Final = ("tags", "labels")


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    if resource.package == "kubernetes":
        if resource.provider is not None and not resource.provider.is_default:
            return
        if not any(True for _ in _labelled(resource.properties)):
            return
        found = "its cluster is chosen by the environment of whoever runs this, so nobody can say where it is"
        fix = "declare a pulumi:providers:kubernetes with the kubeconfig of this stack's own cluster"
    else:
        table = load_locality().cloud_of(resource.package)
        locality = table.types.get(resource.type) if table is not None else None
        if locality is None or locality.global_reason is None or not _tagged(resource):
            return
        found = f"such a resource has no place: {locality.global_reason}"
        fix = "mark it `none` and keep personal data out of it, or use a resource that has a place"
    yield violation(
        _ID,
        resource,
        found=f"it is marked as personal data, and {found.removesuffix('.')}",
        allowed=f"personal data at a place in {context.jurisdiction} that the program itself names",
        fix=fix,
    )


def _labelled(value: Value) -> Iterator[bool]:
    """Yield once for every label, of an object or of the pods in it, that says personal data."""
    bare = plain(value)
    if isinstance(bare, tuple):
        for element in bare:
            yield from _labelled(element)
    elif isinstance(bare, Mapping):
        for key, item in bare.items():
            if key == _LABEL and plain(item) == _PERSONAL:
                yield True
            else:
                yield from _labelled(item)


def _tagged(resource: Resource) -> bool:
    for field in _TAG_FIELDS:
        marks = plain(resource.properties.get(field))
        if isinstance(marks, Mapping):
            if any(key in _TAG_KEYS and plain(item) == _PERSONAL for key, item in marks.items()):
                return True
        elif isinstance(marks, tuple) and any(plain(element) in _TAGS for element in marks):
            return True
    return False


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="What is marked as personal data stands at a place that is known",
    why="The mark tells people where prompts, answers and logs are; at no place it tells nothing.",
    law=LAW,
    references=("EU Cloud Sovereignty Framework SOV-3",),
    severity=Severity.HIGH,
    fix="Keep personal data at places of the jurisdiction, in a cluster that the program names.",
    exception=NO_EXCEPTION,
    check=_check,
)
