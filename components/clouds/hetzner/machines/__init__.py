"""What Hetzner's machines are told on their first start, as files that can be read and checked without
one."""

from components.clouds.hetzner.machines.cloud_init import (
    USER_DATA_LIMIT,
    MachineFile,
    UserDataTooLargeError,
    cloud_config,
)
from components.clouds.hetzner.machines.gateway import gateway_user_data
from components.clouds.hetzner.machines.node import (
    BucketAccess,
    ClusterFacts,
    NodeFacts,
    node_files,
    node_user_data,
)

__all__ = [
    "USER_DATA_LIMIT",
    "BucketAccess",
    "ClusterFacts",
    "MachineFile",
    "NodeFacts",
    "UserDataTooLargeError",
    "cloud_config",
    "gateway_user_data",
    "node_files",
    "node_user_data",
]
