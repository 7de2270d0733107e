"""The resource provider protocol, answered by a twin."""

import contextlib
import json
import threading
from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from rehearsal.engine_log import EngineLog
from rehearsal.errors import CloudError
from rehearsal.sdk import STRING, Property, ResourceType
from rehearsal.twins.behaviour import Behaviour, Request
from rehearsal.twins.check import check_inputs, deprecations
from rehearsal.twins.diff import Change, ChangeKind, changes
from rehearsal.twins.operations import Operations
from rehearsal.twins.values import Value, contains_unknown, from_struct, to_struct, with_secrets_of

__all__ = ["Twin"]


class Twin(provider_pb2_grpc.ResourceProviderServicer):
    """One provider package. Each connection of the engine is one configured provider."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._operations = Operations(behaviour)
        self._configurations: dict[str, Mapping[str, Value]] = {}
        self._logs: dict[str, EngineLog] = {}
        self._guard = threading.Lock()

    # The provider itself

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Agree on the protocol's options, and note which engine it is."""
        with self._guard:
            self._logs[context.peer()] = EngineLog(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=self.behaviour.accepts_secrets, accept_resources=False, accept_outputs=False
        )

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Accept an engine that attaches to this running twin."""
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The SDK's own version, so that the engine sees no mismatch."""
        return plugin_pb2.PluginInfo(version=self.behaviour.package.version)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Stop waiting for slow creations; the cloud goes on with them."""
        self._operations.cancelled.set()
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Refuse settings the provider does not have."""
        settings = self.behaviour.settings()
        given = _parsed(from_struct(request.news), settings)
        inputs = {name: value for name, value in given.items() if name not in _ENGINE_SETTINGS}
        found = check_inputs(inputs, settings, coerces=True) if settings else []
        failures = [
            provider_pb2.CheckFailure(property=item.path, reason=f"{item.path}: {item.reason}")
            for item in found
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Whether new settings need a new provider."""
        before, after = from_struct(request.old_inputs), from_struct(request.news)
        replaces = self.behaviour.replaces_configuration(before, after)
        delete_first = self.behaviour.deletes_provider_first
        return _diff_response(changes(before, after, replaces), delete_first=delete_first)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Remember the settings of this connection's provider."""
        self._operations.cancelled.clear()
        with self._guard:
            settings = self.behaviour.settings()
            self._configurations[context.peer()] = _parsed(from_struct(request.args), settings)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=self.behaviour.accepts_secrets,
            supportsPreview=True,
            acceptResources=False,
            acceptOutputs=False,
        )

    # Resources

    def _request(
        self,
        message: Any,
        inputs: Mapping[str, Value],
        context: grpc.ServicerContext,
        before: Mapping[str, Value] | None = None,
    ) -> Request:
        configuration = self._configuration(context)
        return Request(message.urn, self._type(message.urn), inputs, configuration, before or {})

    def _configuration(self, context: grpc.ServicerContext) -> Mapping[str, Value]:
        with self._guard:
            return self._configurations.get(context.peer(), {})

    def _warn(self, message: str, urn: str, context: grpc.ServicerContext) -> None:
        with self._guard:
            log = self._logs.get(context.peer())
        if log is not None:
            log.warning(message, urn)

    def _struct(self, values: Mapping[str, Value], *originals: Any) -> Any:
        """Properties for the engine, secret where they come from secrets."""
        return to_struct(with_secrets_of(values, *originals) if self.behaviour.accepts_secrets else values)

    def _type(self, urn: str) -> ResourceType:
        token = urn.split("::")[2].split("$")[-1]
        found = self.behaviour.resource(token)
        if found is None:
            package = self.behaviour.package
            raise CloudError(f"{package.name} {package.version} has no resource type {token}")
        return found

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Refuse what the provider would refuse, and fill in a physical name."""
        before = from_struct(request.olds)
        asked = self._request(request, from_struct(request.news), context)
        for warning in deprecations(asked.inputs, asked.type.inputs):
            self._warn(warning, request.urn, context)
        failures = [
            provider_pb2.CheckFailure(property=item.path, reason=f"{item.path}: {item.reason}")
            for item in self.behaviour.failures(asked)
        ]
        named = before or self._operations.left_behind_inputs(request.urn)
        inputs = self.behaviour.fill_in(asked, named, request.randomSeed)
        return provider_pb2.CheckResponse(inputs=self._struct(inputs, request.news), failures=failures)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        """What changed, and whether it replaces the resource."""
        before = from_struct(request.old_inputs)
        after = self._request(request, from_struct(request.news), context, before)
        replacing = self.behaviour.replacing_in(after)
        found = changes(before, after.inputs, replacing, request.ignoreChanges)
        return _diff_response(found, delete_first=self.behaviour.deletes_before_replacing(after))

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Create the object; at preview, say what would be known."""
        asked = self._request(request, from_struct(request.properties), context)
        if request.preview or contains_unknown(asked.inputs):
            outputs = self._struct(self.behaviour.outputs_at_preview(asked), request.properties)
            return provider_pb2.CreateResponse(id="", properties=outputs)
        created = self._operations.create(asked)
        outputs = self._struct(created.outputs, request.properties)
        return provider_pb2.CreateResponse(id=created.id, properties=outputs)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        """What the cloud holds now; an empty id when it is gone."""
        asked = self._request(request, from_struct(request.inputs), context)
        found = self._operations.read(asked, request.id)
        if found is None:
            return provider_pb2.ReadResponse(id="")
        inputs = self.behaviour.live_inputs(asked, found)
        return provider_pb2.ReadResponse(
            id=found.id,
            properties=self._struct(found.outputs, request.inputs, request.properties),
            inputs=self._struct(inputs, request.inputs),
        )

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Change the object in place."""
        asked = self._request(request, from_struct(request.news), context, from_struct(request.old_inputs))
        before = from_struct(request.olds)
        if request.preview or contains_unknown(asked.inputs):
            outputs = self.behaviour.outputs_at_change_preview(asked, before)
        else:
            outputs = self._operations.update(asked, request.id, before)
        return provider_pb2.UpdateResponse(properties=self._struct(outputs, request.news))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Delete the object; one that is already gone is no error."""
        self._operations.delete(self._request(request, from_struct(request.properties), context), request.id)
        return empty_pb2.Empty()

    # Functions and components

    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Make a component with its children."""

        def warn(message: str, urn: str) -> None:
            self._warn(message, urn, context)

        made = self.behaviour.construct(request, self._configuration(context), warn)
        if made is None:
            package = self.behaviour.package
            raise CloudError(f"{package.name} {package.version} has no component {request.type}")
        return made

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Answer a provider function."""
        answer = self.behaviour.invoke(request.tok, from_struct(request.args), self._configuration(context))
        if answer is None:
            package = self.behaviour.package
            raise CloudError(f"{package.name} {package.version} has no function {request.tok}")
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(answer))
        return response

    def GetMapping(self, request: Any, context: grpc.ServicerContext) -> Any:
        """No mapping to other ecosystems."""
        return provider_pb2.GetMappingResponse()


