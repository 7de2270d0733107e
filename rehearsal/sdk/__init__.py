"""What the installed provider SDKs say about themselves: packages, resource types, functions."""

from rehearsal.sdk.introspect import describe_function, describe_provider, describe_resource
from rehearsal.sdk.packages import Package, installed_packages
from rehearsal.sdk.shapes import (
    ANY,
    BOOLEAN,
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

__all__ = [
    "ANY",
    "BOOLEAN",
    "NUMBER",
    "STRING",
    "Fields",
    "ListOf",
    "MapOf",
    "OneOf",
    "Package",
    "Property",
    "ResourceType",
    "Scalar",
    "Shape",
    "describe_function",
    "describe_provider",
    "describe_resource",
    "installed_packages",
]
