"""Places: every code by which a cloud names where a resource stands, with its country.

A code is matched exactly, letter by letter: ``gra11`` is not ``GRA11``. A code that is not listed is unknown,
and an unknown place is a violation, never a guess.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self, cast

from pydantic import Field, StrictBool, StrictInt, model_validator

from catalog._source import Country, Fact, Line, Source

__all__ = ["Offer", "Place", "PlaceDefaults", "PlaceKind", "PlaceRow"]


class PlaceKind(StrEnum):
    """What a code names. One cloud can have several kinds side by side."""

    REGION = "region"
    """A region: one or more data centres in one city."""
    ZONE = "zone"
    """An availability zone; its ``parent`` is the region."""
    LOCATION = "location"
    """Hetzner's word for a data centre park; its ``parent`` is the network zone."""
    NETWORK_ZONE = "network-zone"
    """Hetzner's group of locations that share a private network. It can span countries."""
    STORAGE_REGION = "storage-region"
    """A code that only object storage uses."""
    LOCAL_ZONE = "local-zone"
    """OVHcloud's small sites outside its regions, some in countries of no jurisdiction known here."""


class Offer(StrEnum):
    """A service known to be sold under a code. Absence means 'not known', unless the note says otherwise."""

    KUBERNETES = "kubernetes"
    COMPUTE = "compute"
    OBJECT_STORAGE = "object-storage"
    REGISTRY = "registry"


class PlaceDefaults(Fact):
    """What a stack uses in this place when its configuration says nothing else."""

    gpu_node_type: str | None = None
    """Node type of the GPU pool, or None; then ``no_gpu_reason`` says why."""
    no_gpu_reason: str = ""
    cpu_node_type: Line
    """Node type of the CPU pool: router, monitoring, llama.cpp fallback."""
    storage_region: str | None = None
    """Place code for the bucket, or None; then ``no_storage_reason`` says why."""
    no_storage_reason: str = ""
    storage_endpoint: str | None = None
    """Host name of the S3 endpoint of that region, None when not known before it exists."""
    registry_host: str | None = None
    """Host name of the image registry, or None: see ``registry_region`` and ``no_registry_reason``."""
    registry_region: str | None = None
    """Place code of the stack's registry where its host is known only once it is created; then
    ``registry_host`` is None."""
    no_registry_reason: str = ""
    kubernetes_plan: str | None = None
    """Plan of a managed cluster, in the cloud's spelling, where it depends on the place."""
    gateway_zone: str | None = None
    """Zone of the gateway of private nodes where it is not sold in the stack's own; None: it is."""
    node_zone: str | None = None
    """Availability zone of the node pools in a region of several zones, whose pools must name one."""
    network_slot: Annotated[StrictInt, Field(ge=0)] | None = None
    """Number of this place among those of its cloud, where networks of several places share one LAN: VLAN and
    addresses follow from it. Never reused, as it must differ from those of all stacks there are."""
    storage_class: str | None = None
    """Kubernetes storage class, encrypted where the place has such; None takes the cloud module's own."""

    @model_validator(mode="after")
    def _absence_has_a_reason(self) -> Self:
        for value, reason, what in (
            (self.gpu_node_type, self.no_gpu_reason, "gpu_node_type or no_gpu_reason"),
            (self.storage_region, self.no_storage_reason, "storage_region or no_storage_reason"),
        ):
            if bool(value) == bool(reason):
                message = f"give exactly one of {what}"
                raise ValueError(message)
        if [self.registry_host, self.registry_region, self.no_registry_reason or None].count(None) != 2:
            message = "give exactly one of registry_host, registry_region or no_registry_reason"
            raise ValueError(message)
        return self


class PlaceRow(Fact):
    """A place as written in ``data/places/<cloud>.yaml``: no cloud and no jurisdiction, both are derived."""

    code: Line
    kind: PlaceKind
    countries: tuple[Country, ...]
    """The countries it stands in. YAML says ``country: FR``; only a network zone may list several."""
    city: str | None = None
    parent: str | None = None
    """Code of the place that holds it: the region of a zone, the network zone of a location."""
    stack_location: StrictBool = False
    """True if the code may be a value of ``sovereign:location``."""
    offers: tuple[Offer, ...] = ()
    defaults: PlaceDefaults | None = None
    note: str = ""
    source: Source

    @model_validator(mode="before")
    @classmethod
    def _one_country_is_a_tuple_of_one(cls, row: object) -> object:
        if not isinstance(row, dict) or "country" not in row:
            return cast("object", row)
        if "countries" in row:
            message = "give country or countries, not both"
            raise ValueError(message)
        fields = dict(cast("dict[str, object]", row))
        fields["countries"] = [fields.pop("country")]
        return fields

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.countries:
            message = "a place needs a country; a code whose country is not known must be left out"
            raise ValueError(message)
        if len(self.countries) > 1 and self.kind is not PlaceKind.NETWORK_ZONE:
            message = f"only a network-zone can span countries; this is a {self.kind}"
            raise ValueError(message)
        if self.stack_location and self.defaults is None:
            message = "a stack_location needs defaults, so that sovereign:location alone can move a stack"
            raise ValueError(message)
        return self


class Place(PlaceRow):
    """A place, its cloud, and the jurisdiction that its country gives it."""

    cloud: Line
    """Catalogue key of the cloud."""
    jurisdiction: str | None
    """Code of the jurisdiction that holds all its countries, or None: then no stack may use it."""

    @property
    def country(self) -> str:
        """The ISO 3166 alpha-2 code, for messages; of a zone that spans countries, all of them: ``DE/FI``.

        To decide anything use ``jurisdiction``.
        """
        return "/".join(self.countries)
