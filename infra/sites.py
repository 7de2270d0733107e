"""The sites of a stack: the home site, and what ``sovereign:sites`` adds to it in the same jurisdiction."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from catalog import Catalog
from infra._mistakes import close_to, listed
from infra.settings import Settings, SettingsError, parse
from infra.written import NAMESPACE, full_key
from policies import sites as names

__all__ = ["SITE_KEYS", "Sites", "UnknownSiteError", "lock_name", "parse_sites"]

SITE_KEYS: Final = (
    *("cloud", "location", "registry", "projectId", "serviceName", "hetznerProject"),
    *("gpuNodeType", "gpuAlternatives", "gpuReserved", "gpuNodesMin", "gpuNodesMax"),
    *("cpuNodeType", "cpuNodesMin", "cpuNodesMax", "controlPlanes", "vswitchId"),
)
"""What an entry of ``sovereign:sites`` may say."""

_INHERITED: Final = frozenset({"projectId", "serviceName", "hetznerProject"})
"""Of these, what the home site's setting says of the whole jurisdiction: an account of one cloud is one."""

_HOME_ONLY: Final = frozenset({"sites", "siteFallback", "geoSteering", "dnsZone"})
"""Said once for all sites: the names of all of them are in the DNS of the home site."""


class UnknownSiteError(Exception):
    """A site was asked for by a name that none bears."""


@dataclass(frozen=True, kw_only=True)
class Sites:
    """The sites of one stack, all in one jurisdiction."""

    home: Settings
    """Of ``sovereign:cloud`` and ``sovereign:location``; its outputs are those of the stack."""
    further: tuple[Settings, ...] = ()
    """In the order of ``sovereign:sites``."""

    @property
    def all(self) -> tuple[Settings, ...]:
        """The home site first."""
        return (self.home, *self.further)

    @property
    def fallback(self) -> bool:
        """Whether routers pass on to each other what they cannot serve."""
        return bool(self.further) and self.home.site_fallback is not False

    def named(self, name: str) -> Settings:
        """The site of a name.

        Raises:
            UnknownSiteError: there is none; the message lists those there are.
        """
        found = next((site for site in self.all if site.name == name), None)
        if found is None:
            message = f"site {name!r}: not in this stack; there are: {', '.join(s.name for s in self.all)}"
            raise UnknownSiteError(message)
        return found


def lock_name(stack: str, site: Settings) -> str:
    """What the lock of a site is called: ``locks/<it>.yaml``, and ``stack`` in the file."""
    return names.lock_name(stack, site.jurisdiction, site.name)


def parse_sites(
    config: Mapping[str, object],
    catalog: Catalog,
    *,
    rehearsal: bool = False,
    secret_keys: Collection[str] = (),
) -> Sites:
    """Read the settings of every site. Arguments are those of ``infra.settings.parse``.

    A further site has what is said of the jurisdiction (domain, model, replicas, access) from the home site,
    and of its place only what its own entry says, else the defaults of the place.

    Raises:
        SettingsError: one message with every mistake of every site; one at home is not repeated elsewhere.
    """
    mistakes: list[str] = []
    home: Settings | None = None
    try:
        home = parse(config, catalog, rehearsal=rehearsal, secret_keys=secret_keys)
    except SettingsError as error:
        mistakes += error.mistakes
    at_home = frozenset(mistakes)
    taken = {_place_of(config): "the home site"}
    further: list[Settings] = []
    for number, entry in enumerate(_entries(config.get(full_key("sites")))):
        key = f"{full_key('sites')}[{number}]"
        mistakes += _unknown_keys(entry, key)
        own = {f"{NAMESPACE}:{name}": value for name, value in entry.items() if name in SITE_KEYS}
        where = _place_of(own)
        if where in taken and full_key("location") in own:
            mistakes.append(
                f"{key}.location: found {own.get(full_key('location'))!r} of {where[0]}, which is "
                f"{taken[where]}; allowed: each place once"
            )
            continue
        taken[where] = key
        try:
            settings = parse(
                {**_inherited(config, own), **own},
                catalog,
                rehearsal=rehearsal,
                secret_keys=secret_keys,
                site=names.site_name(str(config.get(full_key("jurisdiction"))), *where),
            )
        except SettingsError as error:
            mistakes += [_at(line, key) for line in error.mistakes if line not in at_home]
        else:
            further.append(settings)
    if mistakes or home is None:
        raise SettingsError(mistakes)
    # The names of all sites are in the DNS of the home site.
    named = [site.model_copy(update={"geo_steering": home.geo_steering}) for site in further]
    return Sites(home=home, further=tuple(named))


def _entries(value: object) -> Sequence[Mapping[str, Any]]:
    """The entries as they were written; none where the list itself is a mistake, which ``parse`` reports."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return ()
    if not isinstance(value, list):
        return ()
    entries = cast("list[object]", value)
    return [cast("Mapping[str, Any]", entry) for entry in entries if isinstance(entry, Mapping)]


def _place_of(config: Mapping[str, object]) -> tuple[str, str]:
    """Cloud and location in lower case, as in names: places that differ in case alone would share them."""
    return str(config.get(full_key("cloud"))), str(config.get(full_key("location"))).lower()


def _unknown_keys(entry: Mapping[str, Any], key: str) -> Iterator[str]:
    for name in entry:
        if name not in SITE_KEYS:
            hint = close_to(name, SITE_KEYS)
            yield f"{key}.{name}: no setting of a site{hint}; there are: {listed(SITE_KEYS)}"


def _inherited(config: Mapping[str, object], own: Mapping[str, object]) -> Mapping[str, object]:
    """What a further site has from the home site.

    The login of the home site's registry is shown to no other host.
    """
    left_out = {full_key(name) for name in _HOME_ONLY | (frozenset(SITE_KEYS) - _INHERITED)}
    registry = full_key("registry")
    if _host(own.get(registry)) != _host(config.get(registry)):
        left_out.add(full_key("registryAuth"))
    return {key: value for key, value in config.items() if key not in left_out}


def _host(registry: object) -> str:
    return str(registry).partition("/")[0]


_OWN_KEY: Final = re.compile(rf"\b{NAMESPACE}:({'|'.join(SITE_KEYS)})\b")


def _at(line: str, key: str) -> str:
    """A mistake of a further site under the key of its entry."""
    moved = _OWN_KEY.sub(rf"{key}.\1", line)
    return moved if moved.startswith(f"{key}.") else f"{key}: {moved}"
