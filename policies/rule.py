"""What a rule is, what it may look at, and where rules are found.

A rule is a pure function from facts to violations, in a file of its own under ``policies/rules``. The file
name is the rule's id with underscores, and it defines ``RULE``. To add a rule, add the file and its tests:
the pack and the guard pick it up by themselves.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from typing import TypeAlias

from catalog import Catalog, Lock
from policies.acceptances import Acceptance
from policies.facts import Resource, StackFacts
from policies.sites import DeclaredSite
from policies.violations import Violation

__all__ = [
    "Context",
    "Family",
    "ResourceRule",
    "Rule",
    "RuleError",
    "Severity",
    "StackRule",
    "load_rules",
    "rule_ids",
]


class Family(StrEnum):
    """What a rule protects. Every rule belongs to one family."""

    RESIDENCY = "residency"
    """Data stays on the soil of its jurisdiction."""
    HYPERSCALERS = "hyperscalers"
    """No US hyperscaler, for anything."""
    MODEL_IP = "model-ip"
    """Only models that somebody vetted are served."""
    IMAGES = "images"
    """Containers run pinned images from a registry in the jurisdiction."""
    CALL_HOME = "call-home"
    """Nothing that serves talks to its maker."""
    EXPOSURE = "exposure"
    """Nothing is open to all, nothing lies unencrypted, no secret lies in the open."""
    ROUTER = "router"
    """The edge never leads out of the jurisdiction."""
    HARDWARE = "hardware"
    """Whose silicon it is, said aloud."""
    INTERCONNECT = "interconnect"
    """A model fits one node, or the fabric between nodes is declared."""
    ACCEPTANCES = "acceptances"
    """Exceptions have an owner and an end."""


class Severity(StrEnum):
    """How bad a violation is. It only sorts a report: whether a rule blocks is said by ``advisory``."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know besides the facts. Nothing else: no clock, no environment, no network."""

    jurisdiction: str | None
    """A code of the catalogue, or None: the stack does not say, or says something that is not a jurisdiction.

    With None only ``residency-jurisdiction`` speaks; what it refuses cannot be deployed anyway.
    """
    catalog: Catalog
    today: date
    rehearsal: bool = False
    """True if the real clouds are played by local stand-ins."""
    acceptances: tuple[Acceptance, ...] = ()
    """Those that hold today."""
    acceptance_problems: tuple[str, ...] = ()
    """Why others do not hold, for a message."""
    lock: Lock | None = None
    """What this stack may run, where there is a lock; then nothing else may."""
    lock_problem: str = ""
    """Why a lock that should be there is not, or cannot be used; then nothing may run."""
    stated_jurisdiction: str | None = None
    """What the stack's configuration says, word for word, for a message."""
    registry: str | None = None
    """``host/path`` of ``sovereign:registry`` where the stack configures one, word for word."""
    sites: tuple[DeclaredSite, ...] = ()
    """The sites that the stack declares, the home site first."""
    open_defaults: tuple[str, ...] = ()
    """Packages whose default provider the stack's configuration does not disable and that reach somewhere."""
    site_locks: tuple[Lock, ...] = ()
    """What may run at the further sites, where there is a lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _RuleBase:
    id: str
    """Lower-case words joined by hyphens; CrossGuard shows it as the policy's name."""
    family: Family
    title: str
    """One line: what must hold."""
    why: str
    """What would go wrong."""
    law: str
    """The law or the decision it rests on."""
    source: str
    """Where the fact behind it can be read, with a date, as in the catalogue."""
    references: tuple[str, ...]
    """Controls it serves, such as ``EU Cloud Sovereignty Framework SOV-3``; one of that framework."""
    severity: Severity
    fix: str
    """What to do, in general; a violation says what to do in the case at hand."""
    exception: str
    """How to ask for an exception, or why there is none."""
    acceptable: bool = False
    """True if an entry in ``policies/acceptances.yaml`` can lift it for one subject."""
    advisory: bool = False
    """True if it only informs. Everything else blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRule(_RuleBase):
    """A rule decided on one resource, by its inputs, before anything is created."""

    check: Callable[[Resource, Context], Iterable[Violation]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRule(_RuleBase):
    """A rule that needs the graph.

    The engine asks for these last, and not at all once a step has failed: whatever one resource can decide
    belongs in a ``ResourceRule``.
    """

    check: Callable[[StackFacts, Context], Iterable[Violation]] = field(repr=False)


Rule: TypeAlias = ResourceRule | StackRule


class RuleError(Exception):
    """A file under ``policies/rules`` does not define its rule as it must."""


@cache
def load_rules() -> tuple[Rule, ...]:
    """Return every rule under ``policies/rules``, sorted by id.

    Raises:
        RuleError: a module has no ``RULE``, or its id is not the module's name.
    """
    package = importlib.import_module("policies.rules")
    rules: list[Rule] = []
    for module_info in pkgutil.iter_modules(package.__path__):
        if module_info.name.startswith("_"):
            continue
        module = importlib.import_module(f"policies.rules.{module_info.name}")
        rule: object = getattr(module, "RULE", None)
        if not isinstance(rule, ResourceRule | StackRule):
            message = f"policies/rules/{module_info.name}.py must define RULE, a ResourceRule or a StackRule"
            raise RuleError(message)
        if rule.id.replace("-", "_") != module_info.name:
            message = (
                f"policies/rules/{module_info.name}.py defines the rule {rule.id!r}; name one after the other"
            )
            raise RuleError(message)
        rules.append(rule)
    return tuple(sorted(rules, key=lambda rule: rule.id))


def rule_ids() -> tuple[str, ...]:
    """Return the ids of every rule, so that a gate can check that a pack ran with all of them."""
    return tuple(rule.id for rule in load_rules())
