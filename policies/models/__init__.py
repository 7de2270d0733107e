"""Which models a workload serves, read from its manifest the way the inference servers themselves read it."""

from policies.models.references import Reference
from policies.models.serving import models_served

__all__ = ["Reference", "models_served"]
