"""The part of the pack's server that judges: every rule on one reading of each resource.

The SDK's server reads a resource once for every policy, which makes a preview slower with each rule. This one
derives from it, since the SDK offers no door, and keeps everything else of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import Policy
from pulumi_policy import policy as sdk

from policies.crossguard import resource_facts, stack_facts
from policies.facts import ENGINES_OWN, PROVIDER_PREFIX, Resource
from policies.pack import ResourceRulePolicy, StackRulePolicy, run_context
from policies.redaction import redacted, secret_texts
from policies.rule import Context
from policies.violations import Violation, render

__all__ = ["RuleAnalyzer"]


class RuleAnalyzer(sdk._PolicyAnalyzerServicer):
    """Answers for policies made from rules; any other policy is left to the SDK."""

    def __init__(self, name: str, version: str, policies: list[Policy], *rest: Any, **named: Any) -> None:
        base: Any = super()
        base.__init__(name, version, policies, *rest, **named)
        self._resource_policies = [each for each in policies if isinstance(each, ResourceRulePolicy)]
        self._stack_policies = [each for each in policies if isinstance(each, StackRulePolicy)]
        self._judged: dict[str, Resource] = {}
        self._engines_own: dict[str, Any] = {}
        """By URN, what the engine keeps of a provider: whose plugin it is and where that is to be had."""
        self._known_context: Context | None = None
        self._only_rules = len(policies) == len(self._resource_policies) + len(self._stack_policies)

    def Remediate(self, request: Any, _context: Any) -> Any:  # noqa: N802  (the protocol's name)
        """Change nothing, and keep what the engine tells of a provider in this call alone.

        The engine makes it for every resource right before the one that judges it.
        """
        if not self._only_rules:
            base: Any = super()
            return base.Remediate(request, _context)
        if request.type.startswith(PROVIDER_PREFIX) and ENGINES_OWN in request.properties.fields:
            self._engines_own[request.urn] = request.properties.fields[ENGINES_OWN]
        return analyzer_pb2.RemediateResponse()

    def Analyze(self, request: Any, _context: Any) -> Any:  # noqa: N802  (the protocol's name)
        """Judge one resource by its inputs."""
        if not self._only_rules:
            base: Any = super()
            return base.Analyze(request, _context)
        if request.urn in self._engines_own:
            request.properties.fields[ENGINES_OWN].CopyFrom(self._engines_own.pop(request.urn))
        response = analyzer_pb2.AnalyzeResponse()
        resource, context = resource_facts(request), self._run_context()
        self._judged[resource.urn] = resource
        judged = ((each, each.rule.check(resource, context)) for each in self._resource_policies)
        self._report(response, judged, (resource,))
        return response

    def AnalyzeStack(self, request: Any, _context: Any) -> Any:  # noqa: N802  (the protocol's name)
        """Judge the stack as a whole."""
        if not self._only_rules:
            base: Any = super()
            return base.AnalyzeStack(request, _context)
        response = analyzer_pb2.AnalyzeResponse()
        stack, context = stack_facts(request, self._judged), self._run_context()
        judged = ((each, each.rule.check(stack, context)) for each in self._stack_policies)
        self._report(response, judged, stack.resources)
        return response

    def ConfigureStack(self, request: Any, _context: Any) -> Any:  # noqa: N802  (the protocol's name)
        """Take the stack's configuration; whatever was known of an earlier one is forgotten."""
        base: Any = super()
        answer = base.ConfigureStack(request, _context)
        self._known_context = None
        return answer

    def _run_context(self) -> Context:
        """Return what the rules may know, which is the same for every resource of a run.

        The SDK reads its settings anew for each call; that alone takes longer than most rules.
        """
        known = self._known_context
        if known is None:
            self._configure_runtime_settings()
            known = self._known_context = run_context()
        return known

    def _report(
        self,
        response: Any,
        judged: Iterable[tuple[Policy, Iterable[Violation]]],
        resources: Sequence[Resource],
    ) -> None:
        secrets: frozenset[str] | None = None
        for policy, violations in judged:
            for violation in violations:
                if secrets is None:  # looked for only where there is something to say
                    secrets = secret_texts(resources)
                report = self._create_report_violation(
                    response,
                    policy.name,
                    policy.description,
                    self._get_enforcement_level(policy),
                    policy.severity,
                )
                report(render(redacted(violation, secrets)), violation.urn)
