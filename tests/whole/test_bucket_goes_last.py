"""A stack whose bucket is full of weights is taken down, on the real engine."""

from collections.abc import Callable

import pytest

from tests.conftest import Project

pytestmark = pytest.mark.engine

BUCKET = "scaleway:object/bucket:Bucket"


def test_a_bucket_that_is_not_empty_keeps_nothing_else_that_is_billed(
    sovereign: Callable[[str], Project],
) -> None:
    """The cloud refuses, and the engine starts no further deletion after that."""
    stack = sovereign("eu")
    stack.configure("sovereign:gpuNodeType", "none")
    stack.lock()
    assert stack.up().returncode == 0
    assert len(stack.cloud("kubernetes:*")) > 20, "a whole stack"
    full = "BucketNotEmpty: the bucket you tried to delete is not empty"
    set_ = stack.run("cloud", "fail", BUCKET, "--on", "delete", "--message", full)
    assert set_.returncode == 0, set_.stdout

    refused = stack.pulumi("destroy", "--yes", "--skip-preview")
    assert refused.returncode != 0
    assert full in refused.stdout
    left = {item["type"] for item in stack.cloud()}
    beside = {
        "scaleway:object/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    }
    beside |= {
        f"scaleway:iam/{kind}" for kind in ("application:Application", "policy:Policy", "apiKey:ApiKey")
    }
    assert BUCKET in left
    assert left <= {BUCKET} | beside, "a key and its policy cost nothing"

    # It was emptied by hand.
    assert stack.run("cloud", "clear").returncode == 0
    gone = stack.pulumi("destroy", "--yes", "--skip-preview")
    assert gone.returncode == 0, gone.stdout
    assert stack.cloud() == []


@pytest.mark.parametrize(
    ("stack", "cloud", "location", "type_"),
    [
        ("eu", "scaleway", "fr-par-2", BUCKET),
        ("eu", "ovh", "SBG5", "ovh:CloudProject/storage:Storage"),
        ("uk", "civo", "LON1", "civo:index/objectStore:ObjectStore"),
        ("eu", "hetzner", "nbg1", "minio:index/s3Bucket:S3Bucket"),
    ],
)
def test_weights_that_took_a_day_to_mirror_can_outlive_their_stack(
    stack: str, cloud: str, location: str, type_: str, sovereign: Callable[[str], Project]
) -> None:
    """As the page of each cloud says: all goes but the bucket, and the next update goes on with it."""
    project = sovereign(stack)
    for key, value in (("cloud", cloud), ("location", location), ("gpuNodeType", "none")):
        project.configure(f"sovereign:{key}", value)
    assert project.up().returncode == 0
    [bucket] = project.cloud(type_)
    assert bucket["urn"].endswith(("-weights-bucket", "-weights-store")), "the pages say so"
    kept = project.pulumi("destroy", "--yes", "--skip-preview", "--exclude", bucket["urn"])
    assert kept.returncode == 0, kept.stdout
    assert [item["urn"] for item in project.cloud() if "WeightsBucket$" not in item["urn"]] == []
    again = project.up()
    assert again.returncode == 0, again.stdout
    [same] = project.cloud(type_)
    assert (same["id"], same["created"]) == (bucket["id"], bucket["created"])
    assert project.pulumi("preview", "--expect-no-changes").returncode == 0
