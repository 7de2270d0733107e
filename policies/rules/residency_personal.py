"""What is marked as personal data stands at a place that is known.

``residency`` refuses a place outside for every resource of a cloud. An object of Kubernetes stands where its
cluster stands, of which ``residency-cluster`` speaks, and some objects are only a door to a store or a
service elsewhere: without the mark an unknown host behind one is the program's own affair, with the mark
somebody has to be able to say where it is. What is only known during the update is judged then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from catalog.marks import DATA_LABEL
from policies.facts import Resource, Unknown, Value, plain, select
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._destinations import ALLOWED_HOSTS, host_of, problem_of_host
from policies.rules._elsewhere import is_own
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "residency-personal"
_PERSONAL: Final = "personal"
_DOORS: Final[Mapping[str, tuple[str, ...]]] = {
    "kubernetes:core/v1:Service": ("spec.externalName", "spec.externalIPs"),
    "kubernetes:core/v1:Endpoints": ("subsets.addresses.ip",),
    "kubernetes:discovery.k8s.io/v1:EndpointSlice": ("endpoints.addresses",),
}
"""Where an object names what stands behind it, by the beginning of its type. Volumes are judged by
``residency-volumes``, marked or not.
"""


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or resource.package != "kubernetes":
        return
    if not any(True for _ in _labelled(resource.properties)):
        return
    marked = "it is marked as personal data, and"
    for start, paths in _DOORS.items():
        for path in paths if resource.type.startswith(start) else ():
            for found in select(resource.properties, path):
                problem = _problem(found.value, context)
                if problem:
                    yield violation(
                        _ID,
                        resource,
                        found=f"{marked} `{found.path}` {problem}",
                        allowed=f"personal data behind {ALLOWED_HOSTS}",
                        fix="use a store in the cluster or an endpoint of its cloud, or mark it `none` and "
                        "keep personal data out of it",
                    )


def _problem(value: Value, context: Context) -> str:
    bare = plain(value)
    if isinstance(bare, Unknown):
        return ""
    host = host_of(bare) if isinstance(bare, str) else None
    if host is None:
        return "cannot be read"
    if is_own(host, context):
        return ""
    problem = problem_of_host(host, context)
    return f"names a host that {problem}" if problem else ""


def _labelled(value: Value) -> Iterator[bool]:
    """Yield once for every label, of an object or of the pods in it, that says personal data."""
    bare = plain(value)
    if isinstance(bare, tuple):
        for element in bare:
            yield from _labelled(element)
    elif isinstance(bare, Mapping):
        for key, item in bare.items():
            if key == DATA_LABEL and plain(item) == _PERSONAL:
                yield True
            else:
                yield from _labelled(item)


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="What is marked as personal data stands at a place that is known",
    why="The mark tells people where prompts, answers and logs are; with an unknown host it tells nothing.",
    law=LAW,
    source="catalog/marks.py; catalog/data/hosts.yaml and catalog/data/places, each row with its source",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Keep personal data at places of the jurisdiction.",
    exception=NO_EXCEPTION,
    check=_check,
)
