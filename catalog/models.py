"""Models and licences: which checkpoint may be served where, by whose decision, under which terms."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, StrictFloat, StrictInt, field_validator, model_validator

from catalog._mappings import FrozenMapping
from catalog._source import Country, Fact, Line, Source

__all__ = ["Commercial", "Licence", "Model", "Use", "Weights"]


class Commercial(StrEnum):
    """Whether a licence lets a company serve the model to customers."""

    YES = "yes"
    NO = "no"
    CAPPED = "capped"
    """Only below a revenue that the licence names."""
    TERMS = "terms"
    """Yes, with conditions beyond attribution: a use policy, naming rules, a cap on users."""


class Use(StrEnum):
    """What the catalogue says about serving a model in one jurisdiction."""

    APPROVED = "approved"
    """May be served."""
    ACCEPTANCE = "acceptance"
    """May be served only while an explicit acceptance with an owner and an expiry date stands."""
    REFUSED = "refused"
    """May not be served; no acceptance changes that, because the licence grants no such right."""


class Licence(Fact):
    """A licence under which weights are published."""

    key: Line
    name: Line
    commercial: Commercial
    territory: FrozenMapping[str, Line] = Field(default_factory=dict[str, Line])
    """Per jurisdiction code, why the licence grants nothing there. No entry: no territorial term is known."""
    note: str = ""
    source: Source


class Weights(Fact):
    """What a mirror has to copy to serve the model."""

    files: tuple[Line, ...]
    """Paths inside the upstream repository."""
    gigabytes: StrictFloat | StrictInt | None = None
    """Size of the weights in GB (10^9 bytes), None when not known."""
    gguf: str | None = None
    """File name of the GGUF that llama.cpp serves; a derived artefact, made from these weights."""
    note: str = ""
    source: Source


class Model(Fact):
    """A checkpoint, or a narrow family of checkpoints that share developer and licence."""

    id: Line
    """``owner/name``; the name part may hold ``*``. An exact id always wins over a pattern."""
    developer: Line
    """Who trained it: the organisation that hosts a repository is not always the developer."""
    country: Country
    licence: Line
    """Key into ``data/licences.yaml``."""
    lineage: tuple[Line, ...] = ()
    """Ids of the models it was derived from; their terms may follow the weights."""
    uses: FrozenMapping[str, Use]
    """For each jurisdiction code, what may be done."""
    reason: Line
    """Why the uses are what they are, for the person who reads a refusal."""
    weights: Weights | None = None
    source: Source

    @field_validator("id")
    @classmethod
    def _id_is_owner_and_name(cls, value: str) -> str:
        owner, slash, name = value.partition("/")
        if not slash or not owner or not name or "/" in name:
            message = "a model id is owner/name"
            raise ValueError(message)
        if "*" in owner:
            message = "the owner must be spelt out; only the name may hold '*'"
            raise ValueError(message)
        if any(letter in value for letter in "?[]"):
            message = "'*' is the only wildcard allowed in a model id"
            raise ValueError(message)
        if not name.replace("*", ""):
            message = "a pattern that covers everything of an owner would cover other licences too"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _only_one_checkpoint_has_weights(self) -> Self:
        if self.weights is not None and self.is_pattern:
            message = "weights belong to an exact id, not to a pattern"
            raise ValueError(message)
        return self

    @property
    def is_pattern(self) -> bool:
        """True if the row covers several checkpoints."""
        return "*" in self.id
