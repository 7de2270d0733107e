"""Where resources stand: the classification of every resource type, and the resolution of one resource's
place.
"""

from policies.locality.resolve import Problem, Resolution, resolve, resolve_provider, unresolved_parents
from policies.locality.table import (
    CloudTable,
    Locality,
    LocalityError,
    LocalityTable,
    Placeless,
    load_locality,
)

__all__ = [
    "CloudTable",
    "Locality",
    "LocalityError",
    "LocalityTable",
    "Placeless",
    "Problem",
    "Resolution",
    "load_locality",
    "resolve",
    "resolve_provider",
    "unresolved_parents",
]
