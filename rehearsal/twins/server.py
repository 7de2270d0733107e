"""Serves every twin on a loopback port of its own."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from rehearsal.twins.behaviour import Behaviour
from rehearsal.twins.refusals import Refusals
from rehearsal.twins.servicer import Twin

__all__ = ["MESSAGE_LIMIT", "TwinServer"]

MESSAGE_LIMIT = 400 * 1024 * 1024
"""Bytes: the engine's own limit for one message."""

_WORKERS = 64


class TwinServer:
    """The running twins. `addresses` is what the engine's PULUMI_DEBUG_PROVIDERS takes."""

    def __init__(self, behaviours: Iterable[Behaviour]) -> None:
        self._pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="twin")
        self._servers: list[grpc.Server] = []
        self.ports: dict[str, int] = {}
        """Provider package to port."""
        for behaviour in behaviours:
            server = grpc.server(
                self._pool,
                interceptors=[Refusals()],
                options=[
                    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
                    ("grpc.max_send_message_length", MESSAGE_LIMIT),
                ],
            )
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(Twin(behaviour), server)
            self.ports[behaviour.package.name] = server.add_insecure_port("127.0.0.1:0")
            server.start()
            self._servers.append(server)

    @property
    def addresses(self) -> str:
        """`name:port` of every twin, separated by commas."""
        return ",".join(f"{name}:{port}" for name, port in self.ports.items())

    def stop(self) -> None:
        """Stop serving."""
        for server in self._servers:
            server.stop(grace=None)
        self._pool.shutdown(wait=False, cancel_futures=True)
