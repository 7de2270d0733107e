"""Lines sent to a running engine, which shows them under the resource they are about."""

from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

__all__ = ["EngineLog"]


class EngineLog:
    """The log of the engine at one address."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address)
        self._engine: Any = engine_pb2_grpc.EngineStub(self._channel)  # generated without types

    def info(self, message: str, urn: str = "") -> bool:
        """Show a line; False when the engine has ended."""
        return self._send(engine_pb2.INFO, message, urn)

    def warning(self, message: str, urn: str = "") -> bool:
        """Show a warning; False when the engine has ended."""
        return self._send(engine_pb2.WARNING, message, urn)

    def _send(self, severity: Any, message: str, urn: str) -> bool:
        try:
            self._engine.Log(engine_pb2.LogRequest(severity=severity, message=message, urn=urn))
        except grpc.RpcError:  # the engine has ended; nobody is left to read
            return False
        return True

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()
