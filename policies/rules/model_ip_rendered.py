"""What a chart or a group of manifests renders can be seen at preview."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.facts import StackFacts, contains_unknown
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._model_ip import LAW, REFERENCES
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "model-ip-rendered"
_NO_EXCEPTION: Final = "none. What cannot be seen cannot be accepted"
_RENDERING: Final = frozenset(
    {
        "kubernetes:helm.sh/v3:Chart",
        "kubernetes:helm.sh/v4:Chart",
        "kubernetes:kustomize/v2:Directory",
        "kubernetes:kustomize:Directory",
        "kubernetes:yaml/v2:ConfigFile",
        "kubernetes:yaml/v2:ConfigGroup",
        "kubernetes:yaml:ConfigFile",
        "kubernetes:yaml:ConfigGroup",
    }
)


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or not stack.complete:
        return
    parents = {resource.options.parent for resource in stack.resources}
    for resource in stack.resources:
        if resource.type not in _RENDERING or resource.urn in parents:
            continue
        if not any(map(contains_unknown, resource.properties.values())):  # else model-ip speaks about it
            yield Violation(
                _ID,
                resource.urn,
                resource.type,
                resource.name,
                found="it has no objects: an input is only known after the update, so nobody can see before "
                "what it would put into the cluster (the engine only warns that the preview is incomplete)",
                allowed="charts and manifests whose inputs the program knows at preview",
                fix="give it values that the program knows at preview, or declare the objects themselves",
                exception=_NO_EXCEPTION,
            )


RULE = StackRule(
    id=_ID,
    family=Family.MODEL_IP,
    title="What a chart or a group of manifests renders can be seen at preview",
    why="The engine leaves such objects out with a mere warning; they would reach the cluster unseen.",
    law=LAW,
    source="pulumi-kubernetes 4.34.2, installed SDK, 2026-11-24; operations/verdict.py: the engine's warning",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Render from values that are known at preview.",
    exception=_NO_EXCEPTION,
    check=_check,
)
