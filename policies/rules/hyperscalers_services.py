"""Nothing in a stack names a service of a hyperscaler by a field, where no host is written."""

from __future__ import annotations

from collections.abc import Iterator

from policies.facts import Resource
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._hosts import is_read, shown_path
from policies.rules._hyperscalers import LAW, REFERENCES
from policies.rules._residency import violation
from policies.rules._services import services_in
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "hyperscalers-services"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or not is_read(resource):
        return
    seen: set[tuple[str, str]] = set()
    for path, service in services_in(resource, context.catalog):
        if isinstance(service, str):
            name, what = service, service
        else:
            name = service.name
            what = (
                f"a service of {service.owner} ({service.country}, {service.kind}), "
                f"as {service.reader} reads it"
            )
            if service.unless:
                what += f"; no {' or '.join(service.unless)} beside it leads elsewhere"
        if (path, name) not in seen:
            seen.add((path, name))
            yield violation(
                _ID,
                resource,
                found=f"`{shown_path(path)}` has {what}",
                allowed="services of the stack itself and of its cloud in its jurisdiction",
                fix="choose the provider of your own cloud (S3 with its endpoint, its DNS, its secrets), or "
                "one that runs in the cluster; catalog/data/services.yaml lists what is refused",
            )


RULE = ResourceRule(
    id=_ID,
    family=Family.HYPERSCALERS,
    title="No field names a service of a hyperscaler or another company of the United States",
    why="A client knows its maker's hosts by heart: one word in a copied manifest, and backups, secrets, "
    "certificates or prompts go there, though no host is written anywhere.",
    law=LAW,
    source="catalog/data/services.yaml, each row with its source; the two provisions from memory, 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Use a provider in the jurisdiction; give an S3 client the endpoint of your own cloud.",
    exception="none. No US hyperscaler, for anything",
    check=_check,
)
