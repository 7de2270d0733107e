"""A bucket for EU data. Change `region_name` to GRA and the preview passes."""

import pulumi
import pulumi_ovh as ovh

provider = ovh.Provider("ovh", endpoint="ovh-eu")

ovh.cloudproject.Storage(
    "prompts",
    region_name="UK",
    service_name="0123456789abcdef0123456789abcdef",
    encryption={"sse_algorithm": "AES256"},
    opts=pulumi.ResourceOptions(provider=provider),
)
