"""A namespace for one layer's workloads, closed before anything runs in it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.workloads.network_policies import refuse_everything
from components.workloads.target import ClusterTarget, RegistryLogin

__all__ = ["PULL_SECRET", "ClosedNamespace", "docker_config", "namespace_labels"]

PULL_SECRET = "registry-login"
"""Name of the image pull secret in every namespace that has one."""


class ClosedNamespace(pulumi.ComponentResource):
    """A namespace with residency labels and Pod Security, by default ``restricted``; no path in or out."""

    namespace: str
    pull_secrets: Sequence[str]
    """Names of the image pull secrets there; empty if the registry needs no login."""

    def __init__(
        self,
        name: str,
        *,
        namespace: str,
        target: ClusterTarget,
        login: RegistryLogin | None,
        opts: pulumi.ResourceOptions,
        host_access: bool = False,
    ) -> None:
        """Create ``namespace`` under the logical name ``name``.

        ``host_access`` is for the few pods of the cluster's own that mount a part of their host.
        """
        super().__init__("sovereign:workloads:ClosedNamespace", name, None, opts)
        created = k8s.core.v1.Namespace(
            f"{name}-namespace",
            metadata={"name": namespace, "labels": namespace_labels(target, host_access=host_access)},
            opts=target.options(self),
        )
        k8s.networking.v1.NetworkPolicy(
            f"{name}-refuse-everything",
            metadata={"name": "refuse-everything", "namespace": namespace, "labels": target.residency.labels},
            spec=refuse_everything(),
            opts=target.options(self, depends_on=[created]),
        )
        self.pull_secrets = ()
        if login is not None:
            k8s.core.v1.Secret(
                f"{name}-registry-login",
                metadata={"name": PULL_SECRET, "namespace": namespace, "labels": target.residency.labels},
                type="kubernetes.io/dockerconfigjson",
                string_data={".dockerconfigjson": docker_config(login)},
                opts=target.options(self, depends_on=[created]),
            )
            self.pull_secrets = (PULL_SECRET,)
        self.namespace = namespace
        self.register_outputs({"namespace": namespace})


def namespace_labels(target: ClusterTarget, *, host_access: bool = False) -> dict[str, str]:
    """Residency, and Pod Security ``restricted`` enforced: no root, no capabilities, no host access.

    With ``host_access`` nothing of it is enforced, as no milder level lets a pod mount a part of its host.
    """
    level = "privileged" if host_access else "restricted"
    return {
        **target.residency.labels,
        "pod-security.kubernetes.io/enforce": level,
        "pod-security.kubernetes.io/audit": level,
        "pod-security.kubernetes.io/warn": level,
    }


def docker_config(login: RegistryLogin) -> pulumi.Output[str]:
    """The content of a ``kubernetes.io/dockerconfigjson`` secret."""

    def content(credentials: list[str]) -> str:
        host, username, password = credentials
        auth = base64.b64encode(f"{username}:{password}".encode()).decode()
        entry = {"username": username, "password": password, "auth": auth}
        return json.dumps({"auths": {host: entry}})

    return pulumi.Output.secret(pulumi.Output.all(login.host, login.username, login.password).apply(content))
