"""A provider without an installed SDK: takes any input and gives it back.

Enough to preview a program that uses it and to judge it by policy; no input is checked.
"""

from collections.abc import Mapping
from typing import Any

from rehearsal.sdk import Property, ResourceType
from rehearsal.twins.behaviour import Behaviour, Configuration, Request
from rehearsal.twins.check import Failure
from rehearsal.twins.values import Value

__all__ = ["Echo"]


class Echo(Behaviour):
    """Accepts every type, every input and every function."""

    def resource(self, token: str) -> ResourceType | None:
        """Every type exists, with nothing declared."""
        return ResourceType(token, {})

    def settings(self) -> Mapping[str, Property]:
        """No setting is declared, so none is checked."""
        return {}

    def failures(self, request: Request) -> list[Failure]:
        """Nothing is refused."""
        return []

    def invoke(
        self, token: str, arguments: Mapping[str, Value], configuration: Configuration
    ) -> dict[str, Any] | None:
        """The arguments themselves."""
        return dict(arguments)
