"""Which inputs, when changed, make the provider replace the resource instead of updating it."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

from rehearsal.sdk.shapes import Property, ResourceType

__all__ = ["PLACE_INPUTS", "replacing_inputs"]

PLACE_INPUTS = frozenset(
    {
        "availabilityZone",
        "availabilityZones",
        "datacenter",
        "homeLocation",
        "location",
        "networkZone",
        "region",
        "regionName",
        "regions",
        "zone",
    }
)
"""Inputs that say where a resource is. Nothing moves between places, so a change always replaces."""

_SAYS_SO = re.compile(
    r"will (?:re-?create|destroy and (?:re-?)?create)"
    r"|forces? (?:a |the )?(?:new |re-?creation|replacement)"
    r"|(?:changing|changes? to|updat(?:es?|ing)) (?:this|it)\b.{0,60}(?:new resource|re-?creat|replace)",
    re.IGNORECASE | re.DOTALL,
)


@cache
def _tabled() -> Mapping[str, frozenset[str]]:
    """Type token to replacing inputs, read off the providers' own schemas (`ForceNew`)."""
    text = (Path(__file__).parent / "replace_on_change.json").read_text()
    packages = cast("dict[str, dict[str, list[str]]]", json.loads(text))
    return {token: frozenset(names) for types in packages.values() for token, names in types.items()}


def _documented(declared: Property) -> bool:
    return bool(_SAYS_SO.search(declared.doc))


@cache
def _by_token(token: str, inputs: tuple[Property, ...]) -> frozenset[str]:
    documented = {declared.name for declared in inputs if _documented(declared)}
    places = {declared.name for declared in inputs} & PLACE_INPUTS
    return _tabled().get(token, frozenset()) | documented | places


def replacing_inputs(type_: ResourceType) -> frozenset[str]:
    """The inputs whose change replaces a resource: by the provider's schema or docs, and every place."""
    return _by_token(type_.token, tuple(type_.inputs.values()))
