"""Registers a component and its children with the engine, as a component's author would through an SDK."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc

from rehearsal.errors import CloudError
from rehearsal.twins.values import Value, to_struct

__all__ = ["Child", "Registration"]

_MESSAGE_LIMIT = 400 * 1024 * 1024
_OPTIONS = (
    ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
    ("grpc.max_send_message_length", _MESSAGE_LIMIT),
)


@dataclass(frozen=True)
class Child:
    """One resource of a component."""

    type: str
    name: str
    inputs: Mapping[str, Value]
    dependencies: Sequence[str] = ()
    """URNs."""
    secret_outputs: Sequence[str] = ()
    retain: bool = False
    """Whether the cluster keeps it when the program drops it."""


class Registration:
    """The engine's resource monitor, for the length of one Construct call."""

    def __init__(self, request: Any, version: str) -> None:
        self._request = request
        self._version = version
        self._channel = grpc.insecure_channel(request.monitorEndpoint, options=_OPTIONS)
        self._monitor: Any = resource_pb2_grpc.ResourceMonitorStub(self._channel)

    def __enter__(self) -> "Registration":
        return self

    def __exit__(self, *exception: object) -> None:
        self._channel.close()

    def component(self) -> str:
        """Register the component itself; its URN."""
        asked = self._request
        message = resource_pb2.RegisterResourceRequest(
            type=asked.type,
            name=asked.name,
            parent=asked.parent,
            custom=False,
            protect=asked.protect,
            dependencies=asked.dependencies,
            providers=asked.providers,
            aliases=asked.aliases,
            aliasSpecs=True,
            ignoreChanges=asked.ignoreChanges,
            replaceOnChanges=asked.replaceOnChanges,
            retainOnDelete=asked.retainOnDelete,
            deletedWith=asked.deletedWith,
            supportsPartialValues=True,
            supportsResultReporting=True,
        )
        return str(self._answer(self._monitor.RegisterResource.future(message), asked.name).urn)

    def children(self, parent: str, wanted: Iterable[Child]) -> list[tuple[str, str]]:
        """Register children side by side; the URN and id of each (no id at preview).

        Raises:
            CloudError: one of them fails. The engine has said why by then.
        """
        calls = [
            (child, self._monitor.RegisterResource.future(self._message(parent, child))) for child in wanted
        ]
        answers = [self._answer(call, child.name) for child, call in calls]
        return [(str(answer.urn), str(answer.id)) for answer in answers]

    def _message(self, parent: str, child: Child) -> Any:
        asked = self._request
        return resource_pb2.RegisterResourceRequest(
            type=child.type,
            name=child.name,
            parent=parent,
            custom=True,
            object=to_struct(child.inputs),
            protect=asked.protect,
            dependencies=child.dependencies,
            provider=asked.providers.get("kubernetes", ""),
            version=self._version,
            additionalSecretOutputs=child.secret_outputs,
            retainOnDelete=child.retain or asked.retainOnDelete,
            acceptSecrets=True,
            supportsPartialValues=True,
            supportsResultReporting=True,
        )

    def _answer(self, call: Any, name: str) -> Any:
        try:
            answer = call.result()
        except grpc.RpcError as error:
            raise CloudError(f"{self._request.name} is incomplete: {name} was not registered") from error
        if answer.result != resource_pb2.SUCCESS:
            raise CloudError(f"{self._request.name} is incomplete: {name} failed")
        return answer
