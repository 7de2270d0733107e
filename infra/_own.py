"""Settings that only one cloud reads: demanded there, refused or left unread elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from pydantic import SecretStr
from pydantic.alias_generators import to_camel

from catalog import CloudInfo
from components.clouds import built_clouds, cloud_module
from infra._mistakes import Mistakes
from infra.written import full_key, secret_names

__all__ = ["CONTROL_PLANES", "cloud_secrets", "dns_zone", "own_numbers"]

CONTROL_PLANES: Final = 3
"""Servers of the control plane if nothing is said: one may be lost."""

_NUMBERS: Final = ("control_planes", "vswitch_id")
_FOR_GROWTH: Final = frozenset({"civo_token"})
"""Asked for only where a pool may grow."""
_TOKEN_LENGTH: Final = 64
"""Characters of a token of Hetzner's API; its volume driver refuses any other length."""


def own_numbers(
    written: Mapping[str, Any], cloud: CloudInfo | None, mistakes: Mistakes
) -> tuple[int, int | None]:
    """Servers of the control plane and the vSwitch. On a cloud that builds neither, naming one is a
    mistake: it would do nothing, and somebody meant something by it.
    """
    for name in _NUMBERS:
        if written.get(name) is not None and cloud is not None and not _reads(name, cloud):
            mistakes.at(
                name, f"found {written[name]}, which {cloud.key} does not read; allowed there: left out"
            )
    return written.get("control_planes") or CONTROL_PLANES, written.get("vswitch_id")


def dns_zone(written: Mapping[str, Any], cloud: CloudInfo | None, mistakes: Mistakes) -> str | None:
    """The zone that takes the stack's record: the one written, else the domain itself. Another zone could
    not hold the host, and on a cloud that makes a zone of its own the setting would do nothing.
    """
    domain, zone = written.get("domain"), written.get("dns_zone")
    if domain is None or zone is None:
        return domain
    if domain != zone and not domain.endswith(f".{zone}"):
        mistakes.at(
            "dns_zone",
            f"found {zone!r}, which is neither sovereign:domain nor a parent of it; allowed: "
            f"{', '.join(_with_parents(domain))}",
        )
    elif cloud is not None and not _reads("dns_zone", cloud):
        mistakes.at(
            "dns_zone",
            f"found {zone!r}, which {cloud.key} does not read, as the stack makes its own zone there; "
            "allowed there: left out",
        )
    return zone


def _reads(name: str, cloud: CloudInfo) -> bool:
    """Whether a cloud reads a setting; of one that is not built nothing is said."""
    return cloud.key not in built_clouds() or to_camel(name) in cloud_module(cloud.key).settings


def _with_parents(domain: str) -> list[str]:
    """The domain, and what is above it down to two labels."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def cloud_secrets(
    written: Mapping[str, Any],
    cloud: CloudInfo | None,
    mistakes: Mistakes,
    *,
    grows: bool,
    rehearsal: bool,
    secret_keys: Collection[str],
) -> dict[str, SecretStr]:
    """The secrets that the cloud asks for, by key. In rehearsal those that are missing are made up.

    ``grows``: whether a node pool may have more nodes than its minimum.
    """
    if cloud is None or cloud.key not in built_clouds():
        return {}
    read = cloud_module(cloud.key).settings
    found: dict[str, SecretStr] = {}
    for name in secret_names():
        key = to_camel(name)
        if key not in read or name not in written:
            continue
        value: SecretStr | None = written[name]
        if value is None and name in _FOR_GROWTH and not grows:
            continue
        if value is None and not rehearsal:
            mistakes.at(name, _missing(name, cloud))
        elif value is not None and not rehearsal and full_key(name) not in secret_keys:
            mistakes.at(
                name, f"found in plain text; allowed: a secret (pulumi config set --secret {full_key(name)})"
            )
        else:
            found[key] = value if value is not None else _made_up(key)
    return found


def _missing(name: str, cloud: CloudInfo) -> str:
    allowed = f"Allowed: a secret (pulumi config set --secret {full_key(name)})"
    if name in _FOR_GROWTH:
        return (
            f"missing; {cloud.name} needs it where a pool may grow. {allowed}, or no maximum of nodes above "
            "its minimum"
        )
    return f"missing; {cloud.name} needs it. {allowed}"


def _made_up(key: str) -> SecretStr:
    return SecretStr(f"rehearsal{key}".ljust(_TOKEN_LENGTH, "0")[:_TOKEN_LENGTH])
