"""CPU nodes that the cluster orders itself: how they are ordered, what they are, and how they go."""

from components.clouds.hetzner.growth.growth import HetznerGrowth

__all__ = ["HetznerGrowth"]
