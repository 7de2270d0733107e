"""The disk of a server, which a change of its type keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pulumi

from catalog import Catalog, Place, load_catalog

__all__ = ["keeps_its_disk", "mistake"]

_TYPE: Final = "serverType"
_DISK: Final = "primaryDiskSize"


def keeps_its_disk(name: str, place: Place) -> pulumi.ResourceHookBinding:
    """Refuse, also in a preview, to change CPU nodes in place to a type with a smaller disk than they have.

    A server's disk never shrinks. The provider finds out too late: it cuts the power, asks for the type, and
    on Hetzner's refusal ends without switching the server on again (terraform-provider-hcloud,
    internal/server/resource.go and issue 80, 2026-11-24). A node that is replaced gets a new disk, so that
    stays possible.
    """

    def check(args: pulumi.ResourceHookArgs) -> None:
        found = mistake(args.name, args.old_outputs or {}, args.new_inputs or {}, place, load_catalog())
        if found:
            raise ValueError(found)

    hook = pulumi.ResourceHook(f"{name}-disk", check, pulumi.ResourceHookOptions(on_dry_run=True))
    return pulumi.ResourceHookBinding(before_update=[hook])


def mistake(
    node: str, held: Mapping[str, object], wanted: Mapping[str, object], place: Place, catalog: Catalog
) -> str:
    """What is wrong with the type that a node shall have, or an empty text. Unknown sizes are not judged.

    Args:
        node: name of the server.
        held: its outputs in the state.
        wanted: its inputs.
        place: where it stands.
        catalog: how large the disks of node types are.
    """
    has, name = held.get(_DISK), str(wanted.get(_TYPE))
    node_type = catalog.node_type(place.cloud, name)
    disk = node_type.disk_gb if node_type is not None else None
    if name == held.get(_TYPE) or disk is None or not isinstance(has, int | float) or disk >= has:
        return ""
    large = sorted(
        each.name
        for each in catalog.node_types(place.cloud)
        if each.gpu is None and place.code in each.places and (each.disk_gb or 0) >= has
    )
    return (
        f"sovereign:cpuNodeType: found {name!r}, whose disk of {disk} GB is smaller than the {has:g} GB of "
        f"{node}: a disk never shrinks, and Hetzner would leave the server switched off; allowed in "
        f"{place.code}: {', '.join(large) or 'none'}; or renew the node with its new type "
        "(docs/clouds/hetzner.md, By hand, 6)"
    )
