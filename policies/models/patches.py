"""Patches of workloads: each changes a container that something else describes; no rule sees the result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from catalog.off_switches import OFF_SWITCHES
from policies.facts import Resource, is_blank, plain
from policies.models.references import Reference, unreadable
from policies.workloads.containers import Container, containers_of
from policies.workloads.mounts import pod_spec_of

__all__ = ["patched"]

_REFUSED: Final = (
    "args",
    "command",
    "envFrom",
    "image",
    "lifecycle",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
)
_FIX: Final = "declare the workload as a whole in this program"


def patched(resource: Resource) -> Iterator[Reference]:
    """Yield what a patch changes of a container's command, configuration or files.

    The off-switches are left to ``call-home-switches``, which judges their values.
    """
    if not resource.type.removesuffix("List").endswith("Patch"):
        return
    for part in containers_of(resource):
        if not isinstance(part, Container):
            continue
        changed = [key for key in _REFUSED if not is_blank(part.raw.get(key))]
        changed += [each.name or "a variable" for each in part.environment if each.name not in OFF_SWITCHES]
        if not is_blank(plain(pod_spec_of(resource, part).get("volumes"))):
            changed.append("volumes")
        if changed:
            yield unreadable(
                part.label,
                f"the patch sets {', '.join(changed[:4])} of a container that something else describes, so "
                "nobody sees which model it then serves",
                _FIX,
            )
