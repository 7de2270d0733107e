"""What the rules about hosts share: in which resources they look, and where a host of a cloud stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog import Catalog, Host, Place
from policies.facts import PROVIDER_PREFIX, Resource
from policies.hosts import texts_of
from policies.locality import load_locality

__all__ = ["hosts_of", "is_judged_by_name", "is_read", "places_of", "shown_path"]


def is_read(resource: Resource) -> bool:
    """Return True for Kubernetes objects, resources of the clouds, neutral packages and every provider.

    Other packages are refused by ``hyperscalers`` or ``residency-unclassified``, whatever they say.
    """
    if resource.type.startswith(PROVIDER_PREFIX):
        return True
    tables = load_locality()
    package = resource.package
    return package in tables.clouds or (package in tables.placeless and package != "pulumi")


def hosts_of(resource: Resource, catalog: Catalog) -> Iterator[tuple[str, str, Host | None]]:
    """Yield every host named in a resource, with the place in the resource where it stands, and its row.

    Where a row is a whole top-level domain, such as ``aws``, a name may be one of a package or a setting
    (``spring.cloud.aws``): it counts where only a host can stand, or where it is the whole value.
    """
    for path, names in texts_of(resource):
        for name in sorted(names.all):
            host = catalog.host(name)
            if host is not None and "." not in host.suffix and name not in names.addressed | names.whole:
                host = None
            yield path, name, host


def places_of(name: str, host: Host, catalog: Catalog) -> tuple[Place, ...]:
    """Return the places that a host name of a cloud names: by its suffix, else by a label that is a code.

    Letter case does not count in a host name, so one label can fit several codes of the same site.
    """
    if host.cloud is None:
        return ()
    if host.place is not None:
        place = catalog.place(host.cloud, host.place)
        return () if place is None else (place,)
    labels = set(name.removesuffix(host.suffix).rstrip(".").split("."))
    return tuple(place for place in catalog.places(host.cloud) if place.code.lower() in labels)


def is_judged_by_name(name: str, host: Host, catalog: Catalog) -> bool:
    """Return True for a host of which ``residency-hosts`` or ``hyperscalers-hosts`` speak already."""
    return host.is_foreign or host.place_in_name or bool(places_of(name, host, catalog))


def shown_path(path: str) -> str:
    """Return how a message names a place in a resource. Keys may be anything, also what must not be shown."""
    return path if re.fullmatch(r"[\w.\[\]/-]{1,160}", path) else path.partition(".")[0]
