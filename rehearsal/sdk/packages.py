"""Finds the provider SDKs installed beside this package, without importing them."""

import ast
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, cast

__all__ = ["Package", "installed_packages"]

_PLUGIN_FILE = "pulumi-plugin.json"


@dataclass(frozen=True)
class Package:
    """One provider SDK."""

    name: str
    """The Pulumi package, for example `hcloud`."""
    version: str
    """The SDK's version, as its plugin file says it."""
    module: str
    """The Python package, for example `pulumi_hcloud`."""


def _plugin_file(distribution: Distribution) -> Path | None:
    for file in distribution.files or ():
        if file.name == _PLUGIN_FILE and len(file.parts) == 2:
            return Path(str(distribution.locate_file(file)))
    return None


@cache
def installed_packages() -> Mapping[str, Package]:
    """Every installed SDK that names a resource plugin, by package name."""
    found: dict[str, Package] = {}
    for distribution in distributions():
        name = (distribution.metadata["Name"] or "").lower()
        if not name.startswith("pulumi"):
            continue
        plugin = _plugin_file(distribution)
        if plugin is None:
            continue
        facts = json.loads(plugin.read_text())
        if facts.get("resource"):
            version = facts.get("version") or distribution.version
            found[facts["name"]] = Package(facts["name"], version, plugin.parent.name)
    return dict(sorted(found.items()))


@cache
def registered_resources(module: str) -> Mapping[str, tuple[str, str]]:
    """Type token to (Python module, class), as the SDK's `__init__` registers them.

    Read from the source: importing every SDK at start would cost seconds.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return {}
    found: dict[str, tuple[str, str]] = {}
    for node in ast.walk(ast.parse(Path(spec.origin).read_text())):
        if isinstance(node, ast.keyword) and node.arg == "resource_modules":
            listed = cast("list[dict[str, Any]]", json.loads(cast(str, ast.literal_eval(node.value))))
            for entry in listed:
                for token, class_name in cast("dict[str, str]", entry["classes"]).items():
                    found[token] = (str(entry["fqn"]), class_name)
    return found
