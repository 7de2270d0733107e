"""Prints what a stack needs mirrored: ``python -m infra.wanted --stack eu``.

The output is YAML with the keys ``stack``, ``jurisdiction``, ``registry`` (``host/path``), ``images`` (name
to ``source``, the upstream repository) and ``models`` (id to ``files`` and ``gguf``). A mirror turns it into
a lock.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from catalog import Catalog, CatalogError, load_catalog
from components import REQUIRED_IMAGES
from components.clouds import cloud_module
from infra.configuration import ConfigurationError, of_file
from infra.settings import Settings, SettingsError, parse

__all__ = ["UnmirroredModelError", "main", "registry_of", "wanted"]


class UnmirroredModelError(Exception):
    """The catalogue does not say which files make up a model."""


def registry_of(settings: Settings) -> str:
    """``host/path`` of the stack's images: the cloud's own registry, else the one in the settings."""
    own = cloud_module(settings.cloud.key).registry_path(settings.place, settings.host)
    if own is not None:
        return own
    if settings.registry is None:
        message = f"{settings.cloud.key} has no registry and the settings name none"
        raise LookupError(message)
    return settings.registry


def wanted(stack: str, settings: Settings, catalog: Catalog) -> dict[str, Any]:
    """Everything that must be in the jurisdiction before the stack can run.

    Raises:
        UnmirroredModelError: the catalogue has no file list for the model.
    """
    row = catalog.model(settings.model)
    if row is None or row.weights is None:
        listed = ", ".join(model.id for model in catalog.models if model.weights is not None)
        use = row.uses.get(settings.jurisdiction) if row else None
        judged = f" In {settings.jurisdiction} its use is '{use}': {row.reason}" if row and use else ""
        message = (
            f"sovereign:model: {settings.model} has no weights in catalog/data/models.yaml, so it is not "
            f"known what to mirror; add them there, or take one that has: {listed}.{judged}"
        )
        raise UnmirroredModelError(message)
    model: dict[str, Any] = {"files": list(row.weights.files)}
    if row.weights.gguf is not None:
        model["gguf"] = row.weights.gguf
    return {
        "stack": stack,
        "jurisdiction": settings.jurisdiction,
        "registry": registry_of(settings),
        "images": {name: {"source": catalog.images[name].upstream} for name in REQUIRED_IMAGES},
        "models": {settings.model: model},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the list, or one clear message on standard error. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.wanted", description="What a stack needs mirrored, as YAML."
    )
    parser.add_argument("--stack", required=True, help="name of the stack: Pulumi.<stack>.yaml is read")
    parser.add_argument(
        "--project", type=Path, default=Path.cwd(), help="directory of Pulumi.yaml (default: the current one)"
    )
    asked = parser.parse_args(arguments)
    try:
        catalog = load_catalog()
        configuration = of_file(asked.project, asked.stack)
        # A list can be made before there is a domain: placeholders do no harm here.
        settings = parse(configuration.values, catalog, rehearsal=True, secret_keys=configuration.secret_keys)
        needs = wanted(asked.stack, settings, catalog)
    except (CatalogError, ConfigurationError, SettingsError, UnmirroredModelError) as error:
        print(error, file=sys.stderr)
        return 1
    print(yaml.safe_dump(needs, sort_keys=False), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
