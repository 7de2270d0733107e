"""Component resources of a sovereign inference stack, for this program and for any other Pulumi program.

``RegionalStack`` is the whole; ``components.clouds``, ``components.platform``, ``components.inference`` and
``components.router`` hold the parts. No component reads configuration: all it needs comes in its arguments.
"""

from components.regional_stack import RegionalStack
from components.residency import DataClass, Residency
from components.stack_args import (
    REQUIRED_IMAGES,
    LockGapError,
    ModelServing,
    NameService,
    NodePools,
    RegionalStackArgs,
    SiblingSite,
)

__all__ = [
    "REQUIRED_IMAGES",
    "DataClass",
    "LockGapError",
    "ModelServing",
    "NameService",
    "NodePools",
    "RegionalStack",
    "RegionalStackArgs",
    "Residency",
    "SiblingSite",
]
