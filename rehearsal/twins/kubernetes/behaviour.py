"""How the twin's clusters name, check, complete, change and delete objects."""

import os
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

from rehearsal.cloud import CloudObject
from rehearsal.errors import CloudError
from rehearsal.sdk import ANY, STRING, Property, ResourceType, describe_resource
from rehearsal.sdk.packages import registered_resources
from rehearsal.twins.behaviour import Behaviour, Configuration, Request
from rehearsal.twins.check import Failure, check_inputs
from rehearsal.twins.kubernetes import functions, release
from rehearsal.twins.kubernetes.admission import refuse_change
from rehearsal.twins.kubernetes.cluster import FIRST_NAMESPACES, Cluster
from rehearsal.twins.kubernetes.components import COMPONENTS, Construction, construct
from rehearsal.twins.kubernetes.fields import mapping_at
from rehearsal.twins.kubernetes.kinds import (
    DEFINITION,
    NAMESPACE,
    RELEASE,
    Kind,
    is_namespaced,
    kind_of,
    token_of,
)
from rehearsal.twins.kubernetes.kubeconfig import cluster_names, default_namespace, replacing_settings
from rehearsal.twins.kubernetes.live import importable, live_object, patched, pruned
from rehearsal.twins.kubernetes.manifests import Manifest
from rehearsal.twins.kubernetes.naming import auto_name, identity_of, is_autonamed, named, normalised
from rehearsal.twins.kubernetes.quantity import with_text_quantities
from rehearsal.twins.kubernetes.replacement import replacing_paths
from rehearsal.twins.kubernetes.validation import invalid
from rehearsal.twins.values import UNKNOWN, Value, from_struct

__all__ = ["Kubernetes"]


