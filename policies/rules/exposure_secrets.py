"""No secret lies in the open: not in a variable, not in an argument, not in a ConfigMap.

A secret without a telling name, form or mark looks like any other text. The outputs of a stack are judged by
``exposure-outputs``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import Resource, Secret, Value, is_blank, plain, select
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._exposure import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.rules._pods import objects_of
from policies.secrets import is_secret_name, secrets_in, settings_in
from policies.violations import Violation
from policies.workloads.containers import Container
from policies.workloads.serverless import all_containers

__all__ = ["RULE"]

_ID = "exposure-secrets"
_CONFIG_MAP: Final = re.compile(r"kubernetes:core/v1:ConfigMap(List|Patch|PatchList)?")
_REFERENCES: Final = re.compile(r"(\$\(\w+\))+")
_FLAG: Final = re.compile(r"--?(?P<name>[A-Za-z][\w-]*)(?:=(?P<value>.*))?", re.DOTALL)
_KUBERNETES: Final = (
    "secrets in a Secret of Kubernetes, reached by secretKeyRef or a mounted file",
    "move the value into a Secret and name it by valueFrom.secretKeyRef",
)
_CLOUD: Final = (
    "secrets in secretEnvironmentVariables, or in a secret of the cloud's own store, named by a reference",
    "move the value into secretEnvironmentVariables (of a job: secretReferences)",
)
"""What is allowed, and how to mend it, in the cluster and in what a cloud runs itself."""
_SWITCH_VALUES: Final = frozenset({"0", "1", "true", "false", "yes", "no", "on", "off"})


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    allowed, fix = _KUBERNETES if resource.package == "kubernetes" else _CLOUD
    for found in dict.fromkeys(_found(resource)):
        yield violation(
            _ID,
            resource,
            found=found,
            allowed=allowed,
            fix=f"{fix}; then change it, as the old one was readable",
        )


def _found(resource: Resource) -> Iterator[str]:
    for part in all_containers(resource):
        if isinstance(part, Container):
            yield from _variables(part)
            yield from _words(part)
    if _CONFIG_MAP.fullmatch(resource.type):
        for each in objects_of(resource):
            items = plain(each.fields.get("data"))
            if isinstance(items, Mapping):
                for key, item in items.items():
                    shown_key = f".{key}" if re.fullmatch(r"[\w.-]{1,80}", key) else ""
                    yield from _entry(f"data{shown_key}", key, item)


def _variables(container: Container) -> Iterator[str]:
    for variable in container.environment:
        if variable.from_cluster or is_blank(variable.value):
            continue
        value = plain(variable.value)
        text = value if isinstance(value, str) else ""
        if _REFERENCES.fullmatch(text) or text.lower() in _SWITCH_VALUES or _is_mounted(text, container):
            continue
        if is_secret_name(variable.name):
            yield f"variable {variable.name} of {container.label} holds its value in the open"
        elif isinstance(variable.value, Secret):
            yield f"variable {variable.name} of {container.label} holds a value marked secret in the open"
        else:
            for kind in secrets_in(text):
                yield f"variable {variable.name} of {container.label} holds {kind}"


def _words(container: Container) -> Iterator[str]:
    for name, value in (("command", container.command), ("args", container.args)):
        bare = plain(value)
        words = [plain(each) for each in bare] if isinstance(bare, tuple) else []
        for index, word in enumerate(words):
            text = word if isinstance(word, str) else ""
            for kind in secrets_in(text):
                yield f"`{name}[{index}]` of {container.label} holds {kind}"
            flag = _FLAG.fullmatch(text)
            if flag is None or not is_secret_name(flag["name"]):
                continue
            given = flag["value"]
            if given is None:
                given = words[index + 1] if index + 1 < len(words) else None
            if not is_blank(given) and not (isinstance(given, str) and _is_reference(given, container)):
                yield f"`{name}[{index}]` of {container.label} gives --{flag['name']} in the open"


def _is_reference(text: str, container: Container) -> bool:
    return text.startswith(("-", "$")) or _is_mounted(text, container)


def _is_mounted(text: str, container: Container) -> bool:
    """Return True if a text is the path of something under a mount of the container."""
    steps = text.split("/")
    if not text.startswith("/") or ".." in steps:
        return False
    mounts = (plain(each.value) for each in select(container.raw, "volumeMounts.mountPath"))
    roots = (mount.rstrip("/") for mount in mounts if isinstance(mount, str) and mount.startswith("/"))
    return any(root and f"{text}/".startswith(f"{root}/") for root in roots)


def _entry(path: str, key: str, value: Value) -> Iterator[str]:
    text = plain(value)
    if isinstance(value, Secret):
        yield f"`{path}` holds a value marked secret"
    if not isinstance(text, str) or not text.strip():
        return
    if is_secret_name(key.rpartition("/")[2]) and "\n" not in text.strip():
        yield f"`{path}` has the name of a secret and holds its value"
    for kind in secrets_in(text):
        yield f"`{path}` holds {kind}"
    for name in settings_in(text):
        yield f"`{path}` sets {name} in the open"


RULE = ResourceRule(
    id=_ID,
    family=Family.EXPOSURE,
    title="No secret lies in the open: not in a variable, an argument or a ConfigMap",
    why="Variables and ConfigMaps are shown by every listing, kept in logs and readable to whoever may look.",
    law=LAW,
    source="Kubernetes documentation, good practices for Secrets; forms of tokens from memory, 2026-11-24",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Keep it in a Secret and refer to it by name.",
    exception=NO_EXCEPTION,
    check=_check,
)
