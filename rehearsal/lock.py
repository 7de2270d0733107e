"""Makes up a lock file for a rehearsal: right in form, wrong in substance, and visibly so.

Every digest and checksum is derived from the name it stands for, each image sits under a `rehearsal/`
path, and the file says `rehearsal: true`. Policy and program refuse such a lock outside a rehearsal.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from rehearsal.errors import LockRequestError

__all__ = ["MARK", "write_made_up_locks"]

MARK = "rehearsal"
"""Path segment in every image's repository, and the key at the top of the file."""

_HEADER = """\
# MADE UP for a rehearsal: no digest or checksum below belongs to anything real; nothing here can be deployed.
"""


def _digest(of: str) -> str:
    return hashlib.sha256(f"{MARK}:{of}".encode()).hexdigest()


def _part(wanted: Mapping[str, Any], key: str, kind: type) -> Any:
    value = wanted.get(key)
    if not isinstance(value, kind):
        raise LockRequestError(
            f"the list of what to lock has no usable {key!r}: expected {kind.__name__}, "
            f"found {type(value).__name__}. It is YAML with stack, jurisdiction, registry, "
            "images, models and, for some clouds, binaries."
        )
    return value


def _file(model: str, path: str) -> dict[str, Any]:
    return {"path": path, "sha256": _digest(f"{model}/{path}"), "bytes": len(model) + len(path)}


def write_made_up_locks(text: str, directory: Path) -> list[Path]:
    """Write a `<stack>.yaml` in `directory` for each list of wanted images and models, a YAML document each.

    Raises:
        LockRequestError: a list is malformed; locks of those before it are written.
    """
    try:
        documents: list[object] = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise LockRequestError(f"the list of what to lock is not valid YAML: {error}") from error
    return [_write(document, directory) for document in documents]


def _write(document: object, directory: Path) -> Path:
    if not isinstance(document, dict):
        raise LockRequestError("the list of what to lock is empty; pipe in what the stack wants")
    wanted = cast("dict[str, Any]", document)
    stack, registry = _part(wanted, "stack", str), _part(wanted, "registry", str).rstrip("/")
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", stack):
        raise LockRequestError(f"the stack name {stack!r} may hold letters, digits, '.', '_' and '-' only")
    images, models = _part(wanted, "images", dict), _part(wanted, "models", dict)
    lock = {
        MARK: True,
        "stack": stack,
        "jurisdiction": _part(wanted, "jurisdiction", str),
        "images": {
            name: {"repository": f"{registry}/{MARK}/{name}", "digest": f"sha256:{_digest(name)}"}
            for name in images
        },
        "models": {name: _model(name, cast("dict[str, Any]", files)) for name, files in models.items()},
    }
    if "binaries" in wanted:
        binaries = cast("dict[str, Any]", _part(wanted, "binaries", dict))
        lock["binaries"] = {
            name: _file("binary", _part(file, "path", str)) for name, file in binaries.items()
        }
    path = directory / f"{stack}.yaml"
    path.write_text(_HEADER + yaml.safe_dump(lock, sort_keys=False))
    return path


def _model(name: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    model: dict[str, Any] = {
        "revision": _digest(name)[:40],
        "files": [_file(name, path) for path in _part(wanted, "files", list)],
    }
    if wanted.get("gguf"):
        model["gguf"] = _file(name, wanted["gguf"])
    return model
