"""Who publishes language models, under which name on the hubs, and what the models are called there."""

from __future__ import annotations

from pydantic import field_validator

from catalog._source import Fact, Line, Source

__all__ = ["HubOwner"]


class HubOwner(Fact):
    """One name before the slash of ``owner/name``: who develops models, or repackages those of others."""

    owner: Line
    """As the hub spells it. Letter case does not count when a text is searched for it."""
    names: tuple[Line, ...] = ()
    """Names of models in lower case, ``*`` for any letters; empty: all that the owner publishes are models.

    Needed where the owner also gives its name to images and programs, as in ``nvidia/cuda``.
    """
    families: tuple[Line, ...] = ()
    """How its models are called without an owner, in lower case, before a version: ``llama``."""
    note: str = ""
    source: Source

    @field_validator("owner")
    @classmethod
    def _owner_is_one_step(cls, value: str) -> str:
        if "/" in value or "*" in value:
            message = "an owner is one step of a path, spelt out"
            raise ValueError(message)
        return value

    @field_validator("names", "families")
    @classmethod
    def _texts_are_lower_case(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            if text != text.lower() or "/" in text:
                message = "names and families are lower case, without a slash"
                raise ValueError(message)
        return value
