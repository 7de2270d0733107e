"""The guard inside the program: the same verdicts as the pack, from what a resource transform sees."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pulumi
import pytest
from pulumi.resource import DependencyProviderResource, DependencyResource
from pulumi.runtime import Settings
from pulumi.runtime.settings import SETTINGS

from policies import guard
from policies.acceptances import judge
from policies.context import build_context
from policies.facts import ENGINES_OWN, UNKNOWN, Index, Resource, Secret, StackFacts, Unknown, Value
from policies.program import transform_facts
from policies.rule import Context, StackRule, load_rules
from tests.policies.stacks import TODAY, Case, cases, make_urn, violations_of

STACK = make_urn("pulumi:pulumi:Stack", "sovereign-eu")
KUBE = "ovh:CloudProject/kube:Kube"
POOL = "ovh:CloudProject/kubeNodePool:KubeNodePool"
PROVIDER = "pulumi:providers:scaleway"
PAGE = {"name": "page", "image": f"rg.fr-par.scw.cloud/team/page@sha256:{'0' * 64}"}
Transform = Callable[[pulumi.ResourceTransformArgs], Awaitable[pulumi.ResourceTransformResult | None]]


@pytest.fixture(autouse=True)
def _in_a_program() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]  (pytest calls it)
    pulumi.runtime.configure(Settings(project="sovereign", stack="eu", dry_run=True))
    yield
    pulumi.runtime.configure(Settings(project="project", stack="stack"))


def transform_args(
    type_token: str,
    name: str,
    props: Mapping[str, Any] | None = None,
    *,
    provider: str | None = "explicit",
    depends_on: tuple[str, ...] = (),
    ignore_changes: tuple[str, ...] = (),
    custom: bool = True,
) -> pulumi.ResourceTransformArgs:
    """What the SDK hands to a transform; call it inside an event loop."""
    package = type_token.partition(":")[0]
    reference = f"{make_urn(f'pulumi:providers:{package}', provider)}::id" if provider else None
    opts = pulumi.ResourceOptions(
        parent=DependencyResource(STACK),
        provider=DependencyProviderResource(reference) if reference else None,
        depends_on=[DependencyResource(urn) for urn in depends_on],
        ignore_changes=list(ignore_changes),
    )
    return pulumi.ResourceTransformArgs(
        custom=custom, type_=type_token, name=name, props=dict(props or {}), opts=opts
    )


def _as_input(value: Value) -> Any:
    match value:
        case Unknown():
            return pulumi.Output.from_input(pulumi.UNKNOWN)
        case Secret(inner):
            return pulumi.Output.secret(_as_input(inner))
        case tuple():
            return [_as_input(element) for element in value]
        case Mapping():
            return {key: _as_input(item) for key, item in value.items()}
        case _:
            return value


async def _seen_by_a_transform(stack: StackFacts) -> StackFacts:
    """The facts of a stack after a way through transform arguments and back."""
    seen: dict[str, Resource] = {}
    declared = {each.urn for each in stack.resources}
    for each in stack.resources:
        if each.provider is not None and not each.provider.is_default:
            provider = each.provider
            if provider.urn not in declared:
                declares = Resource(provider.urn, provider.type, provider.name, provider.properties)
                seen[provider.urn] = declares
        args = transform_args(
            each.type,
            each.name,
            {key: _as_input(value) for key, value in each.properties.items()},
            provider=each.provider.name if each.provider and not each.provider.is_default else None,
            depends_on=each.dependencies,
            ignore_changes=each.options.ignore_changes,
            custom=each.provider is not None or each.type.startswith("pulumi:providers"),
        )
        facts = await transform_facts(args, seen)
        seen[facts.urn] = facts
    return StackFacts(tuple(seen[each.urn] for each in stack.resources))


_NO_PROVIDER = {"a resource whose provider cannot be told"}  # a transform always knows
_ONE_OF_TWO = {"one answer of two that is nobody's"}  # a transform knows what a resource as a whole rests on


@pytest.mark.parametrize(
    "case",
    [
        case
        for case in cases()
        if case.fields["says"] not in _NO_PROVIDER | _ONE_OF_TWO and not case.only_in_the_pack
    ],
    ids=lambda case: case.id,
)
def test_the_guard_says_of_a_stack_what_the_pack_says(case: Case) -> None:
    stack = asyncio.run(_seen_by_a_transform(case.stack()))

    assert case.told(violation.rule for violation in violations_of(stack, case.context())) == case.broken


def _asked_in_turn(stack: StackFacts, context: Context, *, about_all: bool) -> set[str]:
    """The rules that speak if one asks after each resource, about it alone or about all so far."""
    said: set[str] = set()
    index = Index()
    for position, each in enumerate(stack.resources):
        index.add(each)
        so_far = StackFacts(stack.resources[: position + 1], complete=False)
        if not about_all:
            so_far = replace(so_far, newest=each, index=index)
        for rule in load_rules():
            if isinstance(rule, StackRule):
                found = rule.check(so_far, context)
                said |= {v.rule for v in found if about_all or v.urn == each.urn}
    return said


@pytest.mark.parametrize("reverse", [False, True], ids=["as declared", "the other way round"])
def test_asking_about_the_newest_resource_alone_finds_what_asking_about_all_finds(reverse: bool) -> None:
    """The guard asks after every resource; were all looked at each time, a large stack would never end."""
    said: set[str] = set()
    for case in cases():
        resources = case.stack().resources
        stack = StackFacts(tuple(reversed(resources)) if reverse else resources)
        alone = _asked_in_turn(stack, case.context(), about_all=False)

        assert alone == _asked_in_turn(stack, case.context(), about_all=True), case.id
        said |= alone

    assert {"residency-parent", "call-home-egress", "exposure-api", "exposure-encryption"} <= said


def _steps(monitor: _Monitor, count: int) -> int:
    """How many functions are called while a program with so many resources runs under the guard."""
    pulumi.runtime.configure(Settings(project="sample", stack="eu", dry_run=True))
    monitor.transforms.clear()
    guard.install(jurisdiction="eu", rehearsal=False)
    steps = 0

    def count_one(_frame: object, event: str, _argument: object) -> None:
        nonlocal steps
        steps += event == "call"

    async def program() -> None:
        await monitor.transforms[0](transform_args(PROVIDER, "explicit", {"region": "fr-par"}, provider=None))
        for index in range(count):
            await monitor.transforms[0](
                transform_args("scaleway:network/vpc:Vpc", f"n{index}", {"region": "fr-par"})
            )
            await monitor.transforms[0](
                transform_args("kubernetes:core/v1:Pod", f"p{index}", {"spec": {"containers": [PAGE]}})
            )

    sys.setprofile(count_one)
    try:
        asyncio.run(program())
    finally:
        sys.setprofile(None)
    assert monitor.errors == []
    return steps


def test_a_program_twice_as_large_takes_the_guard_twice_as_long(monitor: _Monitor) -> None:
    _steps(monitor, 10)  # fills what is read once
    few, many = _steps(monitor, 40), _steps(monitor, 160)

    assert many < 4.4 * few


def test_inputs_arrive_as_what_they_are() -> None:
    async def facts() -> Resource:
        args = transform_args(
            KUBE,
            "k",
            {
                "region": "GRA11",
                "version": pulumi.Output.from_input("1.31"),
                "serviceName": pulumi.Output.secret("hush"),
                "name": pulumi.UNKNOWN,
                "updatePolicy": {
                    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
                    "value": "x",
                },
                "list": [1, None, pulumi.UNKNOWN],
            },
        )
        return await transform_facts(args, {})

    assert dict(asyncio.run(facts()).properties) == {
        "region": "GRA11",
        "version": "1.31",
        "serviceName": Secret("hush"),
        "name": UNKNOWN,
        "updatePolicy": Secret("x"),
        "list": (1, None, UNKNOWN),
    }


def test_the_guard_sees_where_a_program_takes_a_plugin_from() -> None:
    async def facts() -> Resource:
        args = transform_args("pulumi:providers:random", "r", provider=None)
        args.opts.plugin_download_url = "https://plugins.example.com"
        return await transform_facts(args, {})

    assert dict(asyncio.run(facts()).properties) == {
        ENGINES_OWN: {"pluginDownloadURL": "https://plugins.example.com"}
    }


class _Monitor:
    """Stands in for the engine: keeps the transform and what is logged."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.transforms: list[Transform] = []
        self.errors: list[str] = []
        self.told: list[tuple[str, str]] = []
        monkeypatch.setattr(pulumi.runtime, "register_resource_transform", self.transforms.append)
        monkeypatch.setattr(pulumi.log, "error", self.errors.append)
        for level in ("info", "warn"):
            monkeypatch.setattr(pulumi.log, level, lambda text, level=level: self.told.append((level, text)))


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> _Monitor:
    return _Monitor(monkeypatch)


