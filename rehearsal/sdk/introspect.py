"""Reads a resource type's inputs, required inputs, types and outputs off the installed SDK.

The Python SDKs are generated from the provider's own schema, so their classes hold what `pulumi package
get-schema` would say, without the plugin.
"""

import collections.abc
import importlib
import inspect
import sys
import threading
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar, cast

import pulumi
from pulumi import _types as sdk_types  # the SDK's own reflection; generated code leans on it

from rehearsal.sdk.packages import Package, registered_resources
from rehearsal.sdk.shapes import (
    ANY,
    BOOLEAN,
    INTEGER,
    NUMBER,
    STRING,
    Fields,
    ListOf,
    MapOf,
    OneOf,
    Property,
    ResourceType,
    Scalar,
    Shape,
)

__all__ = ["describe_function", "describe_provider", "describe_resource", "input_fields", "output_fields"]

_ONE_AT_A_TIME = threading.RLock()
"""Held while an SDK is looked into: its modules load on first use, and a second thread would see half."""

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def _exclusively(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """Let one thread at a time into the function."""

    @wraps(function)
    def guarded(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        with _ONE_AT_A_TIME:
            return function(*args, **kwargs)

    return guarded


_SCALARS: dict[object, Shape] = {str: STRING, int: INTEGER, float: NUMBER, bool: BOOLEAN}


def _shape(hint: Any) -> Shape:
    """The shape a type hint of a generated SDK stands for."""
    if hint in _SCALARS:
        return _SCALARS[hint]
    if inspect.isclass(hint):
        return _class_shape(hint)
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin is typing.Literal:
        return Scalar("string", tuple(str(argument) for argument in arguments))
    if origin in (collections.abc.Sequence, list):
        return ListOf(_shape(arguments[0]) if arguments else ANY)
    if origin in (collections.abc.Mapping, dict):
        return MapOf(_shape(arguments[1]) if len(arguments) == 2 else ANY)
    if origin is typing.Union or str(origin) == "<class 'types.UnionType'>":
        return _union_shape(arguments)
    return ANY


def _class_shape(hint: type) -> Shape:
    if sdk_types.is_input_type(hint):
        return Fields(hint)
    if sdk_types.is_output_type(hint):
        return Fields(hint, output=True)
    if issubclass(hint, Enum):
        return NUMBER if issubclass(hint, (int, float)) else STRING
    return ANY


def _is_wrapper(hint: Any) -> bool:
    """Whether a union member only says that the value may come later: `Awaitable`, `Output`, None."""
    if hint is type(None) or typing.get_origin(hint) in (collections.abc.Awaitable, pulumi.Output):
        return True
    return typing.is_typeddict(hint)


def _union_shape(arguments: tuple[Any, ...]) -> Shape:
    shapes = tuple(dict.fromkeys(_shape(argument) for argument in arguments if not _is_wrapper(argument)))
    if not shapes or ANY in shapes:
        return ANY
    return shapes[0] if len(shapes) == 1 else OneOf(shapes)


@_exclusively
@cache
def input_fields(args_class: type) -> Mapping[str, Property]:
    """The inputs an Args class declares, by wire name."""
    if not sdk_types.is_input_type(args_class):
        return {}
    hints = sdk_types.input_type_types(args_class)
    parameters = inspect.signature(args_class.__init__).parameters
    fields: dict[str, Property] = {}
    for python_name, wire_name in sdk_types.input_type_py_to_pulumi_names(args_class).items():
        parameter = parameters.get(python_name)
        required = parameter is not None and parameter.default is inspect.Parameter.empty
        declared = cast(property, getattr(args_class, python_name))
        shape = _shape(hints.get(wire_name, Any))
        doc = inspect.getdoc(declared) or ""
        fields[wire_name] = Property(wire_name, shape, required, doc, _deprecation(declared))
    return fields


def _deprecation(declared: property) -> str:
    """The message of the generated `@deprecated("…")` around a getter."""
    getter = declared.fget
    if getter is None or not hasattr(getter, "_pulumi_deprecated_callable"):
        return ""
    return str(inspect.getclosurevars(getter).nonlocals.get("message", ""))


@_exclusively
@cache
def output_fields(output_class: type) -> Mapping[str, Shape]:
    """The fields of an output object, by wire name."""
    if not sdk_types.is_output_type(output_class):
        return {}
    return {name: _shape(hint) for name, hint in sdk_types.output_type_types(output_class).items()}


def _args_class(owner: type) -> type | None:
    """The Args class beside a resource class; in Kubernetes it is InitArgs, since Args is the nested type."""
    module = sys.modules[owner.__module__]
    for suffix in ("InitArgs", "Args"):
        candidate = getattr(module, owner.__name__ + suffix, None)
        if inspect.isclass(candidate) and candidate.__module__ == owner.__module__:
            return candidate
    return None


@_exclusively
@cache
def describe_resource(package: Package, token: str) -> ResourceType | None:
    """What the SDK says of a type, or None when it has no such type."""
    place = registered_resources(package.module).get(token)
    if place is None:
        return None
    owner = getattr(importlib.import_module(place[0]), place[1])
    args_class = _args_class(owner)
    inputs: Mapping[str, Property] = input_fields(args_class) if args_class else {}
    outputs = {name: _shape(hint) for name, hint in sdk_types.resource_types(owner).items()}
    return ResourceType(token, inputs, outputs, inspect.getdoc(owner) or "")


@_exclusively
@cache
def describe_provider(package: Package) -> Mapping[str, Property]:
    """The configuration a provider accepts, by wire name."""
    args_class = getattr(importlib.import_module(package.module), "ProviderArgs", None)
    return input_fields(cast(type, args_class)) if inspect.isclass(args_class) else {}


@_exclusively
@cache
def describe_function(package: Package, token: str) -> Mapping[str, Shape] | None:
    """The result fields of a function such as `hcloud:index/getImage:getImage`, or None when unknown."""
    _, module_part, name = token.split(":", 2)
    path = module_part.split("/")[0]
    module_name = package.module if path in ("index", "") else f"{package.module}.{path.lower()}"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError:
        return None
    result = getattr(module, f"{name[0].upper()}{name[1:]}Result", None)
    return output_fields(result) if inspect.isclass(result) else None
