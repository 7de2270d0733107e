"""Reads the YAML files of this package; a key given twice is an error, for one of the two would hide the
other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import yaml

__all__ = ["YamlError", "read_yaml"]


class YamlError(Exception):
    """A file is not YAML, or gives a key twice. The message names the file and the line."""


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            if key.value in seen:
                message = f"the key {key.value!r} is given twice"
                raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> object:
    """Return the document in a file.

    Raises:
        YamlError: it is not one YAML document, or a mapping gives a key twice.
        OSError: it cannot be read.
    """
    loader = _Loader(path.read_text(encoding="utf-8"))
    try:
        return cast("object", loader.get_single_data())
    except yaml.YAMLError as error:
        message = f"{path}: {error}"
        raise YamlError(message) from error
    finally:
        loader.dispose()
