"""Ports for servers of tests."""

import random
import socket

__all__ = ["free_port"]

_BELOW_PASSING_ONES = range(20_000, 32_768)
"""From 32768 on Linux hands ports out to whoever connects somewhere."""


def free_port() -> int:
    """A port of this machine that nobody listens on, and that no connection takes by itself meanwhile."""
    for _ in range(100):
        port = random.choice(_BELOW_PASSING_ONES)  # noqa: S311  (no secret)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    message = "no port is free between 20000 and 32767"
    raise OSError(message)
