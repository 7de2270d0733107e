"""Resources of a cloud use an explicit provider."""

from __future__ import annotations

from collections.abc import Iterator

from policies.facts import Resource
from policies.locality import load_locality
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._residency import LAW, NO_EXCEPTION, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "residency-provider"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or load_locality().cloud_of(resource.package) is None:
        return
    if resource.provider is not None and not resource.provider.is_default:
        return
    found = "no provider" if resource.provider is None else f"the default provider of {resource.package}"
    yield violation(
        _ID,
        resource,
        found=f"{found}: its account and place come from the environment of whoever runs this",
        allowed=f"a pulumi:providers:{resource.package} that the program declares, not named default",
        fix="pass ResourceOptions(provider=…), or a component with providers=[…] as the resource's parent; "
        'pulumi:disable-default-providers: ["*"] in the stack configuration makes a forgotten one an error',
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="Cloud resources use an explicit provider, never the default one",
    why="A default provider takes account and place from an environment that no rule can see.",
    law=LAW,
    severity=Severity.CRITICAL,
    fix="Declare one provider for each cloud and jurisdiction and pass it on.",
    exception=NO_EXCEPTION,
    check=_check,
)
