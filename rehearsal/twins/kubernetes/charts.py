"""Renders charts with Helm itself, from the project's own files: a rehearsal reaches no chart repository."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import yaml

from rehearsal.engine import helm_binary
from rehearsal.errors import CloudError
from rehearsal.twins.kubernetes.manifests import local_path
from rehearsal.twins.values import Value

__all__ = [
    "Rendering",
    "chart_facts",
    "local_chart",
    "locate_chart",
    "rendered",
    "unreachable",
    "values_texts",
]

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SECONDS = 120


@dataclass(frozen=True)
class Rendering:
    """What `helm template` is asked for."""

    chart: Path
    name: str
    """Release name."""
    namespace: str
    values: Mapping[str, Value] = field(default_factory=dict[str, Value])
    values_files: Sequence[str] = ()
    """YAML texts that come before `values`."""
    definitions: bool = True
    """Whether the chart's CustomResourceDefinitions are part of it."""
    hooks: bool = False
    test_hooks: bool = False
    api_versions: Sequence[str] = ()
    kube_version: str = ""
    post_renderer: Sequence[str] = ()
    """A command and its arguments."""
    verify: bool = False
    """Whether the chart, then an archive with a provenance file beside it, must carry a valid signature."""
    keyring: str = ""
    """Path of the public keys for that."""


def local_chart(path: str) -> Path:
    """The chart's directory or archive, by its path from the program's directory.

    Raises:
        CloudError: there is no chart at the path.
    """
    place = local_path(path)
    if place.is_file() or (place / "Chart.yaml").is_file():
        return place
    if place.is_dir():
        raise CloudError(f"{place} is no chart: it has no Chart.yaml")
    raise CloudError(f"the chart {place} does not exist; a path is taken from the program's directory")


def locate_chart(chart: str, repository: str = "") -> Path:
    """The chart of that name or path in the project.

    Raises:
        CloudError: the chart would have to be fetched, or its path does not exist.
    """
    if repository or _REMOTE.match(chart):
        raise unreachable(chart, repository)
    path = chart.startswith((".", "/", "~")) or chart.endswith((".tgz", ".tar.gz"))
    if path or (local_path(chart) / "Chart.yaml").is_file():
        return local_chart(chart)
    raise unreachable(chart, repository)


def unreachable(chart: str, repository: str = "") -> CloudError:
    """The refusal of a chart that would have to be fetched."""
    where = f" from {repository}" if repository else ""
    return CloudError(
        f"the chart {chart!r} would be fetched{where}, and a rehearsal reaches no chart repository or OCI "
        "registry. Vendor it: `helm pull --untar` it into the project once, commit it, and give that path "
        "as the chart"
    )


def values_texts(assets: Value) -> list[str]:
    """The texts of values files given as assets.

    Raises:
        CloudError: an asset is an archive, or would have to be fetched.
    """
    found: list[str] = []
    for asset in cast("list[Value]", assets) if isinstance(assets, list) else ():
        parts = cast("dict[str, Value]", asset) if isinstance(asset, dict) else {}
        if isinstance(parts.get("text"), str) and parts["text"]:
            found.append(parts["text"])
        elif isinstance(parts.get("path"), str) and parts["path"]:
            place = local_path(parts["path"])
            try:
                found.append(place.read_text())
            except OSError as error:
                raise CloudError(f"the values file {place} cannot be read: {error.strerror}") from error
        else:
            raise CloudError("valueYamlFiles takes file and string assets; a rehearsal fetches nothing")
    return found


def rendered(asked: Rendering) -> str:
    """The chart's manifests as YAML.

    Raises:
        CloudError: Helm refuses; the message is its own.
        EngineError: Helm cannot be built.
    """
    with tempfile.TemporaryDirectory(prefix="rehearse-helm-") as scratch:
        files: list[str] = []
        for number, text in enumerate([*asked.values_files, json.dumps(dict(asked.values))]):
            file = Path(scratch) / f"values-{number}.yaml"
            file.write_text(text)
            files += ["--values", str(file)]
        arguments = ["template", asked.name, str(asked.chart), *files]
        arguments += ["--namespace", asked.namespace] if asked.namespace else []
        arguments += ["--include-crds"] if asked.definitions else ["--skip-crds"]
        arguments += [] if asked.hooks else ["--no-hooks"]
        arguments += [] if asked.test_hooks else ["--skip-tests"]
        arguments += [part for version in asked.api_versions for part in ("--api-versions", version)]
        arguments += ["--kube-version", asked.kube_version] if asked.kube_version else []
        arguments += ["--verify"] if asked.verify else []
        arguments += ["--keyring", str(local_path(asked.keyring))] if asked.verify and asked.keyring else []
        if asked.post_renderer:
            command, *rest = asked.post_renderer
            arguments += ["--post-renderer", command]
            arguments += [part for argument in rest for part in ("--post-renderer-args", argument)]
        return _helm(arguments, asked.chart, scratch)


def chart_facts(chart: Path) -> Mapping[str, Value]:
    """What Chart.yaml says: `name`, `version`, `appVersion`, `type` …

    Raises:
        CloudError: Helm cannot read the chart.
    """
    with tempfile.TemporaryDirectory(prefix="rehearse-helm-") as scratch:
        facts: Value = yaml.safe_load(_helm(["show", "chart", str(chart)], chart, scratch))
    return cast("dict[str, Value]", facts) if isinstance(facts, dict) else {}


def _helm(arguments: Sequence[str], chart: Path, scratch: str) -> str:
    """Helm's answer, run with no configuration, cache, plug-in or cluster of the user's."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HELM_")}
    environment |= {f"HELM_{kind}_HOME": f"{scratch}/{kind.lower()}" for kind in ("CACHE", "CONFIG", "DATA")}
    environment["KUBECONFIG"] = os.devnull
    command = [str(helm_binary()), *arguments]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CloudError(f"helm did not finish rendering {chart} within {_SECONDS} s") from error
    if result.returncode == 0:
        return result.stdout
    said = result.stderr.strip().removeprefix("Error: ") or "helm said nothing"
    if "missing in charts/" in said:
        said += (
            "\nA rehearsal reaches no chart repository: run `helm dependency build` and keep the charts/ "
            "directory with the chart"
        )
    raise CloudError(f"helm cannot render the chart {chart}: {said}")
