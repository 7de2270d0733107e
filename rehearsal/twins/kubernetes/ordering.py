"""The order in which a component's objects are made: namespaces and definitions before what needs them."""

from collections.abc import Mapping, Sequence

from rehearsal.errors import CloudError
from rehearsal.twins.kubernetes.fields import mapping_at
from rehearsal.twins.kubernetes.kinds import kind_of, token_of
from rehearsal.twins.kubernetes.manifests import Manifest
from rehearsal.twins.values import Value

__all__ = ["Reference", "levels", "reference_of"]

_DEPENDS_ON = "config.kubernetes.io/depends-on"

Reference = tuple[str, str, str, str]
"""Group, kind, namespace (empty outside namespaces) and name."""


def reference_of(manifest: Mapping[str, Value]) -> Reference:
    """What identifies an object within a component."""
    kind = kind_of(token_of(str(manifest["apiVersion"]), str(manifest["kind"])), manifest)
    metadata = mapping_at(manifest, "metadata")
    return kind.group, kind.name, str(metadata.get("namespace") or ""), str(metadata["name"])


def levels(objects: Sequence[Manifest]) -> list[list[tuple[Manifest, frozenset[Reference]]]]:
    """The objects in groups, each needing only what is in the groups before it, with what each needs.

    An object needs its namespace, the definition of its kind, and what its annotation
    `config.kubernetes.io/depends-on` names, as far as they are among the objects.

    Raises:
        CloudError: an annotation cannot be read, or objects need one another in a circle.
    """
    by_reference = {reference_of(manifest): manifest for manifest in objects}
    definitions = {
        (
            str(mapping_at(item, "spec").get("group")),
            str(mapping_at(item, "spec", "names").get("kind")),
        ): reference
        for reference, item in by_reference.items()
        if reference[1] == "CustomResourceDefinition"
    }
    needs = {
        reference: frozenset(_needs(reference, manifest, definitions)) & by_reference.keys() - {reference}
        for reference, manifest in by_reference.items()
    }
    made: set[Reference] = set()
    found: list[list[tuple[Manifest, frozenset[Reference]]]] = []
    while len(made) < len(needs):
        ready = [reference for reference in needs if reference not in made and needs[reference] <= made]
        if not ready:
            circle = ", ".join(f"{kind} {name}" for _, kind, _, name in needs.keys() - made)
            raise CloudError(
                f"these objects need one another in a circle: {circle}; mend their {_DEPENDS_ON}"
            )
        found.append([(by_reference[reference], needs[reference]) for reference in ready])
        made.update(ready)
    return found


def _needs(
    reference: Reference, manifest: Mapping[str, Value], definitions: Mapping[tuple[str, str], Reference]
) -> list[Reference]:
    group, kind, namespace, _ = reference
    found = [("", "Namespace", "", namespace)] if namespace else []
    definition = definitions.get((group, kind))
    if definition is not None:
        found.append(definition)
    annotation = mapping_at(manifest, "metadata", "annotations").get(_DEPENDS_ON)
    if isinstance(annotation, str):
        found.extend(_named(part.strip()) for part in annotation.split(",") if part.strip())
    return found


def _named(text: str) -> Reference:
    """`group/namespaces/namespace/kind/name` or `group/kind/name`; the core group is empty."""
    parts = text.split("/")
    if len(parts) == 5 and parts[1] == "namespaces":
        return parts[0], parts[3], parts[2], parts[4]
    if len(parts) == 3:
        return parts[0], parts[1], "", parts[2]
    raise CloudError(
        f"{_DEPENDS_ON}: {text!r} names no object; expected <group>/namespaces/<namespace>/<kind>/<name> or "
        "<group>/<kind>/<name>, with an empty group for the core one"
    )
