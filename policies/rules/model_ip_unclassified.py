"""No custom resource is deployed of which nobody has said that it serves no model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.facts import Resource
from policies.models.serving import SERVING_GROUPS
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._model_ip import LAW, REFERENCES
from policies.rules._serving import violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "model-ip-unclassified"
_UNSEEN: Final = {
    ("velero.io", "Restore"): "puts back, and may rewrite, workloads that stand in no program",
}
"""Kinds of groups that are known otherwise: what they make is in no program."""
_NO_EXCEPTION: Final = "none. What nobody has looked at cannot be accepted"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or resource.package != "kubernetes":
        return
    group = resource.type.partition(":")[2].partition("/")[0].partition(":")[0]
    kind = resource.type.rpartition(":")[2].removesuffix("List").removesuffix("Patch")
    made = _UNSEEN.get((group, kind))
    if made is not None:
        yield violation(
            _ID,
            resource,
            found=f"a {kind} of {group}, which {made}",
            allowed="workloads that this program declares",
            fix="declare what shall run, and restore volumes by hand; a restore is no part of a program",
            exception=_NO_EXCEPTION,
        )
        return
    if context.catalog.api_group(group) is not None or f"{group}/".startswith(SERVING_GROUPS):
        return
    host = context.catalog.host(group)
    if host is not None and host.is_foreign:
        return  # hyperscalers-hosts speaks about these
    yield violation(
        _ID,
        resource,
        found=f"an object of the API group {group}, and nobody has said whether such objects name a model",
        allowed="objects of Kubernetes itself, and of the groups in catalog/data/api_groups.yaml",
        fix="serve models with a Deployment of this program; if the group serves none, list it there",
        exception=_NO_EXCEPTION,
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.MODEL_IP,
    title="No custom resource is deployed of which nobody has said that it serves no model",
    why="An operator can take a model's name from any field of a custom resource, and start the server.",
    law=LAW,
    source="catalog/data/api_groups.yaml, each row with its source",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Use a kind that rules read, or list the API group in the catalogue as one that serves no model.",
    exception=_NO_EXCEPTION,
    check=_check,
)