def _declare(
    monitor: _Monitor, *resources: Callable[[], pulumi.ResourceTransformArgs], dry_run: bool
) -> None:
    """Let a program declare resources under the guard."""
    pulumi.runtime.configure(Settings(project="sovereign", stack="eu", dry_run=dry_run))
    guard.install(jurisdiction="eu", rehearsal=False)

    async def program() -> None:
        for make in resources:
            await monitor.transforms[0](make())
        outputs: set[asyncio.Future[Any]] = getattr(SETTINGS, "outputs")  # noqa: B009  (not in its type)
        await asyncio.gather(*list(outputs))

    asyncio.run(program())


def test_an_update_refuses_the_resource_itself(monitor: _Monitor) -> None:
    with pytest.raises(pulumi.RunError, match="is refused, not created"):
        _declare(monitor, lambda: transform_args(KUBE, "k", {"region": "UK1"}), dry_run=False)

    assert len(monitor.errors) == 1
    assert "UK1" in monitor.errors[0]


def test_a_preview_shows_every_violation_and_then_ends_the_program(monitor: _Monitor) -> None:
    with pytest.raises(pulumi.RunError, match="2 violations of sovereignty rules, each described above"):
        _declare(
            monitor,
            lambda: transform_args(KUBE, "k", {"region": "UK1"}),
            lambda: transform_args("scaleway:iam/application:Application", "a", provider=None),
            dry_run=True,
        )

    assert ["rule:      residency\n" in error for error in monitor.errors] == [True, False]
    assert ["rule:      residency-provider\n" in error for error in monitor.errors] == [False, True]


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_honest_program_is_left_alone(monitor: _Monitor, dry_run: bool) -> None:
    kube_id: Any = pulumi.UNKNOWN if dry_run else "1-2-3"
    _declare(
        monitor,
        lambda: transform_args("pulumi:providers:ovh", "explicit", {"endpoint": "ovh-eu"}, provider=None),
        lambda: transform_args(KUBE, "k", {"region": "GRA11"}),
        lambda: transform_args(POOL, "p", {"kubeId": kube_id}, depends_on=(make_urn(KUBE, "k"),)),
        dry_run=dry_run,
    )

    assert monitor.errors == []


