"""The jurisdiction router as a workload with its public Service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.core.v1 import ServiceSpecArgsDict

from components.clouds import EdgeAddress
from components.haproxy import HaproxyArgs, HaproxyWorkload
from components.platform import EGRESS_NAMESPACE, INFERENCE_NAMESPACE
from components.platform.egress_gate import GATE_APP
from components.router.certificate import EdgeCertificate
from components.router.configuration import (
    CERTIFICATE_DIRECTORY,
    EDGE_PORT,
    RouterConfiguration,
    render_router,
)
from components.workloads import ClosedNamespace, ClusterTarget, selector
from components.workloads.network_policies import DNS, from_anywhere, pod_policy, to_pods

__all__ = ["ROUTER_APP", "JurisdictionRouter", "RouterArgs"]

ROUTER_APP = "jurisdiction-router"
ROUTER_REPLICAS = 2

CERTIFICATE_HASH = "sovereign.dev/certificate-sha256"
"""Pod annotation with the hash of the certificate that the pod was started with."""


@dataclass(frozen=True, kw_only=True)
class RouterArgs:
    """One edge."""

    image: str
    """HAProxy by digest."""
    host: str
    configuration: RouterConfiguration
    address: EdgeAddress
    tls_provider: pulumi.ProviderResource
    priority_class: str
    trusted: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Name to certificate in PEM form of each sibling of the configuration."""


class JurisdictionRouter(pulumi.ComponentResource):
    """HAProxy behind a load balancer, with the jurisdiction's own name, certificate and address.

    It holds the address of no engine outside its cluster, and its pods can reach none: a request that belongs
    elsewhere is refused with the right base URL, never forwarded. Other sites of the same jurisdiction it
    reaches by the egress gate alone.
    """

    service: k8s.core.v1.Service
    certificate: pulumi.Output[str]
    """Of the edge, in PEM form; public."""

    def __init__(
        self,
        name: str,
        args: RouterArgs,
        *,
        namespace: ClosedNamespace,
        target: ClusterTarget,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Create the router under the logical name ``name``."""
        super().__init__("sovereign:router:JurisdictionRouter", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        certificate = EdgeCertificate(
            f"{name}-tls",
            host=args.host,
            tls_provider=args.tls_provider,
            namespace=namespace,
            target=target,
            opts=own,
        )
        engines = [
            to_pods(INFERENCE_NAMESPACE, upstream.name, upstream.port)
            for upstream in args.configuration.upstreams
        ]
        siblings = args.configuration.siblings
        doors = [to_pods(EGRESS_NAMESPACE, GATE_APP, sibling.port) for sibling in siblings]
        haproxy = HaproxyWorkload(
            f"{name}-haproxy",
            HaproxyArgs(
                app=ROUTER_APP,
                image=args.image,
                replicas=ROUTER_REPLICAS,
                port=EDGE_PORT,
                config=render_router(args.configuration),
                paths=pod_policy(
                    ROUTER_APP, ingress=[from_anywhere(EDGE_PORT)], egress=[DNS, *engines, *doors]
                ),
                files={sibling.trusted_file: args.trusted[sibling.name] for sibling in siblings},
                annotations={CERTIFICATE_HASH: certificate.fingerprint},
                secret_mounts={certificate.secret_name: CERTIFICATE_DIRECTORY},
                priority_class=args.priority_class,
            ),
            namespace=namespace,
            target=target,
            needed_first=[certificate],
            opts=own,
        )
        spec: ServiceSpecArgsDict = {
            "type": "LoadBalancer",
            "selector": selector(ROUTER_APP),
            "ports": [{"name": "https", "port": 443, "target_port": EDGE_PORT, "protocol": "TCP"}],
        }
        if args.address.load_balancer_ip is not None:
            spec["load_balancer_ip"] = args.address.load_balancer_ip
        self.service = k8s.core.v1.Service(
            f"{name}-service",
            metadata={
                "name": ROUTER_APP,
                "namespace": namespace.namespace,
                "labels": target.labels(ROUTER_APP),
                "annotations": args.address.annotations,
            },
            spec=spec,
            opts=target.options(self, depends_on=[namespace, haproxy]),
        )
        self.certificate = certificate.certificate
        self.register_outputs({})
