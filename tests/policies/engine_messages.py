"""A case as the engine sends it to a policy pack, and the answers of the real analyzer of pulumi-policy."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

import grpc
import pulumi
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
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
        config = {"pulumi:disable-default-providers": '["*"]'}
        config |= {} if jurisdiction is None else {"sovereign:jurisdiction": jurisdiction}
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

    def preview(self, stack: StackFacts, stub: Any = None) -> list[Answer]:
        """Everything the pack says in a preview of a stack: each resource alone, then the stack.

        With ``stub`` it is asked over the wire, else directly.
        """

        def ask(method: str, request: Any) -> Any:
            return (
                getattr(self.server, method)(request, None)
                if stub is None
                else getattr(stub, method)(request)
            )

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
            assert not ask("Remediate", request).remediations
            for name in [each for each in request.properties.fields if each.startswith("__")]:
                del request.properties.fields[name]  # as the engine does, in this call but not in the other
            answers += _answers(ask("Analyze", request), resource.urn)
        request = analyzer_pb2.AnalyzeStackRequest(
            resources=[_stack_resource(each) for each in stack.resources]
        )
        return answers + _answers(ask("AnalyzeStack", request), "")


class Wire:
    """A real gRPC server, as the engine starts one, behind which one analyzer after the other stands."""

    def __init__(self, stub: Any) -> None:
        self._stub = stub
        self._behind: Any = None

    def to(self, analyzer: Analyzer) -> Any:
        """The stub that calls an analyzer from now on."""
        self._behind = analyzer.server
        return self._stub

    def __getattr__(self, name: str) -> Any:
        """What the server calls."""
        return lambda request, context: getattr(self._behind, name)(request, context)


@contextmanager
def served() -> Generator[Wire]:
    """A server, for as long as the block takes."""
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    port = server.add_insecure_port("127.0.0.1:0")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        wire = Wire(analyzer_pb2_grpc.AnalyzerStub(channel))
        analyzer_pb2_grpc.add_AnalyzerServicer_to_server(wire, server)
        server.start()
        try:
            yield wire
        finally:
            server.stop(grace=1).wait()


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
