"""Values that only the cluster decides: an object's uid, its cluster IP, its node ports."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rehearsal.twins.kubernetes.fields import value_at
from rehearsal.twins.values import UNKNOWN, Unknown, Value

__all__ = ["Decided"]


@dataclass(frozen=True)
class Decided:
    """Where such a value comes from: kept once made, unknown at preview, made up otherwise."""

    before: Mapping[str, Value]
    """The object as it is; empty for a new one."""
    preview: bool

    def __call__(self, path: tuple[str, ...], make: Callable[[], Value]) -> Value:
        """The value at `path`, made by `make` when the cluster has none yet."""
        kept = value_at(self.before, *path)
        if kept is not None and not isinstance(kept, Unknown):
            return kept
        return UNKNOWN if self.preview else make()
