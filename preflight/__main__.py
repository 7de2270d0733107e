"""`python -m preflight --stack eu`: could this stack come up, and may it?

Ends with 0 (nothing speaks against it), 1 (something does) or 2 (the settings are wrong, or the engine
failed, so there is no answer). Nothing is created, in no cloud and in no state.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from pulumi import automation
from rich.console import Console

from catalog import Catalog, CatalogError, Lock, LockError, load_catalog
from components.clouds import cloud_module
from components.clouds.inspection import Answer
from infra.configuration import ConfigurationError, of_file
from infra.locks import FoundLock, LockRefusedError, find_lock, rehearsal_workspace
from infra.settings import Settings, SettingsError
from infra.sites import Sites, lock_name, parse_sites
from infra.wanted import registry_of
from policies.acceptances import load_acceptances
from preflight import account, artefacts, costs, law, machines, serving
from preflight.report import Section, as_json, passed, print_table

__all__ = ["main"]

PASSED: Final = 0
FAILED: Final = 1
NO_ANSWER: Final = 2


# Without typer's own tracebacks: they print local variables, secrets among them.
_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@_app.command()
def run(
    stack: Annotated[str, typer.Option(help="Which stack: Pulumi.<stack>.yaml is read.", show_default=False)],
    project: Annotated[Path, typer.Option(help="Directory of Pulumi.yaml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Ask everything that could keep a stack from coming up or from being lawful. Nothing is created."""
    rehearsal = rehearsal_workspace()
    try:
        catalog = load_catalog()
        configuration = of_file(project, stack)
        sites = parse_sites(
            configuration.values,
            catalog,
            rehearsal=rehearsal is not None,
            secret_keys=configuration.secret_keys,
        )
        sections = _ask_all(stack, project.resolve(), sites, catalog, rehearsal)
    except automation.CommandError as error:
        print(f"preflight: the engine could not ask the cloud:\n{error}", file=sys.stderr)
        raise typer.Exit(NO_ANSWER) from None
    except (CatalogError, ConfigurationError, SettingsError, account.EngineMissingError) as error:
        print(f"preflight: {error}", file=sys.stderr)
        raise typer.Exit(NO_ANSWER) from None
    if json:
        print(as_json(stack, sections))
    else:
        print_table(sections, Console())
    raise typer.Exit(PASSED if passed(sections) else FAILED)


def _ask_all(
    stack: str, project: Path, sites: Sites, catalog: Catalog, rehearsal: Path | None
) -> Sequence[Section]:
    """The sections of each site; with several, its name stands in their titles, and the sum comes last."""
    found: list[Section] = []
    told: list[tuple[Settings, Lock | None, None]] = []
    for site in sites.all:
        lock = _lock(stack, project, site, rehearsal)
        told.append((site, lock.lock if isinstance(lock, FoundLock) else None, None))
        asked = _ask(stack, project, site, lock, catalog, rehearsal, names=site is sites.home)
        named = len(sites.all) > 1
        found += [replace(each, title=f"{each.title}: {site.name}") if named else each for each in asked]
    if len(sites.all) > 1:
        found.append(Section("Cost of all sites, estimated", [costs.of_all(told, catalog)]))
    return found


def _ask(
    stack: str,
    project: Path,
    settings: Settings,
    found: FoundLock | LockError | LockRefusedError,
    catalog: Catalog,
    rehearsal: Path | None,
    *,
    names: bool,
) -> Sequence[Section]:
    today = datetime.now(tz=UTC).date()
    module = cloud_module(settings.cloud.key)
    print(f"preflight: asking {settings.cloud.name} about {settings.place.code}", file=sys.stderr)
    told = account.ask_cloud(settings, module, names=names, rehearsal=rehearsal is not None)
    lock = found.lock if isinstance(found, FoundLock) else None
    acceptances = load_acceptances(today)
    listed: Sequence[tuple[str, Sequence[Answer]]] = (
        (
            "Law",
            (
                *law.residency(settings, catalog),
                *law.ownership(settings, catalog),
                *law.licence(settings, catalog, acceptances, today),
            ),
        ),
        ("Account", (*account.credentials(module, os.environ, rehearsal=rehearsal is not None), *told)),
        (
            "Machines",
            (
                *machines.gpu_pool(settings, told),
                *machines.gpu_software(settings),
                *machines.memory(settings, catalog),
            ),
        ),
        (
            "Artefacts",
            (
                *artefacts.registry(settings, found),
                *artefacts.lock(lock_name(stack, settings), found, project),
            ),
        ),
        ("Serving", (*serving.telemetry(project / "policies"), *serving.fallback(settings, lock, today))),
        ("Cost, estimated", tuple(costs.cost(settings, catalog, lock))),
    )
    return [Section(title, answers) for title, answers in listed]


def _lock(
    stack: str, project: Path, settings: Settings, rehearsal: Path | None
) -> FoundLock | LockError | LockRefusedError:
    try:
        return find_lock(
            project,
            stack,
            settings.jurisdiction,
            registry_of(settings),
            rehearsal,
            name=lock_name(stack, settings),
        )
    except (LockError, LockRefusedError) as error:
        return error


def main() -> None:
    """Run the command line."""
    _app()


if __name__ == "__main__":
    main()
