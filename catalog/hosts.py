"""Whose host names are whose: suffixes of DNS names, the company behind each, and the place where known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, StrictBool, model_validator

from catalog._source import Country, Fact, Line, Source

__all__ = ["Host", "HostKind", "longest_match"]

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


def _suffix(text: str) -> str:
    if all(_LABEL.fullmatch(label) for label in text.split(".")):
        return text
    message = "a host suffix is a DNS name in lower case without a dot at either end, such as scw.cloud"
    raise ValueError(message)


_NUMBER = re.compile(r"(?<=[a-z])-[0-9]{2}$")


class HostKind(StrEnum):
    """What stands behind a host."""

    HYPERSCALER = "hyperscaler"
    """Amazon, Microsoft or Google."""
    US_SAAS = "us-saas"
    """Another service run by a company of the United States: a cloud, a hub, telemetry, a model API."""
    FOREIGN_SAAS = "foreign-saas"
    """A service run by a company of another country outside every jurisdiction."""
    REGISTRY = "registry"
    """An image registry that a company of the United States runs, or serves from its machines."""
    CLOUD_ENDPOINT = "cloud-endpoint"
    """An endpoint of a cloud of this catalogue."""


class Host(Fact):
    """One suffix of host names: it covers the name itself and every name below it."""

    suffix: Annotated[str, AfterValidator(_suffix)]
    owner: Line
    """The company that runs the service behind it."""
    country: Country
    """Where that company is registered: not where the machine stands."""
    kind: HostKind
    cloud: str | None = None
    """Catalogue key of the cloud, for a cloud-endpoint only."""
    place: str | None = None
    """Code of the place where the endpoint stands, if the suffix alone says it."""
    place_in_name: StrictBool = False
    """True if every name under the suffix says its place in a label of its own: ``gra`` in
    ``s3.gra.io.cloud.ovh.net``. A name without such a label then stands nowhere that is known.
    """
    note: str = ""
    source: Source

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.kind is HostKind.CLOUD_ENDPOINT) != (self.cloud is not None):
            message = "a cloud-endpoint names its cloud, and nothing else does"
            raise ValueError(message)
        if self.cloud is None and (self.place is not None or self.place_in_name):
            message = "only a cloud-endpoint has a place"
            raise ValueError(message)
        if self.place is not None and self.place_in_name:
            message = "give place or place_in_name, not both"
            raise ValueError(message)
        return self

    @property
    def is_foreign(self) -> bool:
        """True for a service of a company outside every jurisdiction, most often of the United States."""
        return self.kind is not HostKind.CLOUD_ENDPOINT


def longest_match(hosts: Mapping[str, Host], name: str) -> Host | None:
    """Return the row with the longest suffix that covers ``name``, or None.

    Letter case and one dot at the end do not count. Labels do: ``notscw.cloud`` is not under ``scw.cloud``.
    A row stands for its numbered kin as well, as services have many: ``awsdns.com`` for ``awsdns-07.com``.
    """
    labels = name.lower().removesuffix(".").split(".")
    for start in range(len(labels)):
        first = _NUMBER.sub("", labels[start])
        for label in dict.fromkeys((labels[start], first)):
            host = hosts.get(".".join([label, *labels[start + 1 :]]))
            if host is not None:
                return host
    return None
