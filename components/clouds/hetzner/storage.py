"""The weights bucket on Hetzner's Object Storage, which speaks S3 and is not part of Hetzner's own API."""

from __future__ import annotations

import json
from typing import Final

import pulumi
import pulumi_minio as minio

from catalog import CatalogError
from components.clouds.contract import Site, WeightsBucket
from components.clouds.naming import globally_unique_name

__all__ = ["ACCESS_KEY", "SECRET_KEY", "HetznerWeightsBucket", "reader_policy"]

ACCESS_KEY: Final = "weightsAccessKey"
SECRET_KEY: Final = "weightsSecretKey"

_READING: Final = ("s3:GetObject", "s3:GetBucketLocation", "s3:ListBucket")


class HetznerWeightsBucket(WeightsBucket):
    """A versioned bucket, through an S3 provider of its own whose only endpoint is that of the place.

    Hetzner encrypts nothing at rest by itself: what lies here are weights and programs that anybody may
    download elsewhere, never personal data, and each is checked against the sha256 of the lock when it is
    read. Keys are made by hand in Hetzner's console and can do everything in their project until a bucket
    policy denies it; the policy here leaves the reading key nothing but to read. Whoever updates the stack
    uses a key of their own, from MINIO_USER and MINIO_PASSWORD.
    """

    def __init__(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> None:
        """Build the bucket under the logical name ``name``.

        Raises:
            CatalogError: the catalogue knows no endpoint for the place, or the reading key is missing.
        """
        super().__init__("sovereign:hetzner:WeightsBucket", name, None, opts)
        self.region = site.storage_region
        self.bucket = globally_unique_name(site.host, f"weights-{self.region}")
        endpoint = site.place.defaults.storage_endpoint if site.place.defaults else None
        if endpoint is None:
            message = f"no endpoint of object storage for hetzner {site.place.code} in the catalogue"
            raise CatalogError(message)
        provider = minio.Provider(
            f"{name}-s3",
            minio_server=endpoint,
            minio_region=self.region,
            minio_ssl=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        options = pulumi.ResourceOptions(parent=self, provider=provider)
        # The provider writes "private" by taking the bucket's policy away (terraform-provider-minio, pull
        # request 607, 2025-01-29): never change the ACL, it would take the one below away.
        bucket = minio.S3Bucket(
            f"{name}-bucket", bucket=self.bucket, acl="private", force_destroy=False, opts=options
        )
        versioning = minio.S3BucketVersioning(
            f"{name}-versioning",
            bucket=bucket.bucket,
            versioning_configuration=minio.S3BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=options,
        )
        self.access_key = pulumi.Output.secret(site.settings.secrets[ACCESS_KEY])
        self.secret_key = pulumi.Output.secret(site.settings.secrets[SECRET_KEY])
        project = site.project
        minio.S3BucketPolicy(
            f"{name}-reader",
            bucket=bucket.bucket,
            policy=self.access_key.apply(lambda key: reader_policy(self.bucket, project or "", key)),
            # One after the other: written at once, one of the two is refused now and then
            # (terraform-provider-minio issue 839, with Hetzner, 2026-03-12).
            opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[versioning])),
        )
        self.endpoint = pulumi.Output.all(f"https://{endpoint}", bucket.id).apply(lambda parts: parts[0])
        self.register_outputs({"endpoint": self.endpoint, "bucket": self.bucket})


def reader_policy(bucket: str, project: str, access_key: str) -> str:
    """Denies a key everything in a bucket but reading. Keys of the project may otherwise do everything, so
    only a Deny narrows one.
    """
    both = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {
        "Sid": "ReadOnly",
        "Effect": "Deny",
        "Principal": {"AWS": [f"arn:aws:iam:::user/p{project}:{access_key}"]},
        "NotAction": list(_READING),
        "Resource": both,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)
