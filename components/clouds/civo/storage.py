"""The weights bucket on Civo."""

from __future__ import annotations

import pulumi
import pulumi_civo as civo

from components.clouds.contract import Site, WeightsBucket
from components.clouds.naming import globally_unique_name

__all__ = ["CivoWeightsBucket"]

_MAX_SIZE_GB = 500
"""Civo's smallest object store; a 7B model with its GGUF takes about 20 GB."""


class CivoWeightsBucket(WeightsBucket):
    """An object store with one credential.

    Civo offers neither encryption keys nor versions for object stores, and its credentials cannot be narrowed
    to reading. What is read is therefore checked against the sha256 of the lock, whoever wrote it.
    """

    def __init__(self, name: str, site: Site, opts: pulumi.ResourceOptions) -> None:
        """Build the object store under the logical name ``name``."""
        super().__init__("sovereign:civo:WeightsBucket", name, None, opts)
        self.region = site.storage_region
        self.bucket = globally_unique_name(site.host, f"weights-{self.region}")
        credential = civo.ObjectStoreCredential(
            f"{name}-credential", name=self.bucket, region=self.region, opts=site.options(self)
        )
        store = civo.ObjectStore(
            f"{name}-store",
            name=self.bucket,
            region=self.region,
            access_key_id=credential.access_key_id,
            max_size_gb=_MAX_SIZE_GB,
            opts=site.options(self),
        )
        self.endpoint = site.storage_url(store.bucket_url)
        self.access_key = pulumi.Output.secret(credential.access_key_id)
        self.secret_key = pulumi.Output.secret(credential.secret_access_key)
        self.register_outputs({"endpoint": self.endpoint, "bucket": self.bucket})
