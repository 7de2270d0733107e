"""Default providers are disabled where they would reach a cloud or a cluster.

``residency-provider`` refuses what uses one. This asks for the lock behind it: where the setting stands, the
engine itself refuses a forgotten provider, also in an update without this pack.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.facts import STACK_TYPE, Resource
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "residency-default-providers"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or resource.type != STACK_TYPE or not context.open_defaults:
        return
    yield violation(
        _ID,
        resource,
        found="pulumi:disable-default-providers leaves the default provider of "
        f"{', '.join(context.open_defaults)} in use",
        allowed='pulumi:disable-default-providers: ["*"], or a list with at least those packages',
        fix="run: pulumi config set --path 'pulumi:disable-default-providers[0]' '*'",
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="Default providers of clouds and clusters are disabled",
    why="A resource whose provider was forgotten goes wherever the environment of whoever runs this leads.",
    law=LAW,
    source="Pulumi engine 3.253.0, which hands the setting to a policy pack, 2026-11-24",
    references=REFERENCES,
    severity=Severity.MEDIUM,
    fix="Disable default providers in the stack's configuration.",
    exception=NO_EXCEPTION,
    check=_check,
)
