"""The state of the twin clouds: what exists, what is set to go wrong, and edits behind the engine's back."""

from rehearsal.cloud.faults import Fault, FaultKind
from rehearsal.cloud.store import CloudObject, CloudStore

__all__ = ["CloudObject", "CloudStore", "Fault", "FaultKind"]
