"""No label, annotation or tag claims another jurisdiction, and nothing asks for a node at a place outside.

The project's own keys must say the stack's jurisdiction, word for word. Keys of other people's schemes
(``data-residency``, ``example.com/jurisdiction``) count where they name another jurisdiction or one of its
countries; what else they say is theirs. Keys of Kubernetes for region and zone count where they name a place
of the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from catalog.marks import JURISDICTION_LABEL
from policies.facts import Resource, Secret, Unknown, Value, plain, shown
from policies.locality import load_locality
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._localities import places_by_code
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "residency-labels"

_TAG_KEY: Final = "jurisdiction"
_TAG_LISTS: Final = frozenset({"tags", "labels"})
_TAG_PREFIXES: Final = (f"{_TAG_KEY}:", f"{_TAG_KEY}=")
_LABELS: Final = frozenset({"labels", "annotations", "nodeSelector", "matchLabels", "tags"})
_CLAIMS: Final = frozenset({"jurisdiction", "data-jurisdiction", "data-residency", "residency"})
_TOPOLOGY: Final = frozenset(
    f"{group}/{name}"
    for group in ("topology.kubernetes.io", "failure-domain.beta.kubernetes.io")
    for name in ("region", "zone")
)
_NEGATIONS: Final = frozenset({"NotIn", "DoesNotExist"})


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
    for path, text, where in _elsewhere(resource.properties, "", context):
        yield violation(
            _ID,
            resource,
            found=f"`{path}` = {shown(text)}, which is {where}, in a stack of jurisdiction "
            f"{context.jurisdiction}",
            allowed=f"a place in {context.jurisdiction}, or no such key",
            fix="ask for a place of this jurisdiction, or move the resource to the stack of the other one",
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
    """Yield the jurisdictions claimed in tags: texts ``jurisdiction:eu``, in a list or in one text; or an
    object.
    """
    bare = plain(value)
    if isinstance(bare, str):
        bare = tuple(
            Secret(word) if isinstance(value, Secret) else word for word in re.split(r"[\s,]+", bare)
        )
    if isinstance(bare, Mapping):
        for key, item in bare.items():
            if key in {_TAG_KEY, JURISDICTION_LABEL}:
                yield f"{path}.{key}", item
    elif isinstance(bare, tuple):
        for index, element in enumerate(bare):
            text = plain(element)
            if isinstance(text, str) and text.startswith(_TAG_PREFIXES):
                claimed = text[len(_TAG_KEY) + 1 :]
                yield f"{path}[{index}]", Secret(claimed) if isinstance(element, Secret) else claimed


def _elsewhere(value: Value, path: str, context: Context) -> Iterator[tuple[str, Value, str]]:
    """Yield every key of another scheme that names another jurisdiction, or a place outside this one."""
    bare = plain(value)
    if isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _elsewhere(element, f"{path}[{index}]", context)
    elif isinstance(bare, Mapping):
        wanted = plain(bare.get("key"))
        if isinstance(wanted, str) and plain(bare.get("operator")) not in _NEGATIONS:
            for index, element in enumerate(_texts(bare.get("values"))):
                where = _named(wanted, element, context)
                if where:
                    yield f"{path}.values[{index}]", element, where
        for key, item in bare.items():
            here = f"{path}.{key}" if path else key
            text = plain(item)
            if not isinstance(text, str):
                yield from _elsewhere(item, here, context)
            elif path.rpartition(".")[2] in _LABELS and key not in {_TAG_KEY, JURISDICTION_LABEL}:
                where = _named(key, text, context)
                if where:
                    yield here, item, where


def _texts(value: Value | None) -> Iterator[str]:
    bare = plain(value)
    for element in bare if isinstance(bare, tuple) else ():
        text = plain(element)
        if isinstance(text, str):
            yield text


def _named(key: str, text: str, context: Context) -> str:
    """Return where a value lies that a key says, if that is outside the jurisdiction; else an empty text."""
    if key in _TOPOLOGY:
        places = places_by_code(context.catalog).get(text.lower(), ())
        if places and all(place.jurisdiction != context.jurisdiction for place in places):
            place = places[0]
            return f"in {place.city or place.code}, {place.country}"
        return ""
    if key.rpartition("/")[2].lower().replace("_", "-") not in _CLAIMS:
        return ""
    said = text.lower()
    for code, jurisdiction in context.catalog.jurisdictions.items():
        countries = {country.lower() for country in jurisdiction.countries}
        if code != context.jurisdiction and (said == code or said in countries):
            return f"jurisdiction {code}"
    return ""


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="No label or tag claims another jurisdiction, or asks for a place in one",
    why="Audits, network policies and people act on the label; a wrong one sends data the wrong way.",
    law=LAW,
    source="catalog/marks.py; catalog/data/places, each row with its source; well-known labels of "
    "Kubernetes: from memory, 2026-11-24",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Make the label say the stack's jurisdiction, or leave it out.",
    exception=NO_EXCEPTION,
    check=_check,
)
