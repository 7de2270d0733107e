"""Which models a workload serves, read from its manifest the way the inference servers themselves read it."""

from policies.models.references import WEIGHTS_ROOT, Reference
from policies.models.serving import models_served

__all__ = ["WEIGHTS_ROOT", "Reference", "models_served"]
