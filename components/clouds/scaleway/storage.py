"""The weights bucket and the image registry, each with an identity that may only read it."""

from __future__ import annotations

import pulumi
import pulumiverse_scaleway as scaleway

from components.clouds.contract import Registry, Site, WeightsBucket
from components.clouds.naming import globally_unique_name

__all__ = ["ScalewayRegistry", "ScalewayWeightsBucket", "registry_namespace"]

_READ_OBJECTS = "ObjectStorageObjectsRead"
_PULL_IMAGES = "ContainerRegistryReadOnly"


def registry_namespace(host: str) -> str:
    """Name of the registry namespace of the stack with this public host name."""
    return globally_unique_name(host)


class ScalewayWeightsBucket(WeightsBucket):
    """A versioned bucket encrypted at rest (SSE, AES-256), and an API key that may read objects and nothing
    else.

    Scaleway grants by project, not by bucket: the key reads every bucket of the project, so give each
    jurisdiction its own project. Writing is left to whoever mirrors the weights, with their own credentials.
    """

    def __init__(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> None:
        """Build the bucket under the logical name ``name``."""
        super().__init__("sovereign:scaleway:WeightsBucket", name, None, opts)
        residency = site.residency.without_personal_data()
        self.region = site.storage_region
        self.bucket = globally_unique_name(site.host, f"weights-{self.region}")
        bucket = scaleway.object.Bucket(
            f"{name}-bucket",
            region=self.region,
            project_id=site.project,
            name=self.bucket,
            versioning=scaleway.object.BucketVersioningArgs(enabled=True),
            tags=residency.tag_map,
            opts=site.options(self),
        )
        scaleway.object.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            region=self.region,
            project_id=site.project,
            bucket=bucket.name,
            rules=[
                scaleway.object.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=scaleway.object.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="AES256"
                    )
                )
            ],
            opts=site.options(self),
        )
        key = _reader(f"{name}-reader", site, self, _READ_OBJECTS, residency.tags)
        self.endpoint = site.storage_url(bucket.api_endpoint)
        self.access_key = pulumi.Output.secret(key.access_key)
        self.secret_key = pulumi.Output.secret(key.secret_key)
        self.register_outputs({"endpoint": self.endpoint, "bucket": self.bucket})


class ScalewayRegistry(Registry):
    """A registry namespace that nobody pulls from without a key, and an API key that may only pull."""

    def __init__(self, name: str, site: Site, registry_host: str, opts: pulumi.ResourceOptions) -> None:
        """Build the namespace under the logical name ``name``."""
        super().__init__("sovereign:scaleway:Registry", name, None, opts)
        namespace = registry_namespace(site.host)
        scaleway.registry.Namespace(
            f"{name}-namespace",
            region=site.region,
            project_id=site.project,
            name=namespace,
            description=f"Images of the {site.residency.jurisdiction} stack, mirrored by digest",
            is_public=False,
            opts=site.options(self),
        )
        key = _reader(f"{name}-puller", site, self, _PULL_IMAGES, site.residency.without_personal_data().tags)
        self.path = pulumi.Output.from_input(f"{registry_host}/{namespace}")
        self.username = pulumi.Output.from_input("nologin")
        self.password = pulumi.Output.secret(key.secret_key)
        self.register_outputs({"path": self.path})


def _reader(
    name: str, site: Site, parent: pulumi.Resource, permission_set: str, tags: list[str]
) -> scaleway.iam.ApiKey:
    """An application with one permission set in the stack's own project, and its API key."""
    if site.project is None:
        message = "Scaleway needs sovereign:projectId: without it a key could not be confined to one project"
        raise ValueError(message)
    application = scaleway.iam.Application(
        name, description=f"Reads for the {site.host} cluster", tags=tags, opts=site.options(parent)
    )
    scaleway.iam.Policy(
        f"{name}-policy",
        application_id=application.id,
        description=f"{permission_set} in one project",
        rules=[
            scaleway.iam.PolicyRuleArgs(permission_set_names=[permission_set], project_ids=[site.project])
        ],
        tags=tags,
        opts=site.options(parent),
    )
    return scaleway.iam.ApiKey(
        f"{name}-key",
        application_id=application.id,
        default_project_id=site.project,
        opts=site.options(parent),
    )
