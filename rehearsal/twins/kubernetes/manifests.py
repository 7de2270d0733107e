"""Kubernetes manifests: YAML text and files into objects, as the API's own tools read them."""

import glob
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import yaml

from rehearsal.errors import CloudError
from rehearsal.twins.kubernetes.fields import mapping_at, value_at
from rehearsal.twins.kubernetes.kinds import is_namespaced, kind_of, token_of
from rehearsal.twins.values import Value
from rehearsal.workspace import project_directory

__all__ = ["Manifest", "decoded", "expanded", "in_namespace", "local_path", "read_files"]

Manifest = dict[str, Value]
"""One object, with apiVersion, kind and metadata."""

_LoaderBase: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PATTERN = re.compile(r"(?:^|[^\\])[*?\[]")
_TAG: Final = "tag:yaml.org,2002:"


class _Loader(_LoaderBase):
    """YAML as Kubernetes' Go library reads it: yes and on are booleans, dates and 1:30 are text."""

    yaml_implicit_resolvers: Any = {}  # noqa: RUF012 (a class-level table by the library's design)


for _name, _form, _first in (
    ("bool", r"yes|Yes|YES|on|On|ON|true|True|TRUE|no|No|NO|off|Off|OFF|false|False|FALSE", "yYoOtTnNfF"),
    ("int", r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)",
        "-+.0123456789",
    ),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(rf"^(?:{_form})$"), list(_first))


def decoded(text: str, source: str) -> list[Manifest]:
    """Every document that holds something.

    Args:
        text: YAML, or JSON, which is YAML.
        source: where the text is from, for messages.

    Raises:
        CloudError: the text is not valid YAML, or a document is no object.
    """
    try:
        documents = [_plain(document) for document in yaml.load_all(text, Loader=_Loader)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise CloudError(f"{source} is not valid YAML{where}: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise CloudError(f"{source} is not valid YAML: {error}") from error
    for number, document in enumerate(documents, 1):
        if document is not None and not isinstance(document, dict):
            raise CloudError(
                f"{source}: document {number} is a {type(document).__name__}; an object is expected"
            )
    return [cast(Manifest, document) for document in documents if document]


def _plain(value: Value) -> Value:
    """With the keys of objects as text, as in JSON."""
    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in cast("dict[Any, Value]", value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Value]", value)]
    return value


def _key(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def expanded(objects: Iterable[Manifest], source: str) -> list[Manifest]:
    """The objects, with lists taken apart.

    Raises:
        CloudError: an object lacks its apiVersion, kind or name.
    """
    found: list[Manifest] = []
    for manifest in objects:
        items = manifest.get("items")
        if isinstance(items, list) and str(manifest.get("kind", "")).endswith("List"):
            found.extend(expanded(cast("list[Manifest]", items), source))
            continue
        for path in (("apiVersion",), ("kind",), ("metadata", "name")):
            value: Value = mapping_at(manifest, *path[:-1]).get(path[-1])
            if not isinstance(value, str) or not value:
                raise CloudError(f"{source}: an object has no {'.'.join(path)} ({_described(manifest)})")
        version = str(manifest["apiVersion"])
        found.append({**manifest, "apiVersion": version.removeprefix("core/")})
    return found


def _described(manifest: Mapping[str, Value]) -> str:
    """The object by kind and name, and nothing else of it: it may be a Secret."""
    name = mapping_at(manifest, "metadata").get("name") or "without a name"
    return f"{manifest.get('kind') or 'without a kind'} {name}"


def in_namespace(
    objects: Iterable[Manifest], namespace: str, definitions: Iterable[Manifest]
) -> Iterator[Manifest]:
    """The objects, each namespaced one without a namespace put into the given one."""
    known = [*definitions]
    for manifest in objects:
        metadata = mapping_at(manifest, "metadata")
        token = token_of(str(manifest["apiVersion"]), str(manifest["kind"]))
        if metadata.get("namespace") or not is_namespaced(kind_of(token, manifest), known):
            yield manifest
        else:
            yield {**manifest, "metadata": {**metadata, "namespace": namespace}}


def local_path(path: str) -> Path:
    """A path as the program means it: from its own directory (Pulumi.yaml's, or the `main` in it)."""
    project = project_directory(Path.cwd())
    if project is None or Path(path).is_absolute():
        return Path(path).expanduser()
    name = next(name for name in ("Pulumi.yaml", "Pulumi.yml") if (project / name).is_file())
    settings: Value = yaml.safe_load((project / name).read_text())
    main = value_at(settings, "main")
    if isinstance(main, str):
        program = project / main
        project = program if program.is_dir() else program.parent
    return project / path


def read_files(paths: Iterable[str], *, patterns: bool) -> list[tuple[str, str]]:
    """Each file's name and text.

    Args:
        paths: paths from the program's directory.
        patterns: whether `*`, `?` and `[…]` match several files.

    Raises:
        CloudError: a file cannot be read, or is a URL.
    """
    found: list[tuple[str, str]] = []
    for path in paths:
        if _URL.match(path):
            raise CloudError(
                f"{path}: a rehearsal fetches nothing; keep the manifest in the project, give its path"
            )
        place = local_path(path)
        files = [place]
        if patterns and _PATTERN.search(path):
            files = [Path(name) for name in sorted(glob.glob(str(place)))]
        for file in files:
            try:
                found.append((str(file), file.read_text()))
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
                raise CloudError(f"the manifest {file} cannot be read: {reason}") from error
    return found
