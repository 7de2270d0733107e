"""Which cluster a provider's settings mean, and which of their changes mean another one.

The rules are the plugin's own (`DiffConfig` and `Configure` in pulumi-kubernetes, file
provider/pkg/provider/provider.go, read 2026-11): the active cluster entry of the kubeconfig tells clusters
apart, `clusterIdentifier` overrules it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import yaml

from rehearsal.errors import CloudError
from rehearsal.twins.kubernetes.fields import mapping_at, objects_at
from rehearsal.twins.values import Unknown, Value

__all__ = ["cluster_names", "default_namespace", "replacing_settings"]

_AMBIENT = "ambient"
"""The cluster of a provider with neither kubeconfig nor identifier: really, that of `~/.kube/config`."""

_LOCATING = ("kubeconfig", "context", "cluster")
_PATH_LIMIT = 4096


def cluster_names(settings: Mapping[str, Value]) -> tuple[str, ...]:
    """What the cluster is called in the twin: new objects go under the first, any may hold what exists.

    Raises:
        CloudError: the kubeconfig cannot be read, or has no cluster for its context.
    """
    if settings.get("renderYamlToDirectory"):
        raise CloudError(
            "renderYamlToDirectory writes manifests to files instead of changing a cluster, which a "
            "rehearsal does not do; leave it out of the provider's settings"
        )
    names = [str(settings["clusterIdentifier"])] if settings.get("clusterIdentifier") else []
    if settings.get("kubeconfig"):
        names.append(_server(settings))
    return tuple(names) or (_AMBIENT,)


def default_namespace(settings: Mapping[str, Value]) -> str:
    """Where an object without a namespace goes: the provider's `namespace`, the context's, or `default`."""
    if settings.get("namespace"):
        return str(settings["namespace"])
    try:
        context = _context(_loaded(settings.get("kubeconfig")), settings)
    except CloudError:  # said when the cluster is first used; a preview goes on, as with the plugin
        return "default"
    return str(context.get("namespace") or "default")


def replacing_settings(before: Mapping[str, Value], after: Mapping[str, Value]) -> tuple[str, ...]:
    """The settings whose change means another cluster, so that everything in it has to be made anew."""
    old, new = before.get("clusterIdentifier"), after.get("clusterIdentifier")
    if new is not None and not isinstance(new, Unknown) and old == new:
        return ()
    replacing = ["clusterIdentifier"] if old is not None and new is not None else []
    unknown = [name for name in _LOCATING if isinstance(after.get(name), Unknown)]
    if unknown:
        return (*replacing, unknown[0])
    if before.get("renderYamlToDirectory") != after.get("renderYamlToDirectory"):
        replacing.append("renderYamlToDirectory")
    entries = _readable_entry(before), _readable_entry(after)
    if all(entries) and entries[0] != entries[1]:
        replacing.extend(name for name in _LOCATING if before.get(name) != after.get(name))
    return tuple(replacing)


def _server(settings: Mapping[str, Value]) -> str:
    loaded = _loaded(settings["kubeconfig"])
    entry = _entry(loaded, settings)
    server = entry.get("server") if entry else None
    if isinstance(server, str) and server:
        return server
    wanted = settings.get("context") or loaded.get("current-context") or "(none set)"
    contexts = ", ".join(sorted(_named(loaded, "contexts", "context"))) or "none"
    raise CloudError(
        f"the provider's kubeconfig has no cluster with a server for the context {wanted}; its contexts: "
        f"{contexts}. Set current-context, or the provider's `context`, to one that names a cluster in the "
        "file."
    )


def _readable_entry(settings: Mapping[str, Value]) -> Mapping[str, Value] | None:
    """The active cluster's entry; None when the kubeconfig does not say: nothing is known to differ then."""
    if isinstance(settings.get("kubeconfig"), Unknown):
        return None
    try:
        return _entry(_loaded(settings.get("kubeconfig")), settings)
    except CloudError:
        return None


def _loaded(kubeconfig: Value) -> Mapping[str, Value]:
    """The kubeconfig's content, from text, a path or an object. Its content is never part of a message."""
    if not kubeconfig:
        return {}
    if isinstance(kubeconfig, dict):
        return cast("dict[str, Value]", kubeconfig)
    text = str(kubeconfig)
    path = Path(text).expanduser() if len(text) < _PATH_LIMIT and "\n" not in text else None
    try:
        content: Value = yaml.safe_load(path.read_text() if path is not None and path.is_file() else text)
    except yaml.MarkedYAMLError as error:
        where = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise CloudError(f"the provider's kubeconfig is not valid YAML: {error.problem}{where}") from error
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        raise CloudError(f"the provider's kubeconfig cannot be read: {type(error).__name__}") from error
    if isinstance(content, dict):
        return cast("dict[str, Value]", content)
    raise CloudError(
        "the provider's kubeconfig is neither the text of a kubeconfig (clusters, users, contexts) nor "
        "the path of an existing file"
    )


def _named(loaded: Mapping[str, Value], section: str, part: str) -> Mapping[str, Mapping[str, Value]]:
    """One of a kubeconfig's lists of `{name: …, <part>: {…}}` by name."""
    items = objects_at(dict(loaded), section)
    return {str(item.get("name")): mapping_at(item, part) for item in items if mapping_at(item, part)}


def _context(loaded: Mapping[str, Value], settings: Mapping[str, Value]) -> Mapping[str, Value]:
    wanted = settings.get("context") or loaded.get("current-context")
    return _named(loaded, "contexts", "context").get(str(wanted), {})


def _entry(loaded: Mapping[str, Value], settings: Mapping[str, Value]) -> Mapping[str, Value] | None:
    """The cluster entry in force; None when the context, or its cluster, is not in the file."""
    context = _context(loaded, settings)
    if not context:
        return None
    return _named(loaded, "clusters", "cluster").get(str(settings.get("cluster") or context.get("cluster")))
