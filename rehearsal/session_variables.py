"""Names of the environment variables by which the parts of a rehearsal find each other."""

__all__ = ["ENGINE_VARIABLE", "WORKSPACE_VARIABLE"]

WORKSPACE_VARIABLE = "SOVEREIGN_REHEARSAL"
"""The workspace's path, in everything a rehearsal runs: how a program knows that it is one."""

ENGINE_VARIABLE = "SOVEREIGN_REHEARSAL_ENGINE"
"""The real engine's path, for the shim."""
