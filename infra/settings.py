"""Turns a stack's configuration into settings, or into one list of everything that is wrong with it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, SecretStr, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from catalog import Catalog, CloudInfo, NodeType, Place
from components.clouds import built_clouds
from infra._checks import resolve
from infra._mistakes import Mistakes
from infra.gpu import GpuCandidate
from infra.written import (
    NAMESPACE,
    WrittenSettings,
    allowed_values,
    full_key,
    key_names,
    secret_names,
)

__all__ = ["Settings", "SettingsError", "parse"]

_SHOWN = 80
_SECRETS = frozenset(to_camel(name) for name in secret_names())


class SettingsError(Exception):
    """The settings are wrong. The message lists every mistake: key, what was found, what is allowed."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        """Join the mistakes under one headline."""
        self.mistakes = tuple(mistakes)
        count = "1 mistake" if len(self.mistakes) == 1 else f"{len(self.mistakes)} mistakes"
        lines = "\n".join(f"  - {mistake}" for mistake in self.mistakes)
        super().__init__(
            f"{count} in the settings of this stack (Pulumi.<stack>.yaml, under config):\n{lines}"
        )


class Settings(BaseModel):
    """The settings of a stack with every default filled in and every name looked up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """Of the site, and so the beginning of every name in it: the jurisdiction, for a further site with its
    cloud and location."""
    jurisdiction: str
    cloud: CloudInfo
    place: Place
    domain: str
    dns_zone: str
    """The zone that takes the record of the host: the domain or a parent of it."""
    api_access: tuple[str, ...]
    geo_steering: bool
    """Whether DNS answers only the countries of the jurisdiction."""
    protect: bool
    """Whether cluster and bucket are protected against deletion."""
    data: Literal["personal", "none"]
    model: str
    replicas: int
    gpus_per_replica: int
    gpu_memory_utilization: float
    max_model_len: int
    fallback_replicas: int
    fallback_rehearsed: date | None
    gpu: tuple[GpuCandidate, ...]
    """The GPU pools that the stack may take, the best first; empty: the place sells no GPU."""
    cpu_node_type: NodeType
    cpu_nodes_min: int
    cpu_nodes_max: int
    registry: str | None
    """None where the cloud has a registry of its own."""
    registry_auth: SecretStr | None
    project: str | None
    """The cloud's project, None where the cloud has none."""
    cloud_secrets: dict[str, SecretStr]
    """Secrets that only this cloud asks for, by key."""
    control_planes: int
    vswitch_id: int | None
    site_fallback: bool | None
    """What ``sovereign:siteFallback`` says; None: nothing."""

    @property
    def no_gpu_reason(self) -> str:
        """Why there is no GPU pool, in words; empty if there may be one."""
        if self.gpu:
            return ""
        reason = self.place.defaults.no_gpu_reason if self.place.defaults else ""
        return reason or "sovereign:gpuNodeType is none"

    @property
    def host(self) -> str:
        """Public host name of the router."""
        return f"{self.name}.{self.domain}"


def parse(
    config: Mapping[str, object],
    catalog: Catalog,
    *,
    rehearsal: bool = False,
    secret_keys: Collection[str] = (),
    site: str | None = None,
) -> Settings:
    """Read the keys under ``sovereign:``; other namespaces are none of our business.

    These are the settings of one site; ``infra.sites`` reads those of all.

    Args:
        config: full keys to values: texts and JSON as Pulumi hands them over, or what stands in YAML.
        catalog: what places, node types and models there are.
        rehearsal: in a rehearsal the placeholders of the shipped files will do.
        secret_keys: full keys of the values that are encrypted in the file; they are never printed.
        site: its name; None: the jurisdiction, as for the home site.

    Raises:
        SettingsError: one message with every mistake.
    """
    mistakes = Mistakes()
    names = key_names()
    written: dict[str, Any] = {}
    for key, value in config.items():
        namespace, _, short = key.partition(":")
        if namespace != NAMESPACE:
            continue
        if short not in names:
            mistakes.add(key, _unknown(short, names))
            continue
        if key in secret_keys and short not in _SECRETS:
            mistakes.add(key, "found a secret, allowed: plain text, so that a mistake in it can be shown")
            continue
        field = WrittenSettings.model_fields[names[short]]
        adapter: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())
        try:
            written[names[short]] = adapter.validate_python(_as_pulumi_passes(value))
        except (ValidationError, json.JSONDecodeError):
            # The reason is in pydantic's words and may quote the value; found and allowed say it better.
            found = "a secret" if short in _SECRETS else _shown(value)
            mistakes.add(key, f"found {found}, allowed: {_allowed(names[short], catalog)}")
    for name, field in WrittenSettings.model_fields.items():
        key = full_key(name)
        if field.is_required() and key not in config:
            mistakes.add(key, f"missing; allowed: {_allowed(name, catalog)}")
        elif not field.is_required() and key not in config:
            written[name] = field.default
    resolved = resolve(written, catalog, mistakes, rehearsal=rehearsal, secret_keys=secret_keys)
    if mistakes.lines:
        raise SettingsError(mistakes.lines)
    return Settings.model_validate({**resolved, "name": site or resolved["jurisdiction"]})


def _allowed(name: str, catalog: Catalog) -> str:
    """What may stand in a setting: the codes themselves where the catalogue has them."""
    if name == "jurisdiction":
        return ", ".join(sorted(catalog.jurisdictions))
    if name == "cloud":
        return ", ".join(built_clouds())
    return allowed_values(WrittenSettings.model_fields[name])


def _as_pulumi_passes(value: object) -> object:
    """Scalars become text as in the engine, so that a file read directly and a running program agree."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return value


def _shown(value: object) -> str:
    text = json.dumps(value, default=str) if isinstance(value, list | tuple) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _unknown(short: str, names: Mapping[str, str]) -> str:
    by_lower_case = {name.lower(): name for name in names}
    close = difflib.get_close_matches(short.lower(), by_lower_case, n=1, cutoff=0.7)
    if close:
        return f"no such setting; did you mean {NAMESPACE}:{by_lower_case[close[0]]}?"
    return f"no such setting; there are: {', '.join(sorted(names))}"
