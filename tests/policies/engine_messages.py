"""A case as the engine sends it to a policy pack, and the answers of the real analyzer of pulumi-policy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import pulumi
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, Policy

from policies.analyzer import StrictAnalyzer
from policies.facts import Provider, Resource, Secret, StackFacts, Unknown, Value
from policies.pack import build_policies
from policies.rule import Context

UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"


@dataclass(frozen=True)
class Answer:
    """One diagnostic of the analyzer."""

    policy: str
    urn: str
    message: str
    mandatory: bool


class Analyzer:
    """The real analyzer of pulumi-policy, with this project's policies in it."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        jurisdiction: str | None,
        context: Context | None,
        policies: list[Policy] | None = None,
    ) -> None:
        config = {} if jurisdiction is None else {"sovereign:jurisdiction": jurisdiction}
        pulumi.runtime.set_all_config({})
        monkeypatch.setenv("PULUMI_CONFIG", json.dumps(config))
        monkeypatch.setenv("PULUMI_PROJECT", "sovereign")
        monkeypatch.setenv("PULUMI_STACK", "eu")
        monkeypatch.setenv("PULUMI_DRY_RUN", "true")
        if context is not None:
            fixed = context

            def build(_stated: str | None, **_known: object) -> Context:
                return fixed

            monkeypatch.setattr("policies.pack.build_context", build)
        self.server: Any = StrictAnalyzer(
            "sovereign", "0.0.1", policies or build_policies(), EnforcementLevel.ADVISORY
        )

    def preview(self, stack: StackFacts) -> list[Answer]:
        """Everything the pack says in a preview of a stack: each resource alone, then the stack."""
        answers: list[Answer] = []
        for resource in stack.resources:
            inputs = resource.properties if stack.inputs is None else stack.inputs.get(resource.urn)
            if inputs is None:
                continue
            request = analyzer_pb2.AnalyzeRequest(
                type=resource.type,
                urn=resource.urn,
                name=resource.name,
                properties=_struct(inputs),
            )
            _fill(request, resource)
            answers += _answers(self.server.Analyze(request, None), resource.urn)
        request = analyzer_pb2.AnalyzeStackRequest(
            resources=[_stack_resource(each) for each in stack.resources]
        )
        return answers + _answers(self.server.AnalyzeStack(request, None), "")


def _answers(response: Any, urn: str) -> list[Answer]:
    return [
        Answer(
            each.policyName, each.urn or urn, each.message, each.enforcementLevel == analyzer_pb2.MANDATORY
        )
        for each in response.diagnostics
    ]


def _stack_resource(resource: Resource) -> Any:
    message = analyzer_pb2.AnalyzerResource(
        type=resource.type,
        urn=resource.urn,
        name=resource.name,
        properties=_struct(resource.properties),
        parent=resource.options.parent or "",
        dependencies=resource.dependencies,
    )
    for name, urns in resource.property_dependencies.items():
        message.propertyDependencies[name].urns.extend(urns)
    _fill(message, resource)
    return message


def _fill(message: Any, resource: Resource) -> None:
    message.options.ignoreChanges.extend(resource.options.ignore_changes)
    message.options.parent = resource.options.parent or ""
    provider: Provider | None = resource.provider
    if provider is not None:
        message.provider.CopyFrom(
            analyzer_pb2.AnalyzerProviderResource(
                type=provider.type,
                urn=provider.urn,
                name=provider.name,
                properties=_struct(provider.properties),
            )
        )


def _struct(properties: Mapping[str, Value]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(cast("dict[str, Any]", _wire(properties)))
    return struct


def _wire(value: Value) -> Any:
    match value:
        case Unknown():
            return UNKNOWN_TEXT
        case Secret(inner):
            return {_SIGNATURE: _SECRET, "value": _wire(inner)}
        case tuple():
            return [_wire(element) for element in value]
        case Mapping():
            return {key: _wire(item) for key, item in value.items()}
        case _:
            return value
