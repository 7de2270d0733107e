"""What is particular to one provider. The base class knows nothing particular."""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from rehearsal.cloud import CloudObject, CloudStore, FaultKind
from rehearsal.sdk import (
    Package,
    Property,
    ResourceType,
    describe_function,
    describe_provider,
    describe_resource,
)
from rehearsal.sdk.replacement import PLACE_INPUTS, replacing_inputs
from rehearsal.twins.check import Failure, check_inputs
from rehearsal.twins.outputs import made_up, short_hash
from rehearsal.twins.values import UNKNOWN, Value

__all__ = ["Behaviour", "Configuration", "Request"]

Configuration = Mapping[str, Value]
"""The inputs a provider resource was configured with."""


@dataclass(frozen=True)
class Request:
    """A resource as one call of the engine describes it."""

    urn: str
    type: ResourceType
    inputs: Mapping[str, Value]
    configuration: Configuration = field(default_factory=dict[str, Value])
    before: Mapping[str, Value] = field(default_factory=dict[str, Value])
    """The inputs the resource has now; empty for one that does not exist yet."""

    @property
    def name(self) -> str:
        """The resource's name in the program: the last part of its URN."""
        return self.urn.rsplit("::", 1)[-1]


class Behaviour:
    """How one provider names, places and completes what it creates. Subclasses override what differs."""

    coerces = True
    """Whether numbers may be written as strings and the reverse (bridged Terraform providers do)."""
    node_type_inputs: Sequence[str] = ()
    """Inputs that name a type of machine, which may be out of stock; dotted for nested ones."""
    out_of_stock_code = ""
    """The API's own word for a machine that is out of stock, if it has one."""
    accepts_secrets = False
    """Whether secrets are marked by the twin; otherwise the engine does it, and no component can be made."""
    deletes_provider_first = True
    """Whether all that a provider holds is deleted before its replacement makes it anew."""

    def __init__(self, package: Package, store: CloudStore) -> None:
        self.package = package
        self.store = store

    # What exists

    def resource(self, token: str) -> ResourceType | None:
        """What is known of a type; None when the provider has no such type."""
        return describe_resource(self.package, token)

    def settings(self) -> Mapping[str, Property]:
        """The provider's own configuration."""
        return describe_provider(self.package)

    def scopes(self, request: Request) -> tuple[str, ...]:
        """Where the object's id is unique: new objects go under the first name, any may hold one that exists.

        An empty name stands for the whole of the provider.
        """
        return ("",)

    def inherent(self, request: Request, id_: str) -> CloudObject | None:
        """An object that exists without anyone having created it."""
        return None

    # Check

    def fill_in(self, request: Request, before: Mapping[str, Value], seed: bytes) -> dict[str, Value]:
        """The inputs with what the plugin itself adds: a physical name when the program gives none."""
        inputs = dict(request.inputs)
        named = request.type.inputs.get("name")
        if named is not None and not named.required and inputs.get("name") is None:
            suffix = seed.hex()[:7] if seed else short_hash(request.urn, 7)
            inputs["name"] = before.get("name") or f"{request.name}-{suffix}"
        return inputs

    def failures(self, request: Request) -> list[Failure]:
        """What the provider would refuse in the inputs."""
        return check_inputs(request.inputs, request.type.inputs, coerces=self.coerces)

    # Diff

    def replacing(self, type_: ResourceType) -> frozenset[str]:
        """Inputs whose change replaces the resource."""
        return replacing_inputs(type_)

    def replacing_in(self, request: Request) -> Collection[str]:
        """Inputs, nested ones as dotted paths, whose change replaces this very resource."""
        return self.replacing(request.type)

    def replaces_configuration(self, before: Configuration, after: Configuration) -> tuple[str, ...]:
        """Provider settings whose change replaces the provider and so everything it holds."""
        return ()

    def deletes_before_replacing(self, request: Request) -> bool:
        """Whether old and new cannot exist side by side: the program fixed the physical name."""
        name = request.inputs.get("name")
        return isinstance(name, str) and not name.startswith(f"{request.name}-")

    # Create, change, delete

    def admit(self, request: Request) -> None:
        """Refuse a new object, or a change, in view of what exists.

        Raises:
            CloudError: the cloud refuses.
        """

    def taken(self, request: Request, id_: str) -> str:
        """What the cloud says when there is an object of this id already."""
        return (
            f"{request.type.token} {id_} already exists: the name is taken. Give the resource another name, "
            "or import the existing one."
        )

    def adopts(self, request: Request) -> bool:
        """Whether an object that exists already is taken over instead of refused."""
        return False

    def goes_with(self, request: Request, id_: str) -> Sequence[CloudObject]:
        """What is deleted together with the object."""
        return ()

    def identity(self, request: Request) -> str:
        """The id of a new object."""
        return str(uuid.uuid4())

    def computed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """Outputs this provider is known to compute in a particular way; the rest are made up by shape."""
        return {}

    def recomputed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """Computed outputs that follow the inputs when those change; all others keep their first value."""
        return {}

    def outputs(self, request: Request, id_: str) -> dict[str, Any]:
        """All outputs of a new object."""
        completed = {name: made_up(name, request.type.outputs[name], id_) for name in request.type.computed}
        return {**completed, **self.placed(request), **request.inputs, **self.computed(request, id_)}

    def placed(self, request: Request) -> dict[str, Any]:
        """Place inputs left out, as the provider's own configuration fills them in."""
        return {
            name: request.configuration[name]
            for name in PLACE_INPUTS & set(request.type.inputs)
            if request.inputs.get(name) is None and request.configuration.get(name) is not None
        }

    def outputs_at_preview(self, request: Request) -> dict[str, Any]:
        """Outputs before the object exists: inputs are known, everything the cloud decides is not."""
        unset = {name for name in PLACE_INPUTS & set(request.type.inputs) if request.inputs.get(name) is None}
        return {**dict.fromkeys((*request.type.computed, *unset), UNKNOWN), **request.inputs}

    def outputs_after_change(self, request: Request, id_: str, before: Mapping[str, Value]) -> dict[str, Any]:
        """All outputs of a changed object, whose outputs were `before`."""
        kept = {name: before.get(name) for name in request.type.computed}
        return {**self.outputs(request, id_), **kept, **request.inputs, **self.recomputed(request, id_)}

    def outputs_at_change_preview(self, request: Request, before: Mapping[str, Value]) -> dict[str, Any]:
        """Outputs before the change is made."""
        return {**before, **request.inputs}

    def live_inputs(self, request: Request, found: CloudObject) -> Mapping[str, Value]:
        """The inputs that an object read from the cloud stands for."""
        return found.inputs

    # Faults

    def places(self, request: Request) -> frozenset[str]:
        """Where the object is or will be: its own place inputs, its parents' and the provider's."""
        places = {
            value
            for name in PLACE_INPUTS
            for value in _strings(request.inputs.get(name) or request.configuration.get(name))
        }
        for name, value in request.inputs.items():
            if name.endswith("Id") and isinstance(value, str):
                parent = self.store.find_id(value)
                if parent is not None:
                    places.update(
                        text for place in PLACE_INPUTS for text in _strings(parent.outputs.get(place))
                    )
        return frozenset(places)

    def node_types(self, request: Request) -> tuple[str, ...]:
        """The types of machine the object needs."""
        found: list[str] = []
        for path in self.node_type_inputs:
            value: Value = dict(request.inputs)
            for part in path.split("."):
                value = cast("dict[str, Value]", value).get(part) if isinstance(value, dict) else None
            if isinstance(value, str):
                found.append(value)
        return tuple(found)

    # Functions and components

    def construct(
        self, request: Any, configuration: Configuration, warn: Callable[[str, str], None]
    ) -> Any | None:
        """Make a component with its children, or None when there is no such component.

        Args:
            request: the engine's ConstructRequest.
            configuration: the settings of the provider that is asked.
            warn: shows a warning, given as message and URN.
        """
        return None

    def invoke(
        self, token: str, arguments: Mapping[str, Value], configuration: Configuration
    ) -> dict[str, Any] | None:
        """The answer of a provider function, or None when there is no such function.

        Without knowledge of the function: its arguments, and made-up values for every other result.

        Args:
            token: the function.
            arguments: as the program gave them.
            configuration: the settings of the provider that is asked.
        """
        shapes = describe_function(self.package, token)
        if shapes is None:
            return None
        completed = {name: made_up(name, shape, token) for name, shape in shapes.items()}
        given = {name: value for name, value in arguments.items() if name in shapes}
        return {**completed, **given, **self.told(token, arguments, configuration)}

    def told(
        self, token: str, arguments: Mapping[str, Value], configuration: Configuration
    ) -> Mapping[str, Any]:
        """What this cloud is known to answer to a function; the rest is made up by shape."""
        return {}

    def has_stock(self, node_type: str, place: str | None) -> bool:
        """Whether a pool of this node type could be made now."""
        places = frozenset({place} if place else ())
        return not any(
            fault.concerns(node_type) and fault.is_at(places)
            for fault in self.store.faults(FaultKind.OUT_OF_STOCK)
        )


def _strings(value: Value) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    items = cast("list[Value]", value) if isinstance(value, list) else []
    return tuple(item for item in items if isinstance(item, str))
