"""Builds the context of a run: clock, environment and files are read for the rules here, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Final

from catalog import Lock, load_catalog
from policies.acceptances import Acceptances, load_acceptances
from policies.locks import StackLock, lock_of
from policies.rehearsal import rehearsal_workspace
from policies.rule import Context
from policies.sites import DeclaredSite, lock_name

__all__ = ["CONFIG_NAMESPACE", "build_context", "in_rehearsal", "lock_of_stack", "locks_of_sites"]

CONFIG_NAMESPACE: Final = "sovereign"
"""What the keys of a stack's configuration begin with that are meant for this product."""


def in_rehearsal(environment: Mapping[str, str] = os.environ) -> bool:
    """Return True if this process runs in a rehearsal."""
    return rehearsal_workspace(environment) is not None


@cache
def _acceptances_on(day: date) -> Acceptances:
    """Read the file once a day: a pack asks for every rule and every resource."""
    return load_acceptances(day)


@cache
def _lock_of(stack: str, jurisdiction: str | None, workspace: Path | None) -> StackLock:
    """Read the file once a run."""
    return lock_of(stack, jurisdiction, workspace)


def lock_of_stack(
    stack: str, jurisdiction: str | None, environment: Mapping[str, str] = os.environ
) -> StackLock:
    """Return the lock of a stack of ours, as far as the pack can see one: see ``policies.locks``."""
    return _lock_of(stack, jurisdiction, rehearsal_workspace(environment))


def locks_of_sites(
    stack: str,
    jurisdiction: str | None,
    sites: Sequence[DeclaredSite],
    environment: Mapping[str, str] = os.environ,
) -> tuple[Lock, ...]:
    """Return the locks of the further sites. One that is not there, or cannot be used, lets nothing run."""
    found = (
        lock_of_stack(lock_name(stack, jurisdiction or "", site.name), jurisdiction, environment)
        for site in sites[1:]
    )
    return tuple(each.lock for each in found if each.lock is not None)


_NO_LOCK: Final = StackLock()


def build_context(
    stated_jurisdiction: str | None,
    *,
    rehearsal: bool,
    today: date | None = None,
    registry: str | None = None,
    lock: StackLock = _NO_LOCK,
    sites: Sequence[DeclaredSite] = (),
    site_locks: Sequence[Lock] = (),
    open_defaults: Sequence[str] = (),
) -> Context:
    """Return the context for a stack whose configuration states a jurisdiction, or states none.

    Args:
        stated_jurisdiction: word for word.
        rehearsal: True if local stand-ins play the clouds.
        today: the day on which acceptances are judged; by default the present day in UTC.
        registry: what ``sovereign:registry`` says, if anything.
        lock: what the stack may run; by default there is no lock, and none is needed.
        sites: what the configuration says of the stack's sites, the home site first.
        site_locks: what may run at the further sites.
        open_defaults: packages whose default provider is not disabled, see ``policies.default_providers``.

    Raises:
        catalog.CatalogError: the catalogue itself is wrong.
    """
    catalog = load_catalog()
    day = today or datetime.now(UTC).date()
    acceptances = _acceptances_on(day)
    return Context(
        jurisdiction=stated_jurisdiction if stated_jurisdiction in catalog.jurisdictions else None,
        catalog=catalog,
        today=day,
        rehearsal=rehearsal,
        acceptances=acceptances.live,
        acceptance_problems=acceptances.problems_in(stated_jurisdiction, catalog.jurisdictions),
        lock=lock.lock,
        lock_problem=lock.problem,
        stated_jurisdiction=stated_jurisdiction,
        registry=registry,
        sites=tuple(sites),
        site_locks=tuple(site_locks),
        open_defaults=tuple(open_defaults),
    )