class Kubernetes(Behaviour):
    """Answers for `kubernetes`. Objects belong to the cluster that the provider's settings mean."""

    accepts_secrets = True
    coerces = False
    deletes_provider_first = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._defined: dict[str, Manifest] = {}
        """CustomResourceDefinitions checked in this session, by URN: a preview does not store them."""

    # What exists

    def resource(self, token: str) -> ResourceType | None:
        """A type of the SDK, or a custom resource of a group that is not Kubernetes' own."""
        return describe_resource(self.package, token) or self._custom(token)

    def _custom(self, token: str) -> ResourceType | None:
        if token.count(":") != 2 or "." not in kind_of(token).group:
            return None
        own = {kind_of(known).group for known in registered_resources(self.package.module)}
        namespace = describe_resource(self.package, NAMESPACE)
        if kind_of(token).group in own or namespace is None:
            return None
        inputs = {name: Property(name, STRING, required=True) for name in ("apiVersion", "kind")}
        return ResourceType(token, {**inputs, "metadata": namespace.inputs["metadata"]})

    def _cluster(self, settings: Configuration) -> Cluster:
        return Cluster(self.store, cluster_names(settings))

    def _definitions(self, settings: Configuration) -> list[Manifest]:
        try:
            stored = self._cluster(settings).definitions()
        except CloudError:  # said when the cluster is first used; a check goes on, as with the plugin
            stored = []
        return [*self._defined.values(), *stored]

    def scopes(self, request: Request) -> tuple[str, ...]:
        """The cluster; a patch stands beside other patches of the same object."""
        names = cluster_names(request.configuration)
        return tuple(f"{name}#{request.urn}" for name in names) if _kind(request).patch else names

    def inherent(self, request: Request, id_: str) -> CloudObject | None:
        """The namespaces every cluster has."""
        if request.type.token != NAMESPACE or id_ not in FIRST_NAMESPACES:
            return None
        inputs: Manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": id_}}
        born = {"metadata": {"uid": f"namespace-{id_}", "creationTimestamp": "2025-01-01T00:00:00Z"}}
        outputs = live_object(_kind(request), inputs, born, preview=False, has_status=True)
        return CloudObject(request.type.token, id_, request.urn, inputs, outputs, "", known=True)

    # Check

    def fill_in(self, request: Request, before: Mapping[str, Value], seed: bytes) -> dict[str, Value]:
        """Name, namespace, apiVersion and kind where the program leaves them out."""
        fresh = auto_name(request.name, request.urn, seed)
        namespace = default_namespace(request.configuration)
        if request.type.token == RELEASE:
            return release.filled_in(request.inputs, before, fresh, namespace)
        kind = _kind(request)
        inputs = normalised(kind, request.inputs, request.type.inputs)
        namespaced = is_namespaced(kind, self._definitions(request.configuration))
        filled = named(inputs, before, fresh, namespace if namespaced else None)
        if request.type.token == DEFINITION:
            self._defined[request.urn] = filled
        return filled

    def failures(self, request: Request) -> list[Failure]:
        """What the API server refuses: types, which it never coerces, then names, labels and quantities."""
        token, declared = request.type.token, dict(request.type.inputs)
        if token == RELEASE:
            return [
                *check_inputs(request.inputs, declared, coerces=False),
                *release.unavailable(request.inputs),
            ]
        if token.endswith("List") and "items" in declared:
            return [Failure("items", "a list exists within manifests only; create the objects in it instead")]
        kind = _kind(request)
        inputs = normalised(kind, request.inputs, declared)
        if "spec" not in declared and self._custom(token) is not None:
            declared.update({name: Property(name, ANY) for name in inputs if name not in declared})
        elif token != DEFINITION:
            inputs = cast(Manifest, with_text_quantities(inputs))
        found = [*check_inputs(inputs, declared, coerces=False), *invalid(kind, inputs)]
        if kind.patch and mapping_at(inputs, "metadata").get("name") is None:
            found.append(Failure("metadata.name", "missing; a patch needs the name of the object it changes"))
        return found

    # Diff

    def replacing_in(self, request: Request) -> Collection[str]:
        """Paths whose change replaces the object."""
        if request.type.token == RELEASE:
            return release.REPLACING
        return replacing_paths(_kind(request), request.inputs, request.configuration)

    def replaces_configuration(self, before: Configuration, after: Configuration) -> tuple[str, ...]:
        """Settings whose change means another cluster."""
        return replacing_settings(before, after)

    def deletes_before_replacing(self, request: Request) -> bool:
        """Whether old and new would have the same name in the same namespace."""
        if request.type.token == RELEASE or is_autonamed(request.inputs):
            return False
        return identity_of(request.inputs) == identity_of(request.before)

    # Create, change, read, delete

    def admit(self, request: Request) -> None:
        """Refuse what the API server refuses in view of what exists."""
        if request.before:
            refuse_change(_kind(request), request.before, request.inputs)
            return
        inputs = request.inputs
        if request.type.token == RELEASE:
            namespace = None if inputs.get("createNamespace") is True else inputs.get("namespace")
        else:
            namespace = mapping_at(inputs, "metadata").get("namespace")
        if namespace and not self._cluster(request.configuration).has_namespace(str(namespace)):
            raise CloudError(
                f'namespaces "{namespace}" not found: {self.identity(request)} needs it. Create the '
                "namespace in the same program and take its name from the resource, so that it comes "
                "first."
            )
        if self.inherent(request, self.identity(request)) is not None:
            raise CloudError(self.taken(request, self.identity(request)))

    def taken(self, request: Request, id_: str) -> str:
        """What the API says when the name is in use."""
        name = id_.rpartition("/")[2]
        if request.type.token == RELEASE:
            return f"cannot re-use a name that is still in use: the Helm release {id_} exists; choose another"
        return (
            f'{_kind(request).resource} "{name}" already exists: {id_} is in the cluster already. Import '
            "it, change it with a patch resource, or set upsertExistingObjects on the provider to take it "
            "over."
        )

    def adopts(self, request: Request) -> bool:
        """Whether the provider was told to take over what exists already."""
        default = os.environ.get("PULUMI_K8S_UPSERT_EXISTING_OBJECTS", "")
        return str(request.configuration.get("upsertExistingObjects", default)).lower() == "true"

    def identity(self, request: Request) -> str:
        """`namespace/name`, or the name alone outside namespaces."""
        if request.type.token == RELEASE:
            return release.identity_of(request.inputs)
        return identity_of(request.inputs)

    def outputs(self, request: Request, id_: str) -> dict[str, Any]:
        """The object as the cluster holds it."""
        return self._outputs(request, {}, preview=False)

    def outputs_at_preview(self, request: Request) -> dict[str, Any]:
        """The object with all that the cluster decides unknown."""
        return self._outputs(request, {}, preview=True)

    def outputs_after_change(self, request: Request, id_: str, before: Mapping[str, Value]) -> dict[str, Any]:
        """The changed object; what the cluster has decided stays."""
        return self._outputs(request, before, preview=False)

    def outputs_at_change_preview(self, request: Request, before: Mapping[str, Value]) -> dict[str, Any]:
        """The changed object with a status that is unknown."""
        return self._outputs(request, before, preview=True)

    def _outputs(self, request: Request, before: Mapping[str, Value], *, preview: bool) -> dict[str, Any]:
        if request.type.token == RELEASE:
            return release.outputs_of(request.inputs, before, preview=preview)
        kind = _kind(request)
        if kind.patch:
            return self._patch_outputs(request, kind, preview=preview)
        has_status = "status" in request.type.outputs
        return live_object(kind, request.inputs, before, preview=preview, has_status=has_status)

    def _patch_outputs(self, request: Request, kind: Kind, *, preview: bool) -> dict[str, Any]:
        target: CloudObject | None = None
        if not preview:
            token = token_of(kind.api_version, kind.name)
            target = self._cluster(request.configuration).find(token, self.identity(request))
        known: Mapping[str, Value] = target.outputs if target else {}
        if preview and "status" in request.type.outputs:
            known = {"status": UNKNOWN}
        return patched(known, request.inputs)

    def live_inputs(self, request: Request, found: CloudObject) -> Mapping[str, Value]:
        """What of the live object the program has a say in; all of it when the program takes it over."""
        if request.type.token == RELEASE:
            return found.inputs
        return pruned(found.outputs, request.inputs) if request.inputs else importable(found.outputs)

    def goes_with(self, request: Request, id_: str) -> list[CloudObject]:
        """What is in a namespace goes with it, and the objects of a custom kind with their definition."""
        cluster = self._cluster(request.configuration)
        if request.type.token == NAMESPACE:
            return cluster.in_namespace(id_)
        return cluster.defined_by(dict(request.inputs)) if request.type.token == DEFINITION else []

    # Functions and components

    def invoke(
        self, token: str, arguments: Mapping[str, Value], configuration: Configuration
    ) -> dict[str, Any] | None:
        """Manifests and charts as objects."""
        return functions.answer(token, arguments)

    def construct(
        self, request: Any, configuration: Configuration, warn: Callable[[str, str], None]
    ) -> Any | None:
        """Make a component with its children."""
        if request.type == "kubernetes:kustomize/v2:Directory":
            raise CloudError(functions.KUSTOMIZE_REFUSAL)
        declared = describe_resource(self.package, request.type)
        if request.type not in COMPONENTS or declared is None:
            return None
        inputs = from_struct(request.inputs)
        found = check_inputs(inputs, declared.inputs, coerces=False)
        if found:
            raise CloudError("; ".join(f"{request.name}: {item.path}: {item.reason}" for item in found))
        cluster_names(configuration)
        return construct(
            Construction(
                request,
                inputs,
                default_namespace(configuration),
                self._definitions(configuration),
                self.package.version,
                warn,
            )
        )


def _kind(request: Request) -> Kind:
    return kind_of(request.type.token, request.inputs)
