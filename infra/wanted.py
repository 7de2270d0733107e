"""Prints what a site of a stack needs mirrored: ``python -m infra.wanted --stack eu``.

Without ``--site`` that is the home site; ``--sites`` lists the names of all, each with the name of its lock;
``--unlocked`` prints a document for each site that has no lock in ``locks/`` yet.

The output is YAML with the keys ``stack``, ``jurisdiction``, ``registry`` (``host/path``), ``images`` (name
to ``source``, the upstream repository) and ``models`` (id to ``files`` and ``gguf``); on clouds whose nodes
the stack builds itself also ``binaries`` (name to ``source``, ``version`` and ``path`` in the bucket). A
mirror turns it into a lock.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from catalog import Catalog, CatalogError, load_catalog
from components import REQUIRED_IMAGES
from components.clouds import cloud_module
from infra.configuration import ConfigurationError, of_file
from infra.settings import Settings, SettingsError
from infra.sites import Sites, UnknownSiteError, lock_name, parse_sites

__all__ = ["UnmirroredModelError", "UnnamedRegistryError", "main", "registry_of", "wanted"]


class UnmirroredModelError(Exception):
    """The catalogue does not say which files make up a model."""


class UnnamedRegistryError(Exception):
    """The cloud chooses the host of its registry, and nobody has written it into the settings yet."""


def registry_of(settings: Settings) -> str | None:
    """``host/path`` of the stack's images: the cloud's own registry, else the one in the settings.

    None where the cloud tells the host of its registry only once it is created: then the stack output
    ``registry`` says what ``sovereign:registry`` has to be.
    """
    own = cloud_module(settings.cloud.key).registry_path(settings.place, settings.host)
    return settings.registry if own is None else own


def wanted(stack: str, settings: Settings, catalog: Catalog) -> dict[str, Any]:
    """Everything that must be in the jurisdiction before the site of these settings can run.

    Raises:
        UnmirroredModelError: the catalogue has no file list for the model.
        UnnamedRegistryError: the registry has no name yet.
    """
    registry = registry_of(settings)
    if registry is None:
        is_home = settings.name == settings.jurisdiction
        key = "sovereign:registry" if is_home else f"sovereign:sites, registry of {settings.name}"
        output = "registry" if is_home else "sites"
        message = (
            f"{key}: missing, so it is not known where to mirror to. On {settings.cloud.key} "
            "the host of the registry is known only once it is created. Allowed: the stack output "
            f"`registry`, which `pulumi stack output {output} --stack {stack}` prints after a first run "
            "without a lock"
        )
        raise UnnamedRegistryError(message)
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
    module = cloud_module(settings.cloud.key)
    binaries = {
        name: {
            "source": catalog.binaries[name].upstream,
            "version": catalog.binaries[name].version,
            "path": catalog.binaries[name].path,
        }
        for name in module.binaries
    }
    return {
        "stack": lock_name(stack, settings),
        "jurisdiction": settings.jurisdiction,
        "registry": registry,
        "images": {
            name: {"source": catalog.images[name].upstream} for name in (*REQUIRED_IMAGES, *module.images)
        },
        "models": {settings.model: model},
        **({"binaries": binaries} if binaries else {}),
    }


def _unlocked(stack: str, sites: Sites, locks: Path, catalog: Catalog) -> Iterator[dict[str, Any]]:
    for site in sites.all:
        if (locks / f"{lock_name(stack, site)}.yaml").is_file():
            continue
        try:
            yield wanted(stack, site, catalog)
        except UnnamedRegistryError as error:
            if site is sites.home:
                raise
            print(f"{site.name}: left out. {error}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the list, or one clear message on standard error. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.wanted", description="What a stack needs mirrored, as YAML."
    )
    parser.add_argument("--stack", required=True, help="name of the stack: Pulumi.<stack>.yaml is read")
    parser.add_argument(
        "--project", type=Path, default=Path.cwd(), help="directory of Pulumi.yaml (default: the current one)"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--site", help="name of the site, as in the stack output sites (default: the home site)"
    )
    which.add_argument("--sites", action="store_true", help="print each site's name and that of its lock")
    which.add_argument(
        "--unlocked",
        action="store_true",
        help="a document for each site without a lock; further sites whose registry has no name yet are left "
        "out, with a note",
    )
    asked = parser.parse_args(arguments)
    try:
        catalog = load_catalog()
        configuration = of_file(asked.project, asked.stack)
        # A list can be made before there is a domain: placeholders do no harm here.
        sites = parse_sites(
            configuration.values, catalog, rehearsal=True, secret_keys=configuration.secret_keys
        )
        if asked.sites:
            print("\n".join(f"{site.name} {lock_name(asked.stack, site)}" for site in sites.all))
            return 0
        if asked.unlocked:
            needs = list(_unlocked(asked.stack, sites, asked.project / "locks", catalog))
        else:
            needs = [wanted(asked.stack, sites.named(asked.site) if asked.site else sites.home, catalog)]
    except (
        CatalogError,
        ConfigurationError,
        SettingsError,
        UnknownSiteError,
        UnmirroredModelError,
        UnnamedRegistryError,
    ) as error:
        print(error, file=sys.stderr)
        return 1
    print(yaml.safe_dump_all(needs, sort_keys=False), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
