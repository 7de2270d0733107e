"""The guard inside the program: the same rules, so that ``pulumi up`` without a policy pack is refused too.

It is a resource transform, which the engine calls for every resource before registering it. Each
violation is logged as an error at once. In a preview the program then runs on, so that all of them are shown,
and is ended; in an update the resource itself is refused, before it is created.

It sees less than the pack: not which property depends on which resource, only all dependencies together; not
what a transform registered later changes; not the providers that the engine makes by itself. Where it cannot
tell a parent, it looks for one of the right type among the dependencies, and refuses if there is none.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Final

import grpc
import pulumi
from pulumi.runtime import settings

from catalog import Lock
from policies.context import CONFIG_NAMESPACE, build_context
from policies.facts import Index, Resource, StackFacts
from policies.locks import StackLock, is_own, missing
from policies.program import transform_facts
from policies.redaction import redacted, secret_texts
from policies.rule import Context, ResourceRule, Rule, StackRule, load_rules
from policies.rules._acceptances import described, ending, in_force
from policies.sites import DeclaredSite
from policies.violations import Violation, render_all

__all__ = ["install"]

_SETTLE_SECONDS: Final = 0.25
_REFUSED: Final = "is refused, not created; the error above says why"
_REFUSAL: Final = re.compile(rf"\S+ '[^'\n]*' {_REFUSED}")


def install(
    *,
    jurisdiction: str,
    rehearsal: bool,
    rules: tuple[Rule, ...] | None = None,
    lock: Lock | None = None,
    registry: str | None = None,
    sites: Sequence[DeclaredSite] = (),
    site_locks: Sequence[Lock] = (),
) -> None:
    """Judge every resource that this program declares from now on. Call it once, before the first resource.

    Args:
        jurisdiction: a code of the catalogue.
        rehearsal: True if local stand-ins play the clouds.
        rules: all rules by default.
        lock: what this stack may run. A program of our own that hands in none may run nothing yet.
        registry: ``host/path`` of the stack's own image registry, if the configuration names one.
        sites: the sites that the stack declares, the home site first.
        site_locks: what may run at the further sites.

    Raises:
        pulumi.RunError: the jurisdiction is not one of the catalogue, or an acceptance does not hold.
        catalog.CatalogError: the catalogue itself is wrong.
    """
    needed = lock is None and is_own(pulumi.get_project(), pulumi.Config(CONFIG_NAMESPACE).get)
    problem = missing(pulumi.get_stack(), rehearsal=rehearsal) if needed else ""
    context = build_context(
        jurisdiction,
        rehearsal=rehearsal,
        registry=registry,
        lock=StackLock(lock, problem),
        sites=sites,
        site_locks=site_locks,
    )
    if context.jurisdiction is None:
        codes = ", ".join(sorted(context.catalog.jurisdictions))
        message = f"sovereign:jurisdiction is {jurisdiction!r}; allowed: {codes}"
        raise pulumi.RunError(message)
    _tell_acceptances(context)
    _end_without_traceback()
    guard = _Guard(context, load_rules() if rules is None else rules)
    pulumi.runtime.register_resource_transform(guard.transform)


def _tell_acceptances(context: Context) -> None:
    """Say what is accepted. A transform never sees the stack resource, on which the rules about it report.

    Raises:
        pulumi.RunError: an acceptance is expired or malformed.
    """
    for acceptance in in_force(context):
        end = ending(acceptance, context.today)
        tell = pulumi.log.warn if end else pulumi.log.info
        tell(f"acceptances: {described(acceptance)}{'; ' + end if end else ''}")
    if context.acceptance_problems:
        problems = "; ".join(context.acceptance_problems)
        message = (
            f"acceptances-expired: {problems}. Delete the entry from policies/acceptances.yaml, mend it, or "
            "let its owner decide anew with a later `expires` and a new ticket"
        )
        raise pulumi.RunError(message)


def _end_without_traceback() -> None:
    """Let the program end with our own message.

    The engine wraps a transform's refusal into an RPC error, which the SDK raises as a bare ``Exception``:
    the user would see its stack instead of the reason. The SDK offers no door for this, so its conversion of
    RPC errors is wrapped.
    """
    convert = settings.grpc_error_to_exception
    if getattr(convert, "_knows_refusals", False):
        return

    def converted(error: grpc.RpcError) -> Exception:
        exception = convert(error)
        found = _REFUSAL.search(str(exception))
        return pulumi.RunError(found[0]) if found else exception

    converted._knows_refusals = True  # pyright: ignore[reportFunctionMemberAccess]
    settings.grpc_error_to_exception = converted


@dataclass(slots=True)
class _Guard:
    context: Context
    rules: tuple[Rule, ...]
    seen: list[Resource] = field(default_factory=list[Resource])
    index: Index = field(default_factory=Index)
    secrets: set[str] = field(default_factory=set[str])
    searched: int = 0
    """How many of ``seen`` were searched for secrets."""
    refusals: int = 0
    calls: int = 0

    def transform(
        self, args: pulumi.ResourceTransformArgs
    ) -> Awaitable[pulumi.ResourceTransformResult | None]:
        return self._judge(args)

    async def _judge(self, args: pulumi.ResourceTransformArgs) -> None:
        self.calls += 1
        resource = await transform_facts(args, self.index.urns)
        self.seen.append(resource)
        self.index.add(resource)
        violations, remarks = self._violations(resource)
        if remarks:
            pulumi.log.warn(render_all(remarks))
        if not violations:
            return
        pulumi.log.error(render_all(violations))
        is_first = self.refusals == 0
        self.refusals += len(violations)
        if not pulumi.runtime.is_dry_run():
            message = f"{resource.type} {resource.name!r} {_REFUSED}"
            raise pulumi.RunError(message)
        if is_first:
            pulumi.Output.from_input(self._end())

    def _violations(
        self, resource: Resource
    ) -> tuple[list[tuple[str, Violation]], list[tuple[str, Violation]]]:
        """What breaks a rule, and what a rule that only informs has to say.

        A rule about the stack is asked about the new resource alone, however many came before it.
        """
        found: list[tuple[str, Violation]] = []
        remarks: list[tuple[str, Violation]] = []
        stack = StackFacts(self.seen, complete=False, newest=resource, index=self.index)
        for rule in self.rules:
            match rule:
                case ResourceRule():
                    violations = rule.check(resource, self.context)
                case StackRule():
                    violations = (
                        each for each in rule.check(stack, self.context) if each.urn == resource.urn
                    )
            kind = remarks if rule.advisory else found
            kind.extend((rule.title, redacted(each, self._secrets())) for each in violations)
        return found, remarks

    def _secrets(self) -> frozenset[str]:
        """The secrets of every resource so far, each resource searched once and only when needed."""
        self.secrets |= secret_texts(self.seen[self.searched :])
        self.searched = len(self.seen)
        return frozenset(self.secrets)

    async def _end(self) -> None:
        """End the program once no new resource arrives."""
        before = -1
        while before != self.calls:
            before = self.calls
            await asyncio.sleep(_SETTLE_SECONDS)
        count = "1 violation" if self.refusals == 1 else f"{self.refusals} violations"
        message = f"{count} of sovereignty rules, each described above; nothing is changed"
        raise pulumi.RunError(message)
