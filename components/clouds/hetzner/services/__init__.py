"""What Hetzner needs inside the cluster before any workload: its cloud controller and its volume driver."""

from components.clouds.hetzner.services.services import IMAGES, HetznerServices

__all__ = ["IMAGES", "HetznerServices"]
