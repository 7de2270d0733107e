"""The program: settings in, one regional stack out for each site."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pulumi

from catalog import CatalogError, LockError, load_catalog
from components import LockGapError
from infra import configuration, protection
from infra.building import build
from infra.cost import estimate_all
from infra.locks import FoundLock, LockRefusedError, find_lock, rehearsal_workspace
from infra.outputs import export_all
from infra.settings import SettingsError
from infra.sites import Sites, lock_name, parse_sites
from infra.wanted import registry_of
from policies import guard
from policies.sites import DeclaredSite


def main() -> None:
    """Build the stack that the configuration describes.

    Raises:
        pulumi.RunError: settings, catalogue or a lock are wrong; the message says all that is.
    """
    workspace = rehearsal_workspace()
    try:
        catalog = load_catalog()
        config = configuration.of_program()
        sites = parse_sites(
            config.values, catalog, rehearsal=workspace is not None, secret_keys=config.secret_keys
        )
        found = _locks(sites, workspace)
        _install_guard(sites, found, rehearsal=workspace is not None)
        if sites.home.protect:
            protection.install()
        for each in found.values():
            if each.lock is None:
                pulumi.log.warn(each.advice)
        built = build(sites, {name: each.lock for name, each in found.items()}, catalog)
        cost = estimate_all([(site.settings, site.lock, site.gpu) for site in built], catalog)
    except (CatalogError, SettingsError, LockError, LockRefusedError, LockGapError) as error:
        raise pulumi.RunError(str(error)) from error
    export_all(built, cost)


def _locks(sites: Sites, workspace: Path | None) -> Mapping[str, FoundLock]:
    """By the name of the site, its lock or what to do to get one."""
    project, stack = Path(pulumi.get_root_directory()), pulumi.get_stack()
    return {
        site.name: find_lock(
            project,
            stack,
            site.jurisdiction,
            registry_of(site),
            workspace,
            name=lock_name(stack, site),
        )
        for site in sites.all
    }


def _install_guard(sites: Sites, found: Mapping[str, FoundLock], *, rehearsal: bool) -> None:
    home = sites.home
    further = [found[site.name].lock for site in sites.further]
    guard.install(
        jurisdiction=home.jurisdiction,
        rehearsal=rehearsal,
        lock=found[home.name].lock,
        registry=home.registry,
        sites=[DeclaredSite(site.name, site.host, site.registry) for site in sites.all],
        site_locks=[lock for lock in further if lock is not None],
    )


if __name__ == "__main__":
    main()
