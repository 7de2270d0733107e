"""Creating, reading, changing and deleting objects of a twin cloud, with what may go wrong."""

import threading
from collections.abc import Mapping
from dataclasses import replace

from rehearsal.cloud import CloudObject, Fault, FaultKind
from rehearsal.errors import CloudError
from rehearsal.twins.behaviour import Behaviour, Request
from rehearsal.twins.diff import changes
from rehearsal.twins.values import Value

__all__ = ["Operations"]


class Operations:
    """The calls of one cloud's API."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.store = behaviour.store
        self.cancelled = threading.Event()
        """Set when the engine wants running calls to end."""
        self._known: set[str] = set()

    def note_known(self, urn: str, id_: str | None = None) -> None:
        """The engine has shown that it has this resource in its state."""
        self._known.add(urn)
        self.store.acknowledge(urn, id_)

    def left_behind_inputs(self, urn: str) -> Mapping[str, Value]:
        """The inputs of what an interrupted run left behind under this URN, so that it keeps its name."""
        left = None if urn in self._known else self.store.left_behind(urn)
        return left.inputs if left else {}

    def create(self, request: Request) -> CloudObject:
        """Create the object, or take over the one that an interrupted run left behind under this URN.

        Raises:
            CloudError: the cloud refuses, or the wait for a slow creation is cancelled.
        """
        left = self._left_behind(request)
        if left is not None:
            return self._take_over(left, request)
        self._refuse_if_set(request)
        id_ = self.behaviour.identity(request)
        outputs = self.behaviour.outputs(request, id_)
        try:
            self.store.add(request.type.token, id_, request.urn, request.inputs, outputs)
        except ValueError as error:
            raise CloudError(
                f"{error}: the name is taken. Give the resource another name, or import the existing one."
            ) from error
        self._wait_if_slow(request, id_)
        return CloudObject(request.type.token, id_, request.urn, request.inputs, outputs, "", known=False)

    def _left_behind(self, request: Request) -> CloudObject | None:
        """What an interrupted run created for this URN, when it can still become what is wanted now."""
        left = None if request.urn in self._known else self.store.left_behind(request.urn)
        if left is None or left.type != request.type.token:
            return None
        replacing = self.behaviour.replacing(request.type)
        unfit = any(change.replaces for change in changes(left.inputs, request.inputs, replacing))
        return None if unfit else left

    def _take_over(self, left: CloudObject, request: Request) -> CloudObject:
        outputs = {**left.outputs, **request.inputs, **self.behaviour.recomputed(request, left.id)}
        self.store.change(left.type, left.id, request.inputs, outputs)
        return replace(left, inputs=request.inputs, outputs=outputs)

    def read(self, request: Request, id_: str) -> CloudObject | None:
        """The object as it is now, or None when it is gone."""
        self._fail_if_set(request, "read")
        self.note_known(request.urn, id_)
        return self.store.find(request.type.token, id_)

    def update(self, request: Request, id_: str, before: Mapping[str, Value]) -> dict[str, Value]:
        """Change the object; returns its outputs.

        Raises:
            CloudError: the cloud refuses, or the object is gone.
        """
        self._fail_if_set(request, "update")
        found = self.store.find(request.type.token, id_)
        if found is None:
            raise CloudError(
                f"{request.type.token} {id_} does not exist any more: it was deleted outside this program. "
                "Run `pulumi refresh`, then `pulumi up`."
            )
        kept = {name: found.outputs.get(name, before.get(name)) for name in request.type.computed}
        outputs = {**self.behaviour.outputs(request, id_), **kept, **request.inputs}
        outputs.update(self.behaviour.recomputed(request, id_))
        self.store.change(request.type.token, id_, request.inputs, outputs)
        return outputs

    def delete(self, request: Request, id_: str) -> None:
        """Delete the object.

        Raises:
            CloudError: the cloud refuses.
        """
        self._fail_if_set(request, "delete")
        self.store.remove(request.type.token, id_)

    # What may go wrong

    def _fail_if_set(self, request: Request, operation: str) -> None:
        for fault in self.store.faults(FaultKind.ERROR):
            if (
                fault.operation == operation
                and fault.concerns(request.type.token)
                and self.store.use_up(fault)
            ):
                raise CloudError(fault.message)

    def _refuse_if_set(self, request: Request) -> None:
        self._fail_if_set(request, "create")
        token = request.type.token
        for fault in self.store.faults(FaultKind.QUOTA):
            if fault.concerns(token) and self.store.count(token) >= fault.limit:
                raise CloudError(
                    f"quota exceeded: the account may hold {fault.limit} of {token} and has "
                    f"{self.store.count(token)}. Ask the provider for more, or delete some."
                )
        places = self.behaviour.places(request)
        for node_type in self.behaviour.node_types(request):
            for fault in self.store.faults(FaultKind.OUT_OF_STOCK):
                if fault.concerns(node_type) and fault.is_at(places) and self.store.use_up(fault):
                    raise CloudError(self._out_of_stock(fault, node_type, places))

    def _out_of_stock(self, fault: Fault, node_type: str, places: frozenset[str]) -> str:
        where = fault.place or ", ".join(sorted(places)) or "the place asked for"
        return f"out of stock: no {node_type} is available in {where} right now"

    def _wait_if_slow(self, request: Request, id_: str) -> None:
        for fault in self.store.faults(FaultKind.SLOW):
            if fault.concerns(request.type.token) and self.cancelled.wait(fault.seconds):
                raise CloudError(
                    f"cancelled while {request.type.token} {id_} was being created; the cloud goes on with "
                    "it, and the next `pulumi up` finds it."
                )
