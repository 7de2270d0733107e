"""The server of the policy pack, stricter than the one of the SDK in two ways.

It refuses a pack configuration that lowers, disables or misspells a rule: the SDK would switch the rule off
without a word, or ignore the misspelt name. And it takes the stack's configuration from either source:
engines that start packs through the language runtime hand it over in a call (``ConfigureStack``) which the
SDK reads only for tags, older ones in the environment.

The SDK offers no door for either, so this derives from its own server class, which is private.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn, Protocol

import grpc
import pulumi
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import policy as sdk

from policies.evaluation import RuleAnalyzer
from policies.rule import load_rules, rule_ids

__all__ = ["StrictAnalyzer", "install", "mistakes_in", "partial_run"]

_LEVELS: Final = {
    analyzer_pb2.ADVISORY: "advisory",
    analyzer_pb2.MANDATORY: "mandatory",
    analyzer_pb2.REMEDIATE: "remediate",
    analyzer_pb2.DISABLED: "disabled",
}
_ALL: Final = "all"
_PARTIAL: Final = ("PULUMI_OPTION_EXCLUDE", "PULUMI_OPTION_TARGET")


class _Call(Protocol):
    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn: ...


class StrictAnalyzer(RuleAnalyzer):
    """The SDK's analyzer; it runs with every rule or not at all, and knows the stack configuration."""

    _stack_config: dict[str, str]

    def Configure(self, request: Any, _context: _Call) -> Any:  # noqa: N802  (the protocol's name)
        """Take the pack's configuration, or end the run if it touches a rule."""
        config = request.policyConfig
        levels = {name: _LEVELS.get(config[name].enforcementLevel, "unknown") for name in config}
        informing = {rule.id for rule in load_rules() if rule.advisory}
        mistakes = [*mistakes_in(levels.items(), rule_ids(), informing), *partial_run(os.environ)]
        if mistakes:
            _context.abort(grpc.StatusCode.INVALID_ARGUMENT, "; ".join(mistakes))
        base: Any = super()
        return base.Configure(request, _context)

    def ConfigureStack(self, request: Any, _context: _Call) -> Any:  # noqa: N802  (the protocol's name)
        """Take the stack's configuration; a later one replaces an earlier one."""
        self._stack_config = dict(request.config)
        base: Any = super()
        return base.ConfigureStack(request, _context)

    def _configure_runtime_settings(self) -> None:
        super()._configure_runtime_settings()
        for key, value in getattr(self, "_stack_config", {}).items():
            pulumi.runtime.set_config(key, value)


def mistakes_in(
    levels: Iterable[tuple[str, str]], ids: Iterable[str], informing: Iterable[str] = ()
) -> list[str]:
    """Return what is wrong with a pack configuration, given as the level it sets for each policy.

    ``informing`` are the rules that do not block; they are advisory by nature and cannot be silenced either.
    """
    known = set(ids)
    advisory = set(informing)
    mistakes: list[str] = []
    for name, level in sorted(levels):
        if name != _ALL and name not in known:
            problem = f"names {name!r}, which is no rule; rules are {', '.join(sorted(known))}"
        elif name in advisory and level not in {"advisory", "mandatory"}:
            problem = f"makes {name!r} {level}; it only informs, and cannot be silenced, so take it out"
        elif name not in advisory and level != "mandatory":
            problem = f"makes {name!r} {level}; every rule that blocks is mandatory, so take it out"
        else:
            continue
        mistakes.append(f"the policy pack configuration {problem}")
    return mistakes


def partial_run(environment: Mapping[str, str]) -> list[str]:
    """Return which variables make the engine leave out a part of the stack, as ``--target`` would.

    The engine then shows old inputs, or none, of what it leaves out. An option on the command line cannot be
    seen from here.
    """
    return [
        f"the variable {name} is set, so a part of the stack would be left out; unset it"
        for name in _PARTIAL
        if environment.get(name)
    ]


def install() -> None:
    """Make ``pulumi_policy.PolicyPack`` use this server. Call it before building one."""
    sdk._PolicyAnalyzerServicer = StrictAnalyzer
