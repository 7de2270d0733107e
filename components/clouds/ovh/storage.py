"""The weights bucket and the image registry, each with an identity that may only read it."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pulumi
import pulumi_ovh as ovh

from components.clouds.contract import Registry, Site, WeightsBucket
from components.clouds.naming import globally_unique_name
from components.clouds.ovh.project import project_of

__all__ = ["REGISTRY_PROJECT", "OvhRegistry", "OvhWeightsBucket", "reading_policy"]

_BUCKET_IGNORES = ("objects", "objectsCount", "objectsSize", "limit")
"""What lies in the bucket is not this program's: the provider would list up to 1,000 objects in the state
(terraform-provider-ovh issues 996 and 1085)."""

_S3_ROLE = "objectstore_operator"
"""The least role that gets S3 credentials; what they may do is in the user's policy."""

REGISTRY_PROJECT = "sovereign"
"""Name of the private Harbor project that holds the images. It is made by hand: the provider cannot."""


class OvhWeightsBucket(WeightsBucket):
    """A versioned bucket encrypted at rest (SSE, AES-256), and a user whose policy lets it list and read this
    bucket and nothing else.

    OVHcloud allows a user nothing but what its policy names, as the bucket belongs to the project's own
    owner. Writing is left to whoever mirrors the weights, with their own credentials.
    """

    def __init__(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> None:
        """Build the bucket under the logical name ``name``."""
        super().__init__("sovereign:ovh:WeightsBucket", name, None, opts)
        project = project_of(site)
        # The S3 API signs with the region in lower case; the cloud's own API wants its code.
        self.region = site.storage_region.lower()
        self.bucket = globally_unique_name(site.host, f"weights-{self.region}")
        bucket = ovh.cloudproject.Storage(
            f"{name}-bucket",
            service_name=project,
            region_name=site.storage_region,
            name=self.bucket,
            versioning=ovh.cloudproject.StorageVersioningArgs(status="enabled"),
            encryption=ovh.cloudproject.StorageEncryptionArgs(sse_algorithm="AES256"),
            hide_objects=True,
            tags=site.residency.without_personal_data().tag_map,
            opts=site.options(self, ignore_changes=_BUCKET_IGNORES),
        )
        user = ovh.cloudproject.User(
            f"{name}-reader",
            service_name=project,
            description=f"Reads weights for the {site.host} cluster",
            role_names=[_S3_ROLE],
            opts=site.options(self),
        )
        policy = ovh.cloudproject.S3Policy(
            f"{name}-reader-policy",
            service_name=project,
            user_id=user.id,
            policy=reading_policy(self.bucket),
            opts=site.options(self),
        )
        # A key is made only for a user who is confined already.
        key = ovh.cloudproject.S3Credential(
            f"{name}-reader-key",
            service_name=project,
            user_id=user.id,
            opts=site.options(self, depends_on=[policy]),
        )
        self.endpoint = site.storage_url(bucket.virtual_host.apply(lambda host: _endpoint(host, self.bucket)))
        self.access_key = pulumi.Output.secret(key.access_key_id)
        self.secret_key = pulumi.Output.secret(key.secret_access_key)
        self.register_outputs({"endpoint": self.endpoint, "bucket": self.bucket})


class OvhRegistry(Registry):
    """A managed Harbor, and a user of it that belongs to no project until somebody adds it as limited guest.

    Its host name is OVHcloud's choice, known once it is created; ``path`` is therefore an output, and
    ``sovereign:registry`` repeats it for the lock and for the policies (docs/decisions/0009).
    """

    def __init__(self, name: str, site: Site, region: str, opts: pulumi.ResourceOptions) -> None:
        """Build the registry in ``region`` under the logical name ``name``."""
        super().__init__("sovereign:ovh:Registry", name, None, opts)
        project = project_of(site)
        harbor = ovh.cloudproject.ContainerRegistry(
            f"{name}-harbor", service_name=project, region=region, opts=site.options(self)
        )
        puller = ovh.cloudproject.ContainerRegistryUser(
            f"{name}-puller",
            service_name=project,
            registry_id=harbor.id,
            login="puller",
            email=f"puller@{site.host}",
            opts=site.options(self),
        )
        self.path = harbor.url.apply(_registry_path)
        self.username = puller.login
        self.password = pulumi.Output.secret(puller.password)
        self.register_outputs({"path": self.path})


def reading_policy(bucket: str) -> str:
    """The user policy, as JSON: list one bucket and read its objects."""
    statement = {
        "Sid": "ReadWeights",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    return json.dumps({"Statement": [statement]})


def _endpoint(virtual_host: str, bucket: str) -> str:
    """``https://<bucket>.s3.…`` without the bucket."""
    host = urlsplit(virtual_host if "://" in virtual_host else f"https://{virtual_host}").hostname or ""
    return host.removeprefix(f"{bucket}.")


def _registry_path(url: str) -> str:
    host = urlsplit(url if "://" in url else f"https://{url}").hostname
    return f"{host}/{REGISTRY_PROJECT}"
