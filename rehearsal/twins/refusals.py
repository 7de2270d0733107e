"""Turns our own errors into the protocol's, so that the engine shows one message and no traceback."""

from collections.abc import Callable
from typing import Any

import grpc

from rehearsal.errors import RehearsalError

__all__ = ["Refusals"]


class Refusals(grpc.ServerInterceptor):
    """Ends a call that raised a `RehearsalError` with the error's message."""

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Any],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wrap the method that is about to answer."""
        handler = continuation(handler_call_details)
        inner: Callable[[Any, grpc.ServicerContext], Any] | None = handler and handler.unary_unary
        if inner is None:
            return handler

        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            try:
                return inner(request, context)
            except RehearsalError as error:
                return context.abort(grpc.StatusCode.UNKNOWN, str(error))

        return grpc.unary_unary_rpc_method_handler(
            answer,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )
