"""Small stacks written as YAML, as facts for the rules and as what the engine sends to a policy pack.

A case says what it shows, and gives the resources; ``!unknown`` and ``!secret`` mark values. Every resource
has an explicit provider unless it says otherwise, and the root stack resource is always there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import yaml

from catalog import Lock
from policies.acceptances import Acceptance, judge
from policies.context import build_context
from policies.default_providers import open_defaults
from policies.facts import UNKNOWN, Options, Provider, Resource, Secret, StackFacts, freeze, package_of
from policies.rehearsal import BACKEND, STAND_INS, WORKSPACE, played_packages
from policies.rule import Context, ResourceRule, load_rules
from policies.sites import DeclaredSite
from policies.violations import Violation

CASES: Final = Path(__file__).with_name("cases")
TODAY: Final = date(2026, 11, 23)
STACK_TYPE: Final = "pulumi:pulumi:Stack"
INFORMING: Final = frozenset(rule.id for rule in load_rules() if rule.advisory)
_PROVIDERS: Final = "pulumi:providers"
_NO_PROVIDER: Final = frozenset({"pulumi:pulumi:Stack", _PROVIDERS})


class _Loader(yaml.CSafeLoader):
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

    def told(self, ids: Iterable[str]) -> set[str]:
        """The rules that spoke, without those that only inform: they count where the case is about them."""
        return {each for each in ids if each == self.rule or each not in INFORMING}

    @property
    def jurisdiction(self) -> str | None:
        """What the stack's configuration says."""
        return self.fields.get("jurisdiction", "eu")

    def context(self) -> Context:
        """The context in which rules see the case."""
        base = build_context(self.jurisdiction, rehearsal=self.fields.get("rehearsal", False), today=TODAY)
        entries = [Acceptance.model_validate(entry) for entry in self.fields.get("acceptances", ())]
        file = judge(self.fields.get("acceptancesFile", ()), TODAY)
        live = (*(entry for entry in entries if entry.problem_on(TODAY) is None), *file.live)
        return Context(
            base.jurisdiction,
            base.catalog,
            TODAY,
            base.rehearsal,
            live,
            file.problems_in(self.jurisdiction, base.catalog.jurisdictions),
            lock=_lock(self.fields["lock"], self.jurisdiction) if "lock" in self.fields else None,
            lock_problem=self.fields.get("lockProblem", ""),
            stated_jurisdiction=base.stated_jurisdiction,
            registry=self.fields.get("registry"),
            sites=tuple(DeclaredSite(**each) for each in self.fields.get("sites", ())),
            site_locks=tuple(_lock(images, self.jurisdiction) for images in self.fields.get("siteLocks", ())),
            open_defaults=open_defaults(self.fields.get("setting", '["*"]')),
        )

    def stack(self) -> StackFacts:
        """The facts of the case. Unless it has network policies of its own, its namespaces are closed."""
        rows: Sequence[Mapping[str, Any]] = self.fields["resources"]
        if not any("NetworkPolicy" in row["type"] for row in rows) and self.fields.get("network") != "none":
            rows = [*(closed_namespace(each) for each in _namespaces(rows)), *rows]
        root = resource(STACK_TYPE, "sovereign-eu", self.fields.get("outputs", {}), provider=None)
        urns = {row["name"]: make_urn(row["type"], row["name"]) for row in rows}
        providers = {row["name"]: row.get("properties", {}) for row in rows if _PROVIDERS in row["type"]}
        facts = (root, *(_resource(row, urns, providers) for row in rows))
        if not self.knows_inputs:
            return StackFacts(facts)
        given = {urns[row["name"]]: row["inputs"] for row in rows if "inputs" in row}
        inputs = {each.urn: freeze(given.get(each.urn, each.properties)) for each in facts}
        never = {urn for urn, value in given.items() if value == "never judged"}
        judged = {urn: value for urn, value in inputs.items() if urn not in never}
        return StackFacts(facts, inputs=cast("Mapping[str, Mapping[str, Any]]", judged))

    @property
    def only_in_the_pack(self) -> bool:
        """True if the case rests on what the guard does not see: inputs beside properties, children."""
        return self.knows_inputs or any("parent" in row for row in self.fields["resources"])

    @property
    def knows_inputs(self) -> bool:
        """True if a resource was judged alone with other inputs than its properties."""
        return any("inputs" in row for row in self.fields["resources"])


