"""Turns what CrossGuard hands to a policy into facts: once, totally, without trusting it.

CrossGuard wraps properties in proxies that are neither dicts nor lists and that raise when an unknown value
is touched. A policy that lets that error out is downgraded to a warning and the preview succeeds, so it must
never get out: every unknown becomes ``UNKNOWN`` here, and rules decide what that means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

import pulumi
from pulumi_policy import (
    PolicyProviderResource,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    StackValidationArgs,
)
from pulumi_policy.proxy import UnknownValueError

from policies.facts import UNKNOWN, Opaque, Options, Provider, Resource, StackFacts, Value

__all__ = ["from_proxies", "resource_facts", "stack_facts"]


def resource_facts(args: ResourceValidationArgs) -> Resource:
    """Return the facts of one resource, as its inputs give them."""
    return Resource(
        urn=args.urn,
        type=args.resource_type,
        name=args.name,
        properties=_properties(args.props),
        provider=_provider(args.provider),
        options=_options(args.opts, args.opts.parent),
    )


def stack_facts(args: StackValidationArgs) -> StackFacts:
    """Return the facts of a whole stack, as the resources' outputs give them."""
    return StackFacts(tuple(_stack_resource(resource) for resource in args.resources))


def _stack_resource(resource: PolicyResource) -> Resource:
    parent = resource.parent.urn if resource.parent is not None else resource.opts.parent
    return Resource(
        urn=resource.urn,
        type=resource.resource_type,
        name=resource.name,
        properties=_properties(resource.props),
        provider=_provider(resource.provider),
        options=_options(resource.opts, parent),
        dependencies=tuple(dependency.urn for dependency in resource.dependencies),
        property_dependencies=MappingProxyType(
            {
                name: tuple(each.urn for each in behind)
                for name, behind in resource.property_dependencies.items()
            }
        ),
    )


def _provider(provider: PolicyProviderResource | None) -> Provider | None:
    if provider is None:
        return None
    return Provider(provider.resource_type, provider.urn, provider.name, _properties(provider.props))


def _options(options: PolicyResourceOptions, parent: str | None) -> Options:
    return Options(ignore_changes=tuple(options.ignore_changes), parent=parent)


def _properties(proxy: Mapping[str, Any]) -> Mapping[str, Value]:
    return MappingProxyType({str(key): _element(proxy, key) for key in proxy})


def _element(proxy: Any, key: str | int) -> Value:
    try:
        return from_proxies(proxy[key])
    except UnknownValueError:
        return UNKNOWN


def from_proxies(raw: object) -> Value:
    """Return a proxied value as a fact value.

    Raises:
        TypeError: CrossGuard handed over something that no property can be; the run then fails as a whole.
    """
    if raw is None or isinstance(raw, bool | int | float | str):
        return raw
    if isinstance(raw, Mapping):
        return _properties(cast("Mapping[str, Any]", raw))
    if isinstance(raw, Sequence):
        elements = cast("Sequence[object]", raw)
        return tuple(_element(elements, index) for index in range(len(elements)))
    if isinstance(raw, pulumi.Asset | pulumi.Archive):
        return Opaque("file asset")
    message = f"a property holds a {type(raw).__name__}, which no rule can read"
    raise TypeError(message)
