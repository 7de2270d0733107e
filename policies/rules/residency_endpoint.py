"""A provider of a cloud speaks to that cloud, and to its company in Europe."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import Found, Resource, Unknown, Value, freeze, is_blank, plain, select, shown
from policies.locality import CloudTable, load_locality
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._destinations import host_of
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "residency-endpoint"
_PROVIDERS: Final = "pulumi:providers:"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or not resource.type.startswith(_PROVIDERS):
        return
    table = load_locality().cloud_of(resource.type.removeprefix(_PROVIDERS))
    if table is None:
        return
    for name, allowed in table.provider_api.items():
        for found in select(resource.properties, name):
            for path, value in _leaves(found):
                problem = _problem(value, allowed, table, context)
                if problem:
                    yield violation(
                        _ID,
                        resource,
                        found=f"`{path}` {problem}",
                        allowed=", ".join(allowed) or f"a host of {table.cloud}, or no `{name}` at all",
                        fix=f"leave `{name}` out, or give it as a plain value that is allowed",
                    )


def _leaves(found: Found) -> Iterator[tuple[str, Value]]:
    """Yield every value below a property, as an object of endpoints has one for each service."""
    bare = plain(found.value)
    if isinstance(bare, str) and bare.lstrip().startswith(("{", "[")):
        bare = _parsed(bare)  # the engine hands objects to a provider as a text of JSON
    if isinstance(bare, Mapping):
        for key, item in bare.items():
            yield from _leaves(Found(f"{found.path}.{key}", item))
    elif isinstance(bare, tuple):
        for index, element in enumerate(bare):
            yield from _leaves(Found(f"{found.path}[{index}]", element))
    elif not is_blank(bare):
        yield found.path, found.value


def _parsed(text: str) -> Value:
    try:
        return freeze(json.loads(text))
    except (ValueError, RecursionError):
        return text


def _problem(value: Value, allowed: tuple[str, ...], table: CloudTable, context: Context) -> str:
    bare = plain(value)
    if isinstance(bare, Unknown):
        return "is only known after the update, so nobody can say before it whom this provider speaks to"
    if allowed:
        return "" if bare in allowed else f"= {shown(value)}, which is another company or another continent"
    host = host_of(bare) if isinstance(bare, str) else None
    row = context.catalog.host(host) if host is not None else None
    if row is not None and row.cloud == table.cloud:
        return ""
    return f"= {shown(value)}, which is no host of {table.cloud}: whoever runs it would get the account's key"


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="A provider of a cloud speaks to that cloud, and to its company in Europe",
    why="The same codes of places mean other machines where another API answers, and the key goes there.",
    law=LAW,
    source="policies/locality/tables, provider_api: properties of the installed SDKs, 2026-11-24; that "
    "ovh-us and ovh-ca are other companies from memory",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Leave the endpoint to the provider; for OVHcloud it is ovh-eu, also for places in London.",
    exception=NO_EXCEPTION,
    check=_check,
)
