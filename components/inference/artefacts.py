"""Where the files of a model lie: in the bucket, and in a pod."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from catalog import LockedFile, LockedModel
from catalog.marks import MODELS_DIRECTORY

__all__ = ["ModelArtefacts", "bucket_prefix", "checksums", "volume_size"]

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
"""Letters that mean themselves in a URL, a file name, a checksum list and a shell."""

_GIB = 2**30


def bucket_prefix(model_id: str, revision: str) -> str:
    """Directory of a model's files in the bucket: ``<model id>/<revision>``.

    The revision is part of it, so that a new one can be mirrored while the old one is served.
    """
    return f"{model_id}/{revision}"


@dataclass(frozen=True, kw_only=True)
class ModelArtefacts:
    """One model as locked: what to fetch, and how to know it is right."""

    model_id: str
    locked: LockedModel

    def __post_init__(self) -> None:
        """Refuse names that a URL, a shell or a checksum list could read as something else.

        Raises:
            ValueError: a model id or path holds anything but letters, digits, ``.``, ``_``, ``-`` and ``/``.
        """
        gguf = [self.locked.gguf] if self.locked.gguf else []
        for name in (self.model_id, *(file.path for file in (*self.locked.files, *gguf))):
            if not _PLAIN.fullmatch(name):
                message = f"lock: models.{self.model_id}: {name!r} has letters other than A-Z a-z 0-9 . _ - /"
                raise ValueError(message)

    @property
    def prefix(self) -> str:
        """Directory of the files in the bucket."""
        return bucket_prefix(self.model_id, self.locked.revision)

    @property
    def directory(self) -> str:
        """Directory of the files in a pod."""
        return f"{MODELS_DIRECTORY}/{self.model_id}"

    @property
    def is_mistral_format(self) -> bool:
        """True if the files are Mistral's own: ``params.json`` with ``consolidated*.safetensors``."""
        names = {file.path for file in self.locked.files}
        weights = any(name.startswith("consolidated") and name.endswith(".safetensors") for name in names)
        return weights and "params.json" in names


def checksums(files: Sequence[LockedFile]) -> str:
    """A list as ``sha256sum -c`` takes it: digest, two blanks, path, one file a line."""
    return "".join(f"{file.sha256}  {file.path}\n" for file in files)


def volume_size(files: Sequence[LockedFile]) -> str:
    """Size, in whole GiB, of a volume for the files and once more the largest, while it arrives."""
    needed = sum(file.bytes for file in files) + max(file.bytes for file in files)
    return f"{needed // _GIB + 1}Gi"
