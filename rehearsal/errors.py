"""Everything that can go wrong in a rehearsal, as one exception tree.

    RehearsalError
      EngineError        the pulumi engine cannot be found or built
      WorkspaceError     `.rehearsal/` cannot be read or written
      StackFileError     a stack's YAML is missing or cannot be used
      CloudError         a request to the twin clouds is not answerable (the twin's own API error)
      LockRequestError   a made-up lock cannot be made from what was asked

Each message says what was found, what is allowed and what to do next; the command line prints it alone,
without a traceback.
"""

__all__ = [
    "CloudError",
    "EngineError",
    "LockRequestError",
    "RehearsalError",
    "StackFileError",
    "WorkspaceError",
]


class RehearsalError(Exception):
    """Base of every error this package raises on purpose."""


class EngineError(RehearsalError):
    """The engine, or a tool it needs, cannot be found, downloaded or built."""


class WorkspaceError(RehearsalError):
    """The `.rehearsal/` directory, or a file in it, cannot be read or written."""


class StackFileError(RehearsalError):
    """A `Pulumi.<stack>.yaml` is missing, unreadable, or holds what a rehearsal cannot use."""


class CloudError(RehearsalError):
    """A twin cloud refuses a request, as the real cloud's API would."""


class LockRequestError(RehearsalError):
    """What a made-up lock was asked to hold is malformed."""
