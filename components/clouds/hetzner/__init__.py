"""Hetzner: k3s built from the operating system up, on servers without public addresses in one location.

Hetzner sells no managed Kubernetes, no NAT, no registry and, in its cloud, no GPUs. What the other clouds
bring is built here: ``network`` and ``machines`` (gateway), ``cluster`` and ``certificates`` (k3s),
``services`` (cloud controller, volume driver), ``growth`` (CPU nodes beyond the minimum). Every server and
load balancer names its location, since the API would choose one.
"""

from components.clouds.hetzner._module import MODULE, HetznerModule

__all__ = ["MODULE", "HetznerModule"]
