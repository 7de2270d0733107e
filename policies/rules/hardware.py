"""Whose silicon a node pool runs on, said aloud."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from catalog import Gpu
from policies.facts import Resource, Value, plain
from policies.rule import Context, Family, ResourceRule, Severity
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "hardware"
_NAMES: Final = frozenset(
    {"nodeType", "flavorName", "flavorId", "serverType", "size", "type", "planCode", "instanceType"}
)
"""Properties by which the clouds' resources name a machine."""

_POOL: Final = re.compile(r"sovereign:(?P<cloud>[a-z]+):GpuPool")
"""A pool of machines that no API orders has no resource of a cloud: its component says what they are."""


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    cloud = context.catalog.cloud_of_provider(resource.package)
    pool = _POOL.fullmatch(resource.type)
    key = cloud.key if cloud is not None else pool["cloud"] if pool else None
    if key is None:
        return
    for path, name in _named(resource.properties, ""):
        node_type = context.catalog.node_type(key, name)
        if node_type is None or (cloud is None and node_type.ordered_in is None):
            continue
        if node_type.gpu is not None:
            gpu = node_type.gpu
            yield Violation(
                _ID,
                resource.urn,
                resource.type,
                resource.name,
                found=f"`{path}` = {name}: {gpu.count} x {gpu.model} a node, designed by {gpu.vendor}, "
                f"{gpu.vendor_country}. {_disclosure(gpu, context)}",
                allowed="any GPU of the catalogue: none of them is of European design, so this is no mistake",
                fix="nothing to mend: tell whoever relies on the stack, word for word",
                exception="none needed: this rule informs and does not block",
            )


def _named(value: Value, path: str) -> Iterator[tuple[str, str]]:
    bare = plain(value)
    if isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _named(element, f"{path}[{index}]")
    elif isinstance(bare, Mapping):
        for key, item in bare.items():
            here = f"{path}.{key}" if path else key
            text = plain(item)
            if key in _NAMES and isinstance(text, str):
                yield here, text
            else:
                yield from _named(item, here)


def _disclosure(gpu: Gpu, context: Context) -> str:
    return next((each.disclosure for each in context.catalog.vendors.values() if each.name == gpu.vendor), "")


RULE = ResourceRule(
    id=_ID,
    family=Family.HARDWARE,
    title="Whose silicon it is, is said and not hidden",
    why="A stack can be European in place, law and operator and still run on chips and drivers that another "
    "state "
    "can cut off; whoever relies on it must be told.",
    law="EU Cloud Sovereignty Framework: supply chain sovereignty is disclosed, not assumed",
    source="catalog/data/gpus.yaml and vendors.yaml",
    references=("EU Cloud Sovereignty Framework SOV-5",),
    severity=Severity.LOW,
    fix="Nothing to mend; pass it on.",
    exception="None needed: it informs and does not block.",
    advisory=True,
    check=_check,
)