@pytest.mark.parametrize("kube_id", ["1-2-3", pulumi.UNKNOWN])
def test_a_pool_without_a_cluster_of_this_program_is_refused(monitor: _Monitor, kube_id: Any) -> None:
    with pytest.raises(pulumi.RunError, match="1 violation of"):
        _declare(monitor, lambda: transform_args(POOL, "p", {"kubeId": kube_id}), dry_run=True)

    assert "residency-parent" in monitor.errors[0]


def test_the_place_of_an_explicit_provider_is_known_to_its_resources(monitor: _Monitor) -> None:
    _declare(
        monitor,
        lambda: transform_args("pulumi:providers:civo", "explicit", {"region": "FRA1"}, provider=None),
        lambda: transform_args("civo:index/network:Network", "n", {"label": "n"}),
        dry_run=True,
    )

    assert monitor.errors == []


def test_a_jurisdiction_that_does_not_exist_ends_the_program_with_the_allowed_ones() -> None:
    with pytest.raises(pulumi.RunError, match=r"'us'; allowed: eu, uk"):
        guard.install(jurisdiction="us", rehearsal=False)


def test_the_urn_of_a_child_of_a_component_is_the_one_the_engine_gives() -> None:
    async def facts() -> Resource:
        args = transform_args(KUBE, "k", {"region": "GRA11"})
        args.opts.parent = DependencyResource(
            "urn:pulumi:eu::sovereign::sovereign:components:RegionalStack::eu"
        )
        return await transform_facts(args, {})

    assert (
        asyncio.run(facts()).urn == f"urn:pulumi:eu::sovereign::sovereign:components:RegionalStack${KUBE}::k"
    )


def _accept(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    entry = {"rule": "model-ip", "subject": "Qwen/Qwen3-8B", "jurisdiction": "eu", "owner": "J. Doe"}
    entries = [entry | {"reason": "r", "ticket": "T-1", "expires": TODAY.isoformat()} | changes]

    def build(stated: str | None, *, rehearsal: bool, **_known: object) -> Context:
        file = judge(entries, TODAY)
        base = build_context(stated, rehearsal=rehearsal, today=TODAY)
        problems = file.problems_in(stated, base.catalog.jurisdictions)
        return replace(base, acceptances=file.live, acceptance_problems=problems)

    monkeypatch.setattr(guard, "build_context", build)


@pytest.mark.parametrize(("days", "level"), [(60, "info"), (3, "warn")])
def test_what_is_accepted_is_said_on_every_run_and_louder_when_it_ends_soon(
    monitor: _Monitor, monkeypatch: pytest.MonkeyPatch, days: int, level: str
) -> None:
    _accept(monkeypatch, expires=(TODAY + timedelta(days=days)).isoformat())

    guard.install(jurisdiction="eu", rehearsal=False)

    assert [each[0] for each in monitor.told] == [level]
    assert "model-ip is accepted for Qwen/Qwen3-8B in eu by J. Doe" in monitor.told[0][1]


def test_an_expired_acceptance_ends_the_program_before_its_first_resource(
    monitor: _Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    _accept(monkeypatch, expires=(TODAY - timedelta(days=1)).isoformat())

    with pytest.raises(pulumi.RunError, match=r"acceptances-expired: .*Qwen3-8B.* expired on .* new ticket"):
        guard.install(jurisdiction="eu", rehearsal=False)

    assert monitor.transforms == []
