"""The one door out of the cluster, for pods that serve models and for the router.

A NetworkPolicy knows addresses, not names, so it cannot allow "the bucket". Serving pods are therefore
allowed to reach this gate and nothing outside the cluster, and the gate dials one host: the bucket's. TLS
stays end to end, the gate sees the host name and the number of bytes. Its own policy allows port 443 of any
public address; it runs no model code and sees no prompt.

In a stack of several sites the router may reach the edges of the others, each by a port of the gate that
dials that edge and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.core.v1 import ServicePortArgsDict

from components.haproxy import (
    HARD_STOP_SECONDS,
    HEALTH_PORT,
    HaproxyArgs,
    HaproxyWorkload,
    checked_host,
    checked_word,
    render,
)
from components.workloads.namespace import ClosedNamespace
from components.workloads.network_policies import DNS, from_everything_in, pod_policy, to_public_https
from components.workloads.target import ClusterTarget, selector

__all__ = ["GATE_APP", "GATE_PORT", "EgressGate", "Passage", "gate_host", "host_of", "render_egress_gate"]

GATE_APP = "egress-gate"
GATE_PORT = 8443

_REPLICAS = 2


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A way through the gate to one host."""

    name: str
    """Lower-case letters, digits and ``-``."""
    host: str
    """Dialled on port 443."""
    port: int
    """Of the gate."""


def gate_host(namespace: str) -> str:
    """Name of the gate's Service inside the cluster."""
    return f"{GATE_APP}.{namespace}.svc.cluster.local"


def host_of(url: str) -> str:
    """The host of an ``https://`` URL.

    Raises:
        ValueError: it is not such a URL, or its host is not a DNS name.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.port not in (None, 443):
        message = f"{url!r} is not https://host: weights are fetched by TLS on port 443"
        raise ValueError(message)
    return checked_host(parts.hostname)


def render_egress_gate(bucket_url: str, passages: Sequence[Passage] = ()) -> str:
    """The gate's HAProxy configuration for the bucket behind ``bucket_url`` and for ``passages``.

    Raises:
        ValueError: a host is not a DNS name, or a name would not stay one word.
    """
    for passage in passages:
        checked_host(passage.host)
        checked_word(passage.name)
    return render(
        "platform/egress_gate.cfg.j2",
        bucket_host=host_of(bucket_url),
        passages=passages,
        port=GATE_PORT,
        health_port=HEALTH_PORT,
        hard_stop_seconds=HARD_STOP_SECONDS,
    )


class EgressGate(pulumi.ComponentResource):
    """The gate's workload and its Service."""

    host: str
    """Name of the Service inside the cluster."""

    def __init__(
        self,
        name: str,
        *,
        image: str,
        bucket_url: pulumi.Input[str],
        serving_namespace: str,
        routing_namespace: str,
        passages: Sequence[Passage],
        namespace: ClosedNamespace,
        target: ClusterTarget,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Create the gate under the logical name ``name``.

        Pods of ``serving_namespace`` reach the bucket by it, pods of ``routing_namespace`` the ``passages``.
        """
        super().__init__("sovereign:platform:EgressGate", name, None, opts)
        args = HaproxyArgs(
            app=GATE_APP,
            image=image,
            replicas=_REPLICAS,
            port=GATE_PORT,
            config=pulumi.Output.from_input(bucket_url).apply(lambda url: render_egress_gate(url, passages)),
            paths=pod_policy(
                GATE_APP,
                ingress=[
                    from_everything_in(serving_namespace, GATE_PORT),
                    *(from_everything_in(routing_namespace, passage.port) for passage in passages),
                ],
                egress=[DNS, to_public_https()],
            ),
            cpu="100m",
            memory="128Mi",
        )
        own = pulumi.ResourceOptions(parent=self)
        HaproxyWorkload(f"{name}-haproxy", args, namespace=namespace, target=target, opts=own)
        k8s.core.v1.Service(
            f"{name}-service",
            metadata={"name": GATE_APP, "namespace": namespace.namespace, "labels": target.labels(GATE_APP)},
            spec={
                "type": "ClusterIP",
                "selector": selector(GATE_APP),
                "ports": [
                    _service_port("tls", GATE_PORT),
                    *(_service_port(f"site-{passage.port}", passage.port) for passage in passages),
                ],
            },
            opts=target.options(self, depends_on=[namespace]),
        )
        self.host = gate_host(namespace.namespace)
        self.register_outputs({"host": self.host})


def _service_port(name: str, port: int) -> ServicePortArgsDict:
    return {"name": name, "port": port, "target_port": port, "protocol": "TCP"}
