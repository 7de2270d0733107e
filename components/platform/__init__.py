"""What every cluster gets before a model runs in it."""

from components.platform.egress_gate import EgressGate, Passage, render_egress_gate
from components.platform.platform import (
    EGRESS_NAMESPACE,
    INFERENCE_NAMESPACE,
    ROUTING_NAMESPACE,
    Platform,
)

__all__ = [
    "EGRESS_NAMESPACE",
    "INFERENCE_NAMESPACE",
    "ROUTING_NAMESPACE",
    "EgressGate",
    "Passage",
    "Platform",
    "render_egress_gate",
]
