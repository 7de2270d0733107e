"""The four layers of a regional stack: infrastructure, hardware, inference, routing."""

from components.layers.hardware import Hardware
from components.layers.inference import Inference
from components.layers.infrastructure import Infrastructure, Kubernetes
from components.layers.routing import Routing

__all__ = ["Hardware", "Inference", "Infrastructure", "Kubernetes", "Routing"]
