"""Small stacks written as YAML, as facts for the rules and as what the engine sends to a policy pack.

A case says what it shows, and gives the resources; ``!unknown`` and ``!secret`` mark values. Every resource
has an explicit provider unless it says otherwise, and the root stack resource is always there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, cast

import yaml

from policies.acceptances import Acceptance
from policies.context import build_context
from policies.facts import UNKNOWN, Options, Provider, Resource, Secret, StackFacts, freeze, package_of
from policies.rule import Context, ResourceRule, load_rules
from policies.violations import Violation

CASES: Final = Path(__file__).with_name("cases")
TODAY: Final = date(2026, 11, 23)
STACK_TYPE: Final = "pulumi:pulumi:Stack"
_NO_PROVIDER: Final = frozenset({"pulumi:pulumi:Stack", "pulumi:providers"})


class _Loader(yaml.SafeLoader):
    pass


def _unknown(_loader: _Loader, _node: yaml.Node) -> object:
    return UNKNOWN


def _secret(loader: _Loader, node: yaml.ScalarNode) -> object:
    return Secret(loader.construct_scalar(node))


_Loader.add_constructor("!unknown", _unknown)
_Loader.add_constructor("!secret", _secret)


@dataclass(frozen=True)
class Case:
    """One stack and the rules it must break: none, or exactly the one whose file it stands in."""

    rule: str
    breaks: bool
    fields: Mapping[str, Any]

    @property
    def id(self) -> str:
        """A name for the test report."""
        return f"{self.rule}: {self.fields['says']}"

    @property
    def broken(self) -> set[str]:
        """The ids of the rules that must speak."""
        return {self.rule} if self.breaks else set()

    @property
    def jurisdiction(self) -> str | None:
        """What the stack's configuration says."""
        return self.fields.get("jurisdiction", "eu")

    def context(self) -> Context:
        """The context in which rules see the case."""
        base = build_context(self.jurisdiction, rehearsal=self.fields.get("rehearsal", False), today=TODAY)
        entries = [Acceptance.model_validate(entry) for entry in self.fields.get("acceptances", ())]
        live = tuple(entry for entry in entries if entry.problem_on(TODAY) is None)
        return Context(
            base.jurisdiction,
            base.catalog,
            TODAY,
            base.rehearsal,
            live,
            stated_jurisdiction=base.stated_jurisdiction,
        )

    def stack(self) -> StackFacts:
        """The facts of the case."""
        rows: Sequence[Mapping[str, Any]] = self.fields["resources"]
        root = resource(STACK_TYPE, "sovereign-eu", {}, provider=None)
        urns = {row["name"]: make_urn(row["type"], row["name"]) for row in rows}
        return StackFacts((root, *(_resource(row, urns) for row in rows)))


def cases() -> Iterator[Case]:
    """Every case of every rule."""
    for path in sorted(CASES.glob("*.yaml")):
        loader = _Loader(path.read_text(encoding="utf-8"))
        document = cast("Mapping[str, Any]", loader.get_single_data())
        for key in ("pass", "fail"):
            for fields in document[key]:
                yield Case(path.stem, key == "fail", fields)


def make_urn(type_token: str, name: str) -> str:
    """The URN of a resource without a parent component."""
    return f"urn:pulumi:eu::sovereign::{type_token}::{name}"


def explicit_provider(package: str, properties: Mapping[str, Any] | None = None) -> Provider:
    """A provider that the program declares."""
    token = f"pulumi:providers:{package}"
    frozen = cast("Mapping[str, Any]", freeze(properties or {}))
    return Provider(token, make_urn(token, "explicit"), "explicit", frozen)


def default_provider(package: str) -> Provider:
    """A provider that the engine makes itself."""
    token = f"pulumi:providers:{package}"
    return Provider(token, make_urn(token, "default_1_0_0"), "default_1_0_0")


def resource(
    type_token: str, name: str, properties: Mapping[str, Any], *, provider: Provider | None
) -> Resource:
    """A resource with plain Python properties."""
    return Resource(
        make_urn(type_token, name), type_token, name, cast("Mapping[str, Any]", freeze(properties)), provider
    )


def _resource(row: Mapping[str, Any], urns: Mapping[str, str]) -> Resource:
    package = package_of(row["type"])
    match row.get("provider", "none" if row["type"].startswith(tuple(_NO_PROVIDER)) else {}):
        case "none":
            provider = None
        case "default":
            provider = default_provider(package)
        case properties:
            provider = explicit_provider(package, properties)
    behind = {name: tuple(urns[each] for each in names) for name, names in row.get("from", {}).items()}
    return Resource(
        urn=urns[row["name"]],
        type=row["type"],
        name=row["name"],
        properties=cast("Mapping[str, Any]", freeze(row.get("properties", {}))),
        provider=provider,
        options=Options(tuple(row.get("ignoreChanges", ())), make_urn(STACK_TYPE, "sovereign-eu")),
        dependencies=tuple({urn for each in behind.values() for urn in each}),
        property_dependencies=behind,
    )


def violations_of(stack: StackFacts, context: Context) -> list[Violation]:
    """What every rule says about a stack."""
    found: list[Violation] = []
    for rule in load_rules():
        if isinstance(rule, ResourceRule):
            for each in stack.resources:
                found.extend(rule.check(each, context))
        else:
            found.extend(rule.check(stack, context))
    return found
