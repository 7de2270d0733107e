"""What is particular to each of the four clouds, and to the S3 provider that serves any of them."""

from rehearsal.twins.clouds.civo import Civo
from rehearsal.twins.clouds.hcloud import Hcloud
from rehearsal.twins.clouds.minio import Minio
from rehearsal.twins.clouds.ovh import Ovh
from rehearsal.twins.clouds.scaleway import Scaleway

__all__ = ["Civo", "Hcloud", "Minio", "Ovh", "Scaleway"]
