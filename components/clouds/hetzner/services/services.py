"""Namespace, token, and the two controllers in it."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_kubernetes as k8s

from components.clouds.contract import ClusterServicesArgs, Site
from components.clouds.hetzner.services.ccm import CCM_IMAGE, HetznerCloudController
from components.clouds.hetzner.services.csi import CSI_IMAGES, HetznerVolumes
from components.clouds.hetzner.services.gpus import GPU_IMAGE, HetznerGpus
from components.workloads.namespace import ClosedNamespace

__all__ = ["IMAGES", "NAMESPACE", "TOKEN", "TOKEN_SECRET", "HetznerServices"]

IMAGES: Final = (CCM_IMAGE, *CSI_IMAGES, GPU_IMAGE)
NAMESPACE: Final = "hetzner"
TOKEN: Final = "hcloudToken"
"""Key of the setting with the API token. It can read and write the whole project: give each stack its own."""
TOKEN_SECRET: Final = "hcloud"


class HetznerServices(pulumi.ComponentResource):
    """Hetzner's cloud controller and volume driver; with a vSwitch also what makes the GPUs behind it known.

    The first two are the only pods that may reach addresses outside the cluster beside the egress gate:
    Hetzner's API is the one host they call. A NetworkPolicy knows addresses and no names, so theirs says port
    443; they run no model and see no prompt.
    """

    def __init__(
        self, name: str, site: Site, args: ClusterServicesArgs, opts: pulumi.ResourceOptions
    ) -> None:
        """Build them under the logical name ``name``.

        Raises:
            KeyError: the API token is missing.
        """
        super().__init__("sovereign:hetzner:Services", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        target = args.target
        namespace = ClosedNamespace(
            f"{name}-namespace", namespace=NAMESPACE, target=target, login=args.login, opts=own
        )
        token = k8s.core.v1.Secret(
            f"{name}-token",
            metadata={"name": TOKEN_SECRET, "namespace": NAMESPACE, "labels": target.residency.labels},
            string_data={
                "token": pulumi.Output.secret(site.settings.secrets[TOKEN]),
                "network": args.network.network_id,
            },
            opts=target.options(self, depends_on=[namespace]),
        )
        HetznerCloudController(
            f"{name}-cloud-controller",
            image=args.images[CCM_IMAGE],
            location=site.place.code,
            namespace=namespace,
            token=token,
            target=target,
            opts=own,
        )
        HetznerVolumes(
            f"{name}-volumes",
            images=args.images,
            location=site.place.code,
            namespace=namespace,
            token=token,
            login=args.login,
            target=target,
            opts=own,
        )
        if site.settings.vswitch_id is not None:
            image = args.images[GPU_IMAGE]
            HetznerGpus(f"{name}-gpus", image=image, login=args.login, target=target, opts=own)
        self.register_outputs({})