def _lock(images: Sequence[str], jurisdiction: str | None) -> Lock:
    """A lock with these images, given as host/path@digest."""
    named = {text.partition("@")[0].rpartition("/")[2]: text.partition("@") for text in images}
    return Lock.model_validate(
        {
            "rehearsal": False,
            "stack": "eu",
            "jurisdiction": jurisdiction,
            "images": {name: {"repository": parts[0], "digest": parts[2]} for name, parts in named.items()},
            "models": {},
        }
    )


def _namespaces(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The namespaces in which the Kubernetes objects of a case lie."""
    found: set[str] = set()
    for row in rows:
        fields = row.get("properties")
        metadata = fields.get("metadata") if isinstance(fields, dict) else None
        namespace = metadata.get("namespace", "default") if isinstance(metadata, dict) else "default"
        if row["type"].startswith("kubernetes:") and isinstance(namespace, str):
            found.add(namespace)
    return sorted(found)


def closed_namespace(namespace: str) -> dict[str, Any]:
    """The network policy that lets no pod of a namespace reach anything."""
    return {
        "type": "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        "name": f"refuse-everything-in-{namespace}",
        "properties": {
            "metadata": {"namespace": namespace},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        },
    }


@cache
def cases() -> tuple[Case, ...]:
    """Every case of every rule."""
    found: list[Case] = []
    for path in sorted(CASES.glob("*.yaml")):
        loader = _Loader(path.read_text(encoding="utf-8"))
        document = cast("Mapping[str, Any]", loader.get_single_data())
        for key in ("pass", "fail"):
            found.extend(Case(path.stem, key == "fail", fields) for fields in document[key])
    return tuple(found)


def make_urn(type_token: str, name: str) -> str:
    """The URN of a resource without a parent component."""
    return f"urn:pulumi:eu::sovereign::{type_token}::{name}"


def explicit_provider(
    package: str, properties: Mapping[str, Any] | None = None, name: str = "explicit"
) -> Provider:
    """A provider that the program declares."""
    token = f"pulumi:providers:{package}"
    frozen = cast("Mapping[str, Any]", freeze(properties or {}))
    return Provider(token, make_urn(token, name), name, frozen)


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


def _resource(
    row: Mapping[str, Any], urns: Mapping[str, str], providers: Mapping[str, Mapping[str, Any]]
) -> Resource:
    """A resource of a case. ``providerName`` may name a provider of the case, which then says the rest."""
    package = package_of(row["type"])
    match row.get("provider", "none" if row["type"].startswith(tuple(_NO_PROVIDER)) else {}):
        case "none":
            provider = None
        case "default":
            provider = default_provider(package)
        case properties:
            name = row.get("providerName", "explicit")
            provider = explicit_provider(package, providers.get(name, properties), name)
    parent = urns[row["parent"]] if "parent" in row else make_urn(STACK_TYPE, "sovereign-eu")
    behind = {name: tuple(urns[each] for each in names) for name, names in row.get("from", {}).items()}
    return Resource(
        urn=urns[row["name"]],
        type=row["type"],
        name=row["name"],
        properties=cast("Mapping[str, Any]", freeze(row.get("properties", {}))),
        provider=provider,
        options=Options(tuple(row.get("ignoreChanges", ())), parent),
        dependencies=tuple({urn for each in behind.values() for urn in each}),
        property_dependencies=behind,
    )


def _judged_alone(stack: StackFacts) -> Iterator[Resource]:
    for each in stack.resources:
        if stack.inputs is None:
            yield each
        elif each.urn in stack.inputs:
            yield replace(each, properties=stack.inputs[each.urn])


def violations_of(stack: StackFacts, context: Context) -> list[Violation]:
    """What every rule says about a stack."""
    found: list[Violation] = []
    for rule in load_rules():
        if isinstance(rule, ResourceRule):
            for each in _judged_alone(stack):
                found.extend(rule.check(each, context))
        else:
            found.extend(rule.check(stack, context))
    return found


def rehearsed(workspace: Path) -> dict[str, str]:
    """The variables that a rehearsal in a workspace sets."""
    ports = ",".join(f"{package}:{40000 + index}" for index, package in enumerate(sorted(played_packages())))
    return {WORKSPACE: str(workspace), BACKEND: f"file://{workspace}/state?metadata=skip", STAND_INS: ports}
