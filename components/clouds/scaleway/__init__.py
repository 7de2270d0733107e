"""Scaleway: Kapsule in one zone of a region, nodes without public addresses behind a public gateway.

Every regional resource names its region and every zonal one its zone, because the provider lets the
environment variables SCW_DEFAULT_REGION and SCW_DEFAULT_ZONE win over its own arguments
(terraform-provider-scaleway, meta.go).
"""

from components.clouds.scaleway._module import MODULE, ScalewayModule

__all__ = ["MODULE", "ScalewayModule"]
