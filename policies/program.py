"""Turns what a resource transform sees into facts: the inputs of one resource of the running program."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, cast

import pulumi
from pulumi.output import Unknown as PulumiUnknown

from policies.facts import (
    ENGINES_OWN,
    PROVIDER_PREFIX,
    UNKNOWN,
    Opaque,
    Options,
    Provider,
    Resource,
    Secret,
    Value,
    provider_type,
)

__all__ = ["transform_facts"]

_SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"


async def transform_facts(args: pulumi.ResourceTransformArgs, seen: Mapping[str, Resource]) -> Resource:
    """Return the facts of the resource that a transform is called for.

    ``seen`` holds the resources of earlier calls by URN; an explicit provider is among them. A transform is
    not told which property depends on which resource, so every property gets all dependencies of the
    resource.

    Raises:
        TypeError: an input holds something that no property can be.
    """
    parent = await _urn(args.opts.parent)
    dependencies = tuple([await _urn(each) for each in _dependencies(args.opts)])
    inputs = cast("Mapping[str, Any]", args.props)
    properties = {name: await _value(value) for name, value in inputs.items()}
    if args.type_.startswith(PROVIDER_PREFIX) and args.opts.plugin_download_url:
        properties[ENGINES_OWN] = MappingProxyType({"pluginDownloadURL": args.opts.plugin_download_url})
    behind = tuple(urn for urn in dependencies if urn is not None)
    return Resource(
        urn=_make_urn(args, parent),
        type=args.type_,
        name=args.name,
        properties=MappingProxyType(properties),
        provider=await _provider(args, seen),
        options=Options(tuple(cast("list[str]", args.opts.ignore_changes or ())), parent),
        dependencies=behind,
        property_dependencies=MappingProxyType(dict.fromkeys(properties, behind)),
    )


def _dependencies(opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    return cast("list[pulumi.Resource]", opts.depends_on or [])


async def _urn(resource: pulumi.Resource | None) -> str | None:
    return await resource.urn.future() if resource is not None else None


def _make_urn(args: pulumi.ResourceTransformArgs, parent: str | None) -> str:
    parent_type = parent.split("::")[2] if parent else ""
    own = args.type_ if parent_type in {"", "pulumi:pulumi:Stack"} else f"{parent_type}${args.type_}"
    return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{own}::{args.name}"


async def _provider(args: pulumi.ResourceTransformArgs, seen: Mapping[str, Resource]) -> Provider | None:
    """Return the provider; a resource that names none gets the engine's default one."""
    package = args.type_.partition(":")[0]
    if not args.custom or package == "pulumi":
        return None
    urn = await _urn(args.opts.provider)
    if urn is None:
        return Provider(provider_type(package), "", "default")
    registered = seen.get(urn)
    name = urn.rpartition("::")[2]
    return Provider(provider_type(package), urn, name, registered.properties if registered else {})


async def _value(raw: object) -> Value:
    """Return an input as a fact value: outputs are read without waiting for what is not known yet."""
    if isinstance(raw, pulumi.Output):
        output = cast("pulumi.Output[object]", raw)
        if not await output.is_known():
            return UNKNOWN
        value = await _value(await output.future(with_unknowns=True))
        return Secret(value) if await output.is_secret() else value
    if isinstance(raw, PulumiUnknown):
        return UNKNOWN
    if raw is None or isinstance(raw, bool | int | float | str):
        return raw
    if isinstance(raw, Mapping):
        items = cast("Mapping[str, object]", raw)
        if items.get(_SIGNATURE_KEY) == _SECRET_SIGNATURE:
            return Secret(await _value(items.get("value")))
        return MappingProxyType({str(name): await _value(item) for name, item in items.items()})
    if isinstance(raw, list | tuple):
        elements = cast("list[object] | tuple[object, ...]", raw)
        return tuple([await _value(element) for element in elements])
    if isinstance(raw, pulumi.Asset | pulumi.Archive):
        return Opaque("file asset")
    if isinstance(raw, pulumi.Resource):
        return Opaque("reference to a resource")
    message = f"an input holds a {type(raw).__name__}, which no rule can read"
    raise TypeError(message)
