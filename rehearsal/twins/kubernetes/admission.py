"""What the API server refuses to change in an object that exists."""

from collections.abc import Mapping

from rehearsal.errors import CloudError
from rehearsal.twins.diff import changes
from rehearsal.twins.kubernetes.fields import value_at
from rehearsal.twins.kubernetes.kinds import Kind
from rehearsal.twins.kubernetes.quantity import parse_quantity
from rehearsal.twins.kubernetes.replacement import immutable_paths
from rehearsal.twins.values import Value

__all__ = ["refuse_change"]

_CLAIMED = ("spec", "resources", "requests", "storage")


def refuse_change(kind: Kind, before: Mapping[str, Value], after: Mapping[str, Value]) -> None:
    """Raise when a change is one the API server allows nobody.

    Raises:
        CloudError: a field is immutable, or a volume claim would shrink.
    """
    name = value_at(dict(after), "metadata", "name")
    for change in changes(before, after, immutable_paths(kind, before)):
        if change.replaces:
            raise CloudError(
                f'{kind.qualified} "{name}" is invalid: {change.path}: field is immutable. Keep the value, '
                "or give the object another name so that a new one is made."
            )
    if kind.name == "PersistentVolumeClaim":
        old, new = (parse_quantity(value_at(dict(values), *_CLAIMED)) for values in (before, after))
        if old is not None and new is not None and new < old:
            raise CloudError(
                f'{kind.qualified} "{name}" is invalid: {".".join(_CLAIMED)}: a claim never shrinks. Keep '
                "the size, or make a new claim and move the data."
            )
