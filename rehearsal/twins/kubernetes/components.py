"""The plugin's components: ConfigGroup and ConfigFile (yaml/v2) and Chart (helm.sh/v4).

Names, order and options of the children as in pulumi-kubernetes (provider/pkg/provider/yaml/v2/yaml.go and
helm/v4/chart.go, read 2026-11).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pulumi.runtime.proto import provider_pb2

from rehearsal.errors import CloudError
from rehearsal.twins.kubernetes.charts import Rendering, locate_chart, rendered, values_texts
from rehearsal.twins.kubernetes.fields import mapping_at
from rehearsal.twins.kubernetes.kinds import token_of
from rehearsal.twins.kubernetes.manifests import Manifest, decoded, expanded, in_namespace, read_files
from rehearsal.twins.kubernetes.ordering import Reference, levels, reference_of
from rehearsal.twins.kubernetes.registration import Child, Registration
from rehearsal.twins.values import Value, contains_unknown, resource_reference, secret, to_struct

__all__ = ["COMPONENTS", "Construction", "construct"]

_SKIP_AWAIT = "pulumi.com/skipAwait"
_RESOURCE_POLICY = "helm.sh/resource-policy"


@dataclass(frozen=True)
class Construction:
    """One component to be made."""

    request: Any
    """The engine's ConstructRequest."""
    inputs: Mapping[str, Value]
    namespace: str
    """Where objects without a namespace go."""
    definitions: Sequence[Manifest]
    """The CustomResourceDefinitions the cluster has."""
    version: str
    warn: Callable[[str, str], None]
    """Shows a warning, given as message and URN."""

    @property
    def prefix(self) -> str:
        """What the names of the children start with: the component's own name unless another is given."""
        given = self.inputs.get("resourcePrefix")
        prefix = self.request.name if given is None else str(given)
        return f"{prefix}:" if prefix else ""


def construct(asked: Construction) -> Any:
    """Register the component and its children; the engine's ConstructResponse.

    With an input that is not known yet there are no children, and a warning says so.

    Raises:
        CloudError: the manifests or the chart cannot be used, or a child fails.
    """
    request = asked.request
    with Registration(request, asked.version) as registration:
        urn = registration.component()
        if contains_unknown(asked.inputs):
            asked.warn(
                f"{request.type}:{request.name} has inputs that are not known yet, so the objects in it "
                "are left out and no policy sees them. Preview is incomplete.",
                urn,
            )
            return provider_pb2.ConstructResponse(urn=urn, state=to_struct({}))
        objects = expanded(_OBJECTS[request.type](asked), f"{request.name}'s manifests")
        placed = in_namespace(objects, _namespace(asked), [*asked.definitions, *objects])
        made = _register(asked, registration, urn, [*placed])
    references = [resource_reference(child, id_, asked.version) for child, id_ in made]
    dependencies = provider_pb2.ConstructResponse.PropertyDependencies(urns=[child for child, _ in made])
    return provider_pb2.ConstructResponse(
        urn=urn, state=to_struct({"resources": references}), stateDependencies={"resources": dependencies}
    )


def _namespace(asked: Construction) -> str:
    own = asked.inputs.get("namespace")
    return str(own) if own else asked.namespace


def _register(
    asked: Construction, registration: Registration, urn: str, objects: list[Manifest]
) -> list[tuple[str, str]]:
    known: dict[Reference, str] = {}
    made: list[tuple[str, str]] = []
    for level in levels(objects):
        children = [
            _child(asked, manifest, [known[need] for need in sorted(needs)]) for manifest, needs in level
        ]
        answers = registration.children(urn, children)
        known.update(
            {reference_of(item): child for (item, _), (child, _) in zip(level, answers, strict=True)}
        )
        made.extend(answers)
    return made


def _child(asked: Construction, manifest: Manifest, dependencies: list[str]) -> Child:
    metadata = dict(mapping_at(manifest, "metadata"))
    annotations = mapping_at(metadata, "annotations")
    if asked.inputs.get("skipAwait") is True:
        metadata["annotations"] = {**annotations, _SKIP_AWAIT: "true"}
    inputs = {**manifest, "metadata": metadata}
    hidden: tuple[str, ...] = ()
    version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
    if (version, kind) == ("v1", "Secret"):
        hidden = ("data", "stringData")
        inputs.update({name: secret(inputs[name]) for name in hidden if inputs.get(name) is not None})
    parts = (metadata.get("namespace"), metadata["name"])
    name = "/".join(str(part) for part in parts if part)
    keeps = asked.request.type == _CHART and annotations.get(_RESOURCE_POLICY) == "keep"
    return Child(token_of(version, kind), f"{asked.prefix}{name}", inputs, dependencies, hidden, keeps)


# Where the objects come from


def _of_group(asked: Construction) -> list[Manifest]:
    inputs = asked.inputs
    files = cast("list[str]", inputs.get("files") or [])
    found = _decoded_files(files, patterns=True)
    if inputs.get("yaml"):
        found.extend(decoded(str(inputs["yaml"]), f"{asked.request.name}'s yaml"))
    for item in cast("list[Value]", inputs.get("objs") or []):
        if not isinstance(item, dict):
            raise CloudError(f"{asked.request.name}: objs takes objects, not {type(item).__name__}")
        found.append(cast(Manifest, item))
    return found


def _of_file(asked: Construction) -> list[Manifest]:
    return _decoded_files([str(asked.inputs["file"])], patterns=False)


def _decoded_files(paths: list[str], *, patterns: bool) -> list[Manifest]:
    return [item for name, text in read_files(paths, patterns=patterns) for item in decoded(text, name)]


def _of_chart(asked: Construction) -> list[Manifest]:
    inputs = asked.inputs
    renderer = mapping_at(inputs, "postRenderer")
    command = (
        [str(renderer["command"]), *(str(item) for item in renderer.get("args") or ())] if renderer else ()
    )
    text = rendered(
        Rendering(
            chart=locate_chart(
                str(inputs["chart"]), str(mapping_at(inputs, "repositoryOpts").get("repo") or "")
            ),
            name=str(inputs.get("name") or asked.request.name),
            namespace=_namespace(asked),
            values=mapping_at(inputs, "values"),
            values_files=values_texts(inputs.get("valueYamlFiles")),
            definitions=inputs.get("skipCrds") is not True,
            post_renderer=command,
            verify=inputs.get("verify") is True,
            keyring=str(mapping_at(inputs, "keyring").get("path") or ""),
        )
    )
    return decoded(text, f"the rendered chart {inputs['chart']}")


_CHART = "kubernetes:helm.sh/v4:Chart"

_OBJECTS: Mapping[str, Callable[[Construction], list[Manifest]]] = {
    "kubernetes:yaml/v2:ConfigGroup": _of_group,
    "kubernetes:yaml/v2:ConfigFile": _of_file,
    _CHART: _of_chart,
}

COMPONENTS = frozenset(_OBJECTS)
"""Type tokens of the components that can be constructed."""
