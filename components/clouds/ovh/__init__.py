"""OVHcloud: managed Kubernetes in one region of a Public Cloud project, egress through one gateway.

A project has no region, and an account of the European API can order in Canada, Singapore or Sydney: every
resource that takes a region names it, and every resource that takes a project names that too, because the
provider would else take it from the environment variable OVH_CLOUD_PROJECT_SERVICE.
"""

from components.clouds.ovh._module import MODULE, OvhModule

__all__ = ["MODULE", "OvhModule"]
