"""The sites of a stack: how they are named, and what the configuration says of them that rules need.

A stack of ours has a home site and, in ``sovereign:sites``, further ones of the same jurisdiction. The
program reads them with every check; here only names are taken, and a list that cannot be read is no list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

__all__ = ["DeclaredSite", "declared_sites", "lock_name", "site_name"]


@dataclass(frozen=True, slots=True)
class DeclaredSite:
    """One site, as the configuration names it."""

    name: str
    """The jurisdiction for the home site; for a further one with its cloud and location."""
    host: str | None
    """Public name of its router; None if the configuration has no domain."""
    registry: str | None = None
    """``host/path`` of its images where the configuration says so, word for word."""


def site_name(jurisdiction: str, cloud: str, location: str) -> str:
    """Return the name of a further site; it begins the name of everything there, and of its host."""
    return f"{jurisdiction}-{cloud}-{location.lower()}"


def lock_name(stack: str, jurisdiction: str, site: str) -> str:
    """Return what the lock of a site is called: ``locks/<it>.yaml``, and ``stack`` inside the file.

    The stack's own name for the home site; for another one its cloud and location follow.
    """
    return f"{stack}{site.removeprefix(jurisdiction)}"


def declared_sites(setting: Callable[[str], str | None]) -> tuple[DeclaredSite, ...]:
    """Return the sites of a stack, the home site first; none if it states no jurisdiction.

    ``setting`` returns what a key of the namespace ``sovereign`` says, or None.
    """
    jurisdiction, domain = setting("jurisdiction"), setting("domain")
    if jurisdiction is None:
        return ()

    def site(name: str, registry: str | None) -> DeclaredSite:
        return DeclaredSite(name, f"{name}.{domain}" if domain else None, registry)

    further = (
        site(site_name(jurisdiction, cloud, location), registry)
        for cloud, location, registry in _entries(setting("sites"))
    )
    return (site(jurisdiction, setting("registry")), *further)


def _entries(text: str | None) -> Iterator[tuple[str, str, str | None]]:
    try:
        listed: object = json.loads(text or "[]")
    except json.JSONDecodeError:
        return
    for entry in cast("list[object]", listed) if isinstance(listed, list) else ():
        if not isinstance(entry, Mapping):
            continue
        fields = cast("Mapping[str, object]", entry)
        cloud, location, registry = fields.get("cloud"), fields.get("location"), fields.get("registry")
        if isinstance(cloud, str) and isinstance(location, str):
            yield cloud, location, registry if isinstance(registry, str) else None
