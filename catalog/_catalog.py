"""The catalogue as a whole, and its look-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from catalog.api_groups import ApiGroup
from catalog.bills import Bill
from catalog.binaries import UpstreamBinary
from catalog.clouds import CloudInfo
from catalog.errors import CatalogError
from catalog.hosts import Host, longest_match
from catalog.hub_owners import HubOwner
from catalog.images import UpstreamImage
from catalog.jurisdictions import Jurisdiction
from catalog.models import Licence, Model
from catalog.node_types import CpuFamily, GpuModel, NodeType, Vendor
from catalog.packages import Package
from catalog.patterns import matches
from catalog.places import Place
from catalog.prices import ExchangeRate, Price
from catalog.programs import Program
from catalog.services import FileHints, NamedService
from catalog.throughput import Throughput

__all__ = ["Catalog"]

_NO_SERVICES: Final[Mapping[str, tuple[NamedService, ...]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every fact the project knows, checked as a whole when it was loaded. Nothing in it can be changed.

    Look-ups are exact: letter case, blanks and prefixes all count. ``place``, ``node_type`` and ``model``
    return None for what is not listed; whoever asks must treat None as a violation, not as permission.
    """

    jurisdictions: Mapping[str, Jurisdiction]
    clouds: Mapping[str, CloudInfo]
    models: tuple[Model, ...]
    licences: Mapping[str, Licence]
    images: Mapping[str, UpstreamImage]
    binaries: Mapping[str, UpstreamBinary]
    vendors: Mapping[str, Vendor]
    gpus: Mapping[str, GpuModel]
    cpus: tuple[CpuFamily, ...]
    hosts: Mapping[str, Host]
    packages: Mapping[str, Package]
    services: Mapping[str, NamedService]
    api_groups: Mapping[str, ApiGroup]
    programs: Mapping[str, Program]
    hub_owners: Mapping[str, HubOwner]
    bills: Mapping[str, Bill]
    exchange_rates: Mapping[str, ExchangeRate]
    throughput: tuple[Throughput, ...]
    _places: Mapping[str, Mapping[str, Place]]
    _node_types: Mapping[str, Mapping[str, NodeType]]
    _prices: Mapping[str, Mapping[str, Price]]
    _services: Mapping[str, Mapping[str, tuple[NamedService, ...]]]
    _service_hints: FileHints

    def jurisdiction(self, code: str) -> Jurisdiction:
        """Return the jurisdiction with this code.

        Raises:
            CatalogError: there is none; the message lists the codes there are.
        """
        try:
            return self.jurisdictions[code]
        except KeyError:
            raise _unlisted("jurisdiction", code, self.jurisdictions) from None

    def cloud(self, key: str) -> CloudInfo:
        """Return the cloud with this key (a value of ``sovereign:cloud``).

        Raises:
            CatalogError: there is none; the message lists the keys there are.
        """
        try:
            return self.clouds[key]
        except KeyError:
            raise _unlisted("cloud", key, self.clouds) from None

    def cloud_of_provider(self, provider: str) -> CloudInfo | None:
        """Return the cloud whose Pulumi package is ``provider`` (``hcloud`` gives Hetzner), or None."""
        return next((cloud for cloud in self.clouds.values() if cloud.provider == provider), None)

    def places(self, cloud: str, jurisdiction: str | None = None) -> tuple[Place, ...]:
        """Return the places of a cloud, all of them or those of one jurisdiction.

        Raises:
            CatalogError: no such cloud, or no such jurisdiction.
        """
        places = tuple(self._places[self.cloud(cloud).key].values())
        if jurisdiction is None:
            return places
        wanted = self.jurisdiction(jurisdiction).code
        return tuple(place for place in places if place.jurisdiction == wanted)

    def stack_locations(self, cloud: str, jurisdiction: str | None = None) -> tuple[Place, ...]:
        """Return the places that ``sovereign:location`` may name for this cloud, in one jurisdiction or all.

        Raises:
            CatalogError: no such cloud, or no such jurisdiction.
        """
        return tuple(place for place in self.places(cloud, jurisdiction) if place.stack_location)

    def place(self, cloud: str, code: str) -> Place | None:
        """Return the place that this cloud calls ``code``, or None. Exact: ``gra11`` is not ``GRA11``."""
        return self._places.get(cloud, {}).get(code)

    def node_types(self, cloud: str) -> tuple[NodeType, ...]:
        """Return the node types of a cloud.

        Raises:
            CatalogError: no such cloud.
        """
        return tuple(self._node_types[self.cloud(cloud).key].values())

    def node_type(self, cloud: str, name: str) -> NodeType | None:
        """Return the node type with this exact name, or None."""
        return self._node_types.get(cloud, {}).get(name)

    def cpu_designer(self, cloud: str, name: str) -> Vendor | None:
        """Return who designs the CPUs of a cloud's machine, whether it is listed or not; None: not known."""
        families = (each for each in self.cpus if each.cloud == cloud and name.startswith(each.prefix))
        family = max(families, key=lambda each: len(each.prefix), default=None)
        return self.vendors[family.vendor] if family else None

    def prices(self, cloud: str) -> tuple[Price, ...]:
        """Return the prices of a cloud that are known.

        Raises:
            CatalogError: no such cloud.
        """
        return tuple(self._prices[self.cloud(cloud).key].values())

    def price(self, cloud: str, item: str, place: str) -> Price | None:
        """Return what this cloud asks for the item in the place, or None: not known, which is not free."""
        found = self._prices.get(cloud, {}).get(item)
        return found if found is not None and found.holds_in(place) else None

    def throughput_of(self, model: str, gpu: str) -> Throughput | None:
        """Return the measurement of this exact model on this GPU, or None: nobody's is listed."""
        return next((row for row in self.throughput if (row.model, row.gpu) == (model, gpu)), None)

    def host(self, name: str) -> Host | None:
        """Return the row of the longest suffix that covers this host name, or None.

        Whole labels count, letter case and one dot at the end do not: ``rg.fr-par.scw.cloud.`` is under
        ``scw.cloud``, ``notscw.cloud`` and ``scw.cloud.example.com`` are not.
        """
        return longest_match(self.hosts, name)

    def package(self, name: str) -> Package | None:
        """Return the foreign Pulumi package with this exact name, or None."""
        return self.packages.get(name)

    def services_in(self, where: str) -> Mapping[str, tuple[NamedService, ...]]:
        """Return the services that are named in an API group, a ``config-file`` and the like, by last key."""
        return self._services.get(where, _NO_SERVICES)

    def may_name_a_service(self, text: str) -> bool:
        """Return False for a configuration file that names none of the services, whatever it says."""
        return self._service_hints.may_name(text)

    def api_group(self, name: str) -> ApiGroup | None:
        """Return the row of the Kubernetes API group with this exact name, or None: it can serve anything."""
        return self.api_groups.get(name)

    def model(self, model_id: str) -> Model | None:
        """Return the row that covers ``model_id``, or None.

        A row with the exact id wins. Else the one pattern that matches: two patterns can never match the same
        id, as loading refuses a catalogue in which they could.
        """
        pattern_row: Model | None = None
        for row in self.models:
            if row.id == model_id and not row.is_pattern:
                return row
            if row.is_pattern and pattern_row is None and matches(row.id, model_id):
                pattern_row = row
        return pattern_row


def _unlisted(what: str, found: str, listed: Mapping[str, object]) -> CatalogError:
    return CatalogError(f"no {what} {found!r} in the catalogue; allowed: {', '.join(sorted(listed))}")
