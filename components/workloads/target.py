"""What every Kubernetes component needs to know about its cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.residency import Residency

__all__ = ["ClusterTarget", "RegistryLogin", "selector"]


@dataclass(frozen=True, kw_only=True)
class RegistryLogin:
    """How nodes log in to the image registry."""

    host: pulumi.Input[str]
    username: pulumi.Input[str]
    password: pulumi.Input[str]
    """Secret. Should be able to pull only."""


@dataclass(frozen=True, kw_only=True)
class ClusterTarget:
    """The cluster that objects go to, and the residency they are marked with."""

    provider: pulumi.ProviderResource
    """The Kubernetes provider, set explicitly on every object."""
    residency: Residency
    after: Sequence[pulumi.Resource] = ()
    """What every object waits for and is deleted before, such as the cloud's own controllers."""

    def options(
        self,
        parent: pulumi.Resource,
        *,
        depends_on: Sequence[pulumi.Resource] = (),
        wait: str | None = None,
    ) -> pulumi.ResourceOptions:
        """Options for an object under ``parent``: the parent and the explicit provider, always.

        ``wait`` is how long an update waits for the object to be ready, such as ``30m``; 10 minutes by
        default.
        """
        timeouts = pulumi.CustomTimeouts(create=wait, update=wait) if wait else None
        return pulumi.ResourceOptions(
            parent=parent,
            provider=self.provider,
            depends_on=[*self.after, *depends_on] or None,
            custom_timeouts=timeouts,
        )

    def labels(self, app: str) -> dict[str, str]:
        """Labels of the objects of one workload: what it is, and whose data it handles."""
        return {**selector(app), "app.kubernetes.io/part-of": "sovereign", **self.residency.labels}


def selector(app: str) -> dict[str, str]:
    """The labels that select the pods of a workload. They never change during its life."""
    return {"app.kubernetes.io/name": app}
