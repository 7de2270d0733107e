"""Pulumi packages of clouds and services outside the catalogue, and the company behind each."""

from __future__ import annotations

from enum import StrEnum

from catalog._source import Country, Fact, Line, Source

__all__ = ["Package", "PackageKind"]


class PackageKind(StrEnum):
    """What the resources of a package are."""

    HYPERSCALER = "hyperscaler"
    """Resources of Amazon, Microsoft or Google."""
    US_CLOUD = "us-cloud"
    """Resources of another cloud of the United States."""
    US_SAAS = "us-saas"
    """Resources of a service run by a company of the United States."""


class Package(Fact):
    """One Pulumi package: the first part of its type tokens."""

    name: Line
    owner: Line
    """The company whose service the package steers."""
    country: Country
    kind: PackageKind
    note: str = ""
    source: Source
