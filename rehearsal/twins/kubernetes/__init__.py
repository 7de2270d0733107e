"""The Kubernetes twin: clusters that hold objects, and the plugin's components, charts and manifests."""

from rehearsal.twins.kubernetes.behaviour import Kubernetes

__all__ = ["Kubernetes"]
