"""The S3 provider, by which any S3-compatible store is reached: buckets at the provider's endpoint."""

from collections.abc import Mapping
from typing import Any

from rehearsal.twins.behaviour import Behaviour, Request
from rehearsal.twins.check import Failure

__all__ = ["Minio"]

_BUCKET = "minio:index/s3Bucket:S3Bucket"
_BY_BUCKET = frozenset(
    {
        "minio:index/s3BucketPolicy:S3BucketPolicy",
        "minio:index/s3BucketVersioning:S3BucketVersioning",
        "minio:index/s3BucketServerSideEncryption:S3BucketServerSideEncryption",
    }
)
"""Types that say something about one bucket; the provider gives them the bucket's name as their id."""


class Minio(Behaviour):
    """Answers for `minio`."""

    def replacing(self, type_: Any) -> frozenset[str]:
        """A bucket keeps its name; what is about a bucket follows it."""
        return super().replacing(type_) | {"bucket"}

    def scopes(self, request: Request) -> tuple[str, ...]:
        """A name is taken at one endpoint, not at every store."""
        return (str(request.configuration.get("minioServer") or ""),)

    def identity(self, request: Request) -> str:
        """The bucket's name."""
        if request.type.token == _BUCKET or request.type.token in _BY_BUCKET:
            return str(request.inputs["bucket"])
        return super().identity(request)

    def failures(self, request: Request) -> list[Failure]:
        """Adds what no store takes: a bucket without a name has none here, as no prefix is asked for."""
        found = super().failures(request)
        if request.type.token == _BUCKET and not request.inputs.get("bucket"):
            found.append(Failure("bucket", "missing; this store gives no names"))
        return found

    def computed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """What the provider answers for a bucket."""
        if request.type.token != _BUCKET:
            return {}
        scheme = "https" if request.configuration.get("minioSsl") in (True, "true") else "http"
        server = request.configuration.get("minioServer") or "localhost:9000"
        return {"arn": f"arn:aws:s3:::{id_}", "bucketDomainName": f"{scheme}://{server}/minio/{id_}"}
