"""Fixtures: the catalogue as shipped, a copy whose files a test may spoil, and a lock file writer."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import Catalog, load_catalog

DIGEST = f"sha256:{'ab' * 32}"
SHA256 = "cd" * 32
REVISION = "ef" * 20

GOOD_LOCK: dict[str, Any] = {
    "rehearsal": False,
    "stack": "eu",
    "jurisdiction": "eu",
    "images": {"vllm": {"repository": "rg.fr-par.scw.cloud/sovereign/vllm", "digest": DIGEST}},
    "models": {
        "mistralai/Mistral-7B-Instruct-v0.3": {
            "revision": REVISION,
            "files": [{"path": "params.json", "sha256": SHA256, "bytes": 202}],
            "gguf": {
                "path": "Mistral-7B-Instruct-v0.3-Q4_K_M.gguf",
                "sha256": SHA256,
                "bytes": 4_400_000_000,
            },
        }
    },
}


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The catalogue that ships with the package."""
    return load_catalog()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The shipped YAML files as symbolic links: a test replaces the one it spoils and copies no other."""
    target = tmp_path / "data"
    with resources.as_file(resources.files("catalog").joinpath("data")) as source:
        shutil.copytree(source, target, copy_function=os.symlink)
    return target


@pytest.fixture
def spoil(data: Path) -> Callable[[str, str, str], Path]:
    """Replace one text in one file of the copy; fails if the text is not there."""

    def replace(file: str, old: str, new: str) -> Path:
        path = data / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} does not hold {old!r}"
        path.unlink()
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return data

    return replace


@pytest.fixture
def good_lock() -> dict[str, Any]:
    """A lock document without mistakes, to be spoilt."""
    return copy.deepcopy(GOOD_LOCK)


@pytest.fixture
def write_lock(tmp_path: Path) -> Callable[[object], Path]:
    """Write a lock document as YAML and return its path."""

    def write(document: object) -> Path:
        path = tmp_path / "eu.yaml"
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        return path

    return write
