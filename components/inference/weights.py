"""Bringing weights from the bucket into a pod, checked byte by byte before an engine may open them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.core.v1 import ContainerArgsDict, VolumeArgsDict

from catalog import LockedFile
from catalog.marks import MODELS_DIRECTORY
from components.inference.artefacts import ModelArtefacts, checksums, volume_size
from components.workloads import ClosedNamespace, ClusterTarget
from components.workloads.pods import container_security, environment, guaranteed

__all__ = [
    "WEIGHTS_VOLUME",
    "FetchPlan",
    "WeightsAccess",
    "WeightsSource",
    "credentials_file",
    "fetch_script",
]

WEIGHTS_VOLUME = "weights"
"""Name of the pod volume that holds the weights, mounted at ``/models``."""

_ACCESS_SECRET = "weights-access"
_FETCH_DIRECTORY = "/etc/weights"
_ACCESS_DIRECTORY = "/run/weights"


def fetch_script() -> str:
    """The shell script that the fetcher runs, from ``fetch.sh``."""
    return resources.files("components.inference").joinpath("fetch.sh").read_text(encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class WeightsSource:
    """Where pods fetch from."""

    image: str
    """The image ``weights-fetcher`` by digest: a shell, curl 7.75 or later, sha256sum."""
    bucket_url: pulumi.Input[str]
    """``https://host/bucket``."""
    region: str
    """Region name for the signature of requests."""
    gate: str
    """``host:port`` of the egress gate."""


@dataclass(frozen=True, kw_only=True)
class FetchPlan:
    """What one workload fetches before it starts."""

    app: str
    source: WeightsSource
    artefacts: ModelArtefacts
    files: tuple[LockedFile, ...]

    @property
    def content(self) -> dict[str, str]:
        """The ConfigMap: the script, and the list of digests and paths taken from the lock."""
        return {"fetch.sh": fetch_script(), "SHA256SUMS": checksums(self.files)}

    @property
    def config_map(self) -> str:
        """Name of the ConfigMap; it ends in a hash of the content, so a new list is a new map."""
        text = "\0".join(f"{name}\0{value}" for name, value in sorted(self.content.items()))
        return f"{self.app}-weights-{hashlib.sha256(text.encode()).hexdigest()[:10]}"

    def container(self) -> ContainerArgsDict:
        """The init container. It ends well only when every file is there with the locked sha256."""
        return {
            "name": "weights-fetcher",
            "image": self.source.image,
            "command": ["/bin/sh", f"{_FETCH_DIRECTORY}/fetch.sh"],
            "env": environment(
                {
                    "CHECKSUMS": f"{_FETCH_DIRECTORY}/SHA256SUMS",
                    "BUCKET_URL": self.source.bucket_url,
                    "PREFIX": self.artefacts.prefix,
                    "REGION": self.source.region,
                    "GATE": self.source.gate,
                    "CREDENTIALS": f"{_ACCESS_DIRECTORY}/curl.conf",
                    "WEIGHTS_DIR": self.artefacts.directory,
                }
            ),
            "resources": guaranteed("1", "256Mi"),
            "security_context": container_security(),
            "volume_mounts": [
                {"name": WEIGHTS_VOLUME, "mount_path": MODELS_DIRECTORY},
                {"name": "fetch", "mount_path": _FETCH_DIRECTORY, "read_only": True},
                {"name": "access", "mount_path": _ACCESS_DIRECTORY, "read_only": True},
            ],
        }

    def volumes(self) -> list[VolumeArgsDict]:
        """The weights' own volume, on the node's disk and gone with the pod, and what the fetcher reads."""
        return [
            {"name": WEIGHTS_VOLUME, "empty_dir": {"size_limit": volume_size(self.files)}},
            {"name": "fetch", "config_map": {"name": self.config_map}},
            {"name": "access", "secret": {"secret_name": _ACCESS_SECRET, "default_mode": 0o440}},
        ]


class WeightsAccess(pulumi.ComponentResource):
    """The bucket's access key in a namespace, readable by init containers alone: no engine mounts it."""

    def __init__(
        self,
        name: str,
        *,
        access_key: pulumi.Input[str],
        secret_key: pulumi.Input[str],
        namespace: ClosedNamespace,
        target: ClusterTarget,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Create the Secret under the logical name ``name``."""
        super().__init__("sovereign:inference:WeightsAccess", name, None, opts)
        k8s.core.v1.Secret(
            f"{name}-secret",
            metadata={
                "name": _ACCESS_SECRET,
                "namespace": namespace.namespace,
                "labels": target.residency.without_personal_data().labels,
            },
            string_data={"curl.conf": credentials_file(access_key, secret_key)},
            opts=target.options(self, depends_on=[namespace]),
        )
        self.register_outputs({})


def credentials_file(access_key: pulumi.Input[str], secret_key: pulumi.Input[str]) -> pulumi.Output[str]:
    """A curl configuration with the key, secret: a process's arguments can be seen, its files not."""

    def line(keys: list[str]) -> str:
        return f'user = "{keys[0]}:{keys[1]}"\n'

    return pulumi.Output.secret(pulumi.Output.all(access_key, secret_key).apply(line))
