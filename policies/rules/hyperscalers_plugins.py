"""A provider is the program that its package is known for, had from where its makers publish it.

Every other rule goes by the package's name. A plugin from elsewhere, or another one that answers to the name,
would make that name a label.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import (
    ENGINES_OWN,
    PROVIDER_PREFIX,
    Absent,
    Resource,
    Unknown,
    Value,
    is_blank,
    plain,
    shown,
)
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._destinations import host_of
from policies.rules._hyperscalers import LAW, REFERENCES
from policies.rules._pods import field
from policies.rules._residency import violation
from policies.violations import Violation

__all__ = ["PUBLISHED", "RULE"]

_ID = "hyperscalers-plugins"
_DOWNLOAD: Final = "pluginDownloadURL"
_PARAMETERS: Final = "parameterization"
_NAME: Final = "name"

PUBLISHED: Final[Mapping[str, str]] = {
    "ovh": "github://api.github.com/ovh/pulumi-ovh",
    "scaleway": "github://api.github.com/pulumiverse",
    "time": "github://api.github.com/pulumiverse/pulumi-time",
}
"""Where the makers of a package publish its plugin, as their SDK says; one that is not here says nothing, and
the engine takes it from the place of all plugins.
"""


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or not resource.type.startswith(PROVIDER_PREFIX):
        return
    package = resource.type.removeprefix(PROVIDER_PREFIX)
    where, name, parameters = (
        field(resource.properties, ENGINES_OWN, key) for key in (_DOWNLOAD, _NAME, _PARAMETERS)
    )
    if isinstance(where, Absent):
        where = field(resource.properties, _DOWNLOAD)  # where engines wrote it before
    if not is_blank(where) and plain(where) != PUBLISHED.get(package):
        yield _refusal(resource, f"its plugin is had from {_place(where)}", package)
    if not is_blank(parameters):
        yield _refusal(
            resource,
            f"the package {package} is made of parameters for another plugin, so its name says nothing",
            package,
        )
    elif not is_blank(name) and plain(name) != package:
        yield _refusal(resource, f"its plugin is called {_said(name)}", package)


def _place(address: Value | Absent) -> str:
    host = host_of(address) if isinstance(address, str) else None
    return f"the host {host}" if host is not None else _said(address)


def _said(value: Value | Absent) -> str:
    return shown(value) if not isinstance(value, Absent | Unknown) else "what only the update tells"


def _refusal(resource: Resource, found: str, package: str) -> Violation:
    place = PUBLISHED.get(package)
    return violation(
        _ID,
        resource,
        found=found,
        allowed=f"the plugin {package}, from {place or 'the place of all plugins: no address of its own'}",
        fix="remove plugin_download_url, and use the SDK that the makers of the package publish; a mirror is "
        "set where the engine runs (PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES), not in a program",
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.HYPERSCALERS,
    title="A provider is the plugin that its package is known for",
    why="Rules go by the name of a package. A plugin from anywhere that answers to the name `random` can "
    "create what it likes at Amazon.",
    law=LAW,
    source="pulumi 3.253.0 pkg/resource/deploy/providers/registry.go (pluginDownloadURL, name and "
    "parameterization in __internal) and the SDKs of the packages, read 2026-11-24; the two provisions from "
    "memory",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Use the SDK that the makers of the package publish, as it is.",
    exception="none. No US hyperscaler, for anything",
    check=_check,
)
