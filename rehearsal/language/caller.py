"""The environment of the engine that calls.

A language runtime is normally the engine's child and inherits its environment. Ours is a server, so it looks
the engine up by its end of the connection.
"""

import os

import psutil

__all__ = ["environment_of"]


def environment_of(peer: str) -> dict[str, str]:
    """The environment of the process behind `peer` (as in `ipv4:127.0.0.1:40000`), a descendant of this one.

    Our own when it cannot be found.
    """
    port = int(peer.rsplit(":", 1)[-1])
    for process in psutil.Process().children(recursive=True):
        try:
            if any(connection.laddr.port == port for connection in process.net_connections("tcp")):
                return process.environ()
        except psutil.Error:  # it ended meanwhile, so it is not the one that waits for our answer
            continue
    return dict(os.environ)
