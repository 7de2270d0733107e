"""HAProxy as a Deployment with its configuration, in a closed namespace."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.networking.v1 import NetworkPolicySpecArgsDict

from components.haproxy.pods import HaproxyPods, haproxy_pods
from components.workloads.namespace import ClosedNamespace
from components.workloads.surroundings import WorkloadSurroundings
from components.workloads.target import ClusterTarget

__all__ = ["HaproxyArgs", "HaproxyWorkload"]

CONFIG_HASH = "sovereign.dev/config-sha256"
"""Pod annotation with the hash of the configuration that the pod was started with."""


@dataclass(frozen=True, kw_only=True)
class HaproxyArgs:
    """One HAProxy workload."""

    app: str
    """Name of the Deployment, its pods, account and policies."""
    image: str
    """``repository@sha256:…``."""
    replicas: int
    port: int
    config: pulumi.Input[str]
    """Content of ``haproxy.cfg``."""
    paths: NetworkPolicySpecArgsDict
    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Name to content of what the configuration reads beside it, in ``CONFIG_DIRECTORY``; nothing secret."""
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    secret_mounts: Mapping[str, str] = field(default_factory=dict[str, str])
    priority_class: str | None = None
    cpu: str = "500m"
    memory: str = "256Mi"


class HaproxyWorkload(pulumi.ComponentResource):
    """Deployment, configuration and surroundings. The Service is left to whoever uses it.

    The ConfigMap is immutable and bears the hash of its content in its name: a new configuration is a new
    map, pods move to it one by one, and the old map goes when nobody reads it any more.
    """

    def __init__(
        self,
        name: str,
        args: HaproxyArgs,
        *,
        namespace: ClosedNamespace,
        target: ClusterTarget,
        opts: pulumi.ResourceOptions,
        needed_first: Sequence[pulumi.Resource] = (),
    ) -> None:
        """Create the workload under the logical name ``name``, its pods after ``needed_first``."""
        super().__init__("sovereign:haproxy:Workload", name, None, opts)
        labels = target.labels(args.app)
        surroundings = WorkloadSurroundings(
            name,
            app=args.app,
            namespace=namespace,
            paths=args.paths,
            target=target,
            opts=pulumi.ResourceOptions(parent=self),
        )
        config = pulumi.Output.from_input(args.config)
        digest = pulumi.Output.all(config, *args.files.values()).apply(_sha256_of_all)
        config_map_name = digest.apply(lambda value: f"{args.app}-{value[:10]}")
        config_map = k8s.core.v1.ConfigMap(
            f"{name}-config",
            metadata={
                "name": config_map_name,
                "namespace": namespace.namespace,
                "labels": labels,
            },
            data={"haproxy.cfg": config, **args.files},
            immutable=True,
            opts=target.options(self, depends_on=[namespace]),
        )
        pods = HaproxyPods(
            app=args.app,
            image=args.image,
            replicas=args.replicas,
            labels=labels,
            port=args.port,
            config_map=config_map_name,
            annotations={CONFIG_HASH: digest, **args.annotations},
            secret_mounts=args.secret_mounts,
            priority_class=args.priority_class,
            cpu=args.cpu,
            memory=args.memory,
        )
        k8s.apps.v1.Deployment(
            f"{name}-deployment",
            metadata={"name": args.app, "namespace": namespace.namespace, "labels": labels},
            spec=haproxy_pods(pods),
            opts=target.options(self, depends_on=[surroundings, config_map, *needed_first]),
        )
        self.register_outputs({})


def _sha256_of_all(texts: list[str]) -> str:
    return hashlib.sha256("".join(texts).encode()).hexdigest()
