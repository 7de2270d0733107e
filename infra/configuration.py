"""Reading the configuration of a stack: from a running program, or from its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from pulumi.runtime import config as runtime_config

from infra.written import NAMESPACE

__all__ = ["ConfigurationError", "StackConfiguration", "of_file", "of_program"]


class ConfigurationError(Exception):
    """The file of a stack cannot be read."""


@dataclass(frozen=True, kw_only=True)
class StackConfiguration:
    """Full keys to values, and which of them are encrypted in the file."""

    values: Mapping[str, object]
    secret_keys: frozenset[str]


def of_program() -> StackConfiguration:
    """What the engine handed to this program, all namespaces. Values are texts; lists are JSON."""
    values = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    secrets = {key for key in values if runtime_config.is_config_secret(key)}
    return StackConfiguration(
        values=values, secret_keys=frozenset(secrets | set(runtime_config.get_config_secret_keys_env()))
    )


def of_file(project: Path, stack: str) -> StackConfiguration:
    """The configuration in ``Pulumi.<stack>.yaml``. Encrypted values are left out: they cannot be read here.

    Raises:
        ConfigurationError: there is no such file, it is not YAML, or its ``config`` is not a mapping.
    """
    path = project / f"Pulumi.{stack}.yaml"
    try:
        document: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = ", ".join(sorted(file.name.split(".")[1] for file in project.glob("Pulumi.*.yaml"))) or "none"
        message = f"{path.name}: no such file in {project}; stacks with a file: {there}"
        raise ConfigurationError(message) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        message = f"{path.name}: cannot be read as YAML: {error}"
        raise ConfigurationError(message) from error
    config = cast("dict[str, Any]", document).get("config") if isinstance(document, dict) else None
    if not isinstance(config, dict):
        message = (
            f"{path.name}: found no mapping under the key config; it holds the settings, as in Pulumi.eu.yaml"
        )
        raise ConfigurationError(message)
    # As the engine does: a key without a namespace is the project's own.
    values = {
        key if ":" in key else f"{NAMESPACE}:{key}": value
        for key, value in ((str(name), value) for name, value in cast("dict[object, object]", config).items())
    }
    encrypted = frozenset(key for key, value in values.items() if _is_encrypted(value))
    readable = {key: value for key, value in values.items() if key not in encrypted}
    return StackConfiguration(values=readable, secret_keys=encrypted)


def _is_encrypted(value: object) -> bool:
    return isinstance(value, dict) and set(cast("dict[str, object]", value)) == {"secure"}
