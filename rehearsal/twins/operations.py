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

    def left_behind_inputs(self, urn: str) -> Mapping[str, Value]:
        """The inputs of what an interrupted run left behind under this URN, so that it keeps its name."""
        left = self.store.left_behind(urn)
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
        self.behaviour.admit(request)
        id_ = self.behaviour.identity(request)
        outputs = self.behaviour.outputs(request, id_)
        stored = _stored(id_, self.behaviour.scopes(request)[0])
        try:
            self.store.add(request.type.token, stored, request.urn, request.inputs, outputs)
        except ValueError as error:
            if not self.behaviour.adopts(request):
                raise CloudError(self.behaviour.taken(request, id_)) from error
            self.store.change(request.type.token, stored, request.inputs, outputs)
        self._wait_if_slow(request, id_)
        return CloudObject(request.type.token, id_, request.urn, request.inputs, outputs, "", known=False)

    def _left_behind(self, request: Request) -> CloudObject | None:
        """What an interrupted run created for this URN, when it can still become what is wanted now."""
        left = self.store.left_behind(request.urn)
        if left is None or left.type != request.type.token or self._shown(request, left) is None:
            return None
        replacing = self.behaviour.replacing_in(request)
        unfit = any(change.replaces for change in changes(left.inputs, request.inputs, replacing))
        return None if unfit else left

    def _take_over(self, left: CloudObject, request: Request) -> CloudObject:
        id_ = self._shown(request, left) or left.id
        outputs = self.behaviour.outputs_after_change(request, id_, left.outputs)
        self.store.change(left.type, left.id, request.inputs, outputs)
        return replace(left, id=id_, inputs=request.inputs, outputs=outputs)

    def _find(self, request: Request, id_: str) -> CloudObject | None:
        """The object as stored, with the id it has in the store."""
        for scope in self.behaviour.scopes(request):
            found = self.store.find(request.type.token, _stored(id_, scope))
            if found is not None:
                return found
        return None

    def _shown(self, request: Request, found: CloudObject) -> str | None:
        """The id the engine knows a stored object by, or None when the object belongs elsewhere."""
        for scope in self.behaviour.scopes(request):
            id_ = found.id.removesuffix(f"@{scope}") if scope else found.id
            if found.id == _stored(id_, scope):
                return id_
        return None

    def read(self, request: Request, id_: str) -> CloudObject | None:
        """The object as it is now, or None when it is gone."""
        self._fail_if_set(request, "read")
        found = self._find(request, id_)
        return replace(found, id=id_) if found else self.behaviour.inherent(request, id_)

    def update(self, request: Request, id_: str, before: Mapping[str, Value]) -> dict[str, Value]:
        """Change the object; returns its outputs.

        Raises:
            CloudError: the cloud refuses, or the object is gone.
        """
        self._fail_if_set(request, "update")
        found = self._find(request, id_)
        if found is None:
            raise CloudError(
                f"{request.type.token} {id_} does not exist any more: it was deleted outside this program. "
                "Run `pulumi refresh`, then `pulumi up`."
            )
        self.behaviour.admit(request)
        outputs = self.behaviour.outputs_after_change(request, id_, {**before, **found.outputs})
        self.store.change(found.type, found.id, request.inputs, outputs)
        return outputs

    def delete(self, request: Request, id_: str) -> None:
        """Delete the object.

        Raises:
            CloudError: the cloud refuses.
        """
        self._fail_if_set(request, "delete")
        found = self._find(request, id_)
        if found is not None:
            for item in (*self.behaviour.goes_with(request, id_), found):
                self.store.remove(item.type, item.id)

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
        code = f" ({self.behaviour.out_of_stock_code})" if self.behaviour.out_of_stock_code else ""
        return f"out of stock: no {node_type} is available in {where} right now{code}"

    def _wait_if_slow(self, request: Request, id_: str) -> None:
        for fault in self.store.faults(FaultKind.SLOW):
            if fault.concerns(request.type.token) and self.cancelled.wait(fault.seconds):
                raise CloudError(
                    f"cancelled while {request.type.token} {id_} was being created; the cloud goes on with "
                    "it, and the next `pulumi up` finds it."
                )


def _stored(id_: str, scope: str) -> str:
    """The id of an object in the store, where all scopes are together."""
    return f"{id_}@{scope}" if scope else id_