_ENGINE_SETTINGS = frozenset({"version", "pluginDownloadURL", "pluginChecksums"})
"""What the engine itself adds to a provider's inputs."""


def _parsed(settings: Mapping[str, Value], declared: Mapping[str, Property]) -> dict[str, Value]:
    """Provider settings arrive as JSON text wherever they are not strings."""
    parsed: dict[str, Value] = {}
    for name, value in settings.items():
        text = name in declared and declared[name].shape == STRING
        if isinstance(value, str) and value[:1] in ("[", "{") and not text:
            with contextlib.suppress(ValueError):
                value = json.loads(value)
        parsed[name] = value
    return parsed


_KINDS = {
    (ChangeKind.ADD, False): provider_pb2.PropertyDiff.ADD,
    (ChangeKind.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (ChangeKind.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (ChangeKind.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (ChangeKind.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (ChangeKind.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


def _diff_response(found: list[Change], *, delete_first: bool) -> Any:
    if not found:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
    replaces = sorted({item.root for item in found if item.replaces})
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME,
        replaces=replaces,
        diffs=sorted({item.root for item in found}),
        deleteBeforeReplace=bool(replaces) and delete_first,
        hasDetailedDiff=True,
        detailedDiff={
            item.path: provider_pb2.PropertyDiff(kind=_KINDS[item.kind, item.replaces], inputDiff=True)
            for item in found
        },
    )
