"""A file that a container runs is read, and judged as if it stood in the container's own command."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from policies.facts import Resource, Secret, StackFacts, Unknown, Value, plain
from policies.models.engines import mentions_engine
from policies.models.hidden import map_keys
from policies.models.manifests import decoded
from policies.models.programs import runs_of
from policies.rule import Context, Family, ResourceRule, Rule, Severity, StackRule
from policies.rules import call_home_egress, call_home_flags, call_home_switches, interconnect, model_ip
from policies.rules._model_ip import LAW, REFERENCES
from policies.rules._pods import KubernetesObject, cluster_of, field, objects_of
from policies.rules._serving import serves, violation
from policies.violations import Violation
from policies.workloads.containers import Container, containers_of, exec_commands
from policies.workloads.mounts import MapFile, Mount, map_files, mounts_of
from policies.workloads.runs import MAYBE, FileRun

__all__ = ["RULE"]

_ID: Final = "model-ip-files"
_NO_EXCEPTION: Final = "none. What cannot be read cannot be accepted"
_ALLOWED: Final = (
    "files of the image, and scripts in ConfigMaps of this program whose text is known at preview"
)
_MAP: Final = "kubernetes:core/v1:ConfigMap"
_PODLESS: Final = (
    _MAP,
    "kubernetes:core/v1:Secret",
    "kubernetes:core/v1:Service",
    "kubernetes:networking.k8s.io/",
)
"""Kinds without pods, passed over for speed."""
_DEEPEST: Final = 8
"""How many files may run one another."""
_JUDGES: Final[tuple[Rule, ...]] = (
    model_ip.RULE,
    call_home_flags.RULE,
    call_home_switches.RULE,
    call_home_egress.RULE,
    interconnect.RULE,
)
"""The rules that read commands, and so have to read these files as well."""
_SHEBANG = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-S\s+)?)?(?P<program>[A-Za-z0-9._-]+)")
_SHELL_NAMES = re.compile(r".*\.(?:sh|bash|ksh|zsh|envsh)")
_EXECUTABLE: Final = 0o111


@dataclass(frozen=True, slots=True)
class _Use:
    """A file of a ConfigMap that a container runs, or may run."""

    owner: KubernetesObject
    container: Container
    config_map: str
    key: str
    run: FileRun


@dataclass(frozen=True, slots=True)
class _Map:
    """A ConfigMap of the program, or a patch of one."""

    owner: KubernetesObject
    texts: Mapping[str, Value]
    known: bool

    @property
    def is_patch(self) -> bool:
        return self.owner.resource.type.startswith(f"{_MAP}Patch")


_Maps: TypeAlias = Mapping[tuple[str, str | None, str], Sequence[_Map]]
"""By cluster, namespace and name."""


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    newest = stack.newest
    arrives = newest is not None and newest.type.startswith(_MAP)
    users = [
        (resource, uses)
        for resource in (stack.resources if arrives else stack.asked)
        if resource.package == "kubernetes"
        and not resource.type.startswith(_PODLESS)
        and (uses := _judged(resource, stack).once(_uses))
    ]
    if not users:
        return
    maps = _maps(stack)
    for resource, uses in users:
        told: set[str] = set()
        for use in uses:
            for each in _use(resource, use, maps, stack, context):
                if each.found not in told:
                    told.add(each.found)
                    yield each


def _judged(resource: Resource, stack: StackFacts) -> Resource:
    """Return a resource as it was judged alone: before the update its outputs are not there yet."""
    return stack.judged(resource) or resource


def _uses(resource: Resource) -> tuple[_Use, ...]:
    found: list[_Use] = []
    for owner in objects_of(resource):
        whole = Resource(resource.urn, resource.type, resource.name, owner.fields)
        for container in containers_of(whole):
            if isinstance(container, Container):
                found.extend(_container_uses(owner, container))
    return tuple(found)


def _container_uses(owner: KubernetesObject, container: Container) -> Iterator[_Use]:
    for config_map, key, run in (*_run(container), *_laid_out(container)):
        yield _Use(owner, container, config_map, key, run)


def _run(container: Container) -> Iterator[tuple[str, str, FileRun]]:
    """Yield the files of ConfigMaps that a container, a hook or a probe runs."""
    runs = [runs_of(container), *(runs_of(container, command) for command in exec_commands(container))]
    for run in (file for each in runs for file in each.files):
        for config_map, key in map_keys(container, container.pod, run):
            yield config_map, key, run


def _laid_out(container: Container) -> Iterator[tuple[str, str, FileRun]]:
    """Yield the files of ConfigMaps that may be run where they lie, as an image runs what it finds there."""
    for mount in mounts_of(container):
        for source in map_files(container.pod, mount):
            if source.config_map:
                for key, path in _scripts(source, mount):
                    yield source.config_map, key, FileRun(path, "")


def _scripts(source: MapFile, mount: Mount) -> Iterator[tuple[str, str]]:
    """Yield the keys that are scripts by their mode or name, each with its path; ``*`` for every key."""
    executable = bool(source.mode & _EXECUTABLE)
    if source.items is not None:
        for key, _, mode in source.items:
            if mode & _EXECUTABLE or _SHELL_NAMES.fullmatch(key):
                yield key, f"{mount.path}/{key}"
    elif executable or not mount.inside:
        yield "*" if executable else "*.sh", mount.path
    elif _SHELL_NAMES.fullmatch(mount.inside):
        yield mount.inside, mount.path


def _maps(stack: StackFacts) -> _Maps:
    found: dict[tuple[str, str | None, str], list[_Map]] = {}
    for resource in stack.of_type(_MAP):
        for owner in objects_of(_judged(resource, stack)):
            name = plain(field(owner.fields, "metadata", "name"))
            data = plain(owner.fields.get("data"))
            if isinstance(name, str):
                binary = plain(owner.fields.get("binaryData"))
                texts: dict[str, Value] = dict(data) if isinstance(data, Mapping) else {}
                for key, value in binary.items() if isinstance(binary, Mapping) else ():
                    encoded = plain(value)
                    texts[key] = decoded(encoded) if isinstance(encoded, str) else Unknown.UNKNOWN
                entry = _Map(owner, texts, not isinstance(data, Unknown) and not isinstance(binary, Unknown))
                found.setdefault((cluster_of(resource), owner.namespace, name), []).append(entry)
    return found


def _use(
    resource: Resource,
    use: _Use,
    maps: _Maps,
    stack: StackFacts,
    context: Context,
    depth: int = 0,
) -> Iterator[Violation]:
    named = maps.get((cluster_of(resource), use.owner.namespace, use.config_map), ())
    optional = use.key == "*.sh"
    if not named:
        if not optional and (stack.complete or serves(use.container)):
            before = "" if stack.complete else " before it"
            yield _unreadable(resource, use, f"which this program does not declare{before}")
        return
    for each in named:
        later = max(resource, each.owner.resource, key=stack.position)
        blamed = resource if stack.complete else later
        if not each.known or each.is_patch:
            why = "whose text is only known after the update" if not each.known else "which something patches"
            yield _unreadable(blamed, use, why)
            continue
        for key in _keys(use.key, each.texts):
            text = plain(each.texts.get(key))
            whole = replace(use, key=key)
            if isinstance(text, str):
                yield from _text(blamed, resource, whole, text, stack, context)
                for nested in _nested(resource, whole, text, stack) if depth < _DEEPEST else ():
                    yield from _use(resource, nested, maps, stack, context, depth + 1)
            elif not optional:
                why = "which has no such key" if text is None else "whose text is only known after the update"
                yield _unreadable(blamed, whole, why)


def _keys(wanted: str, texts: Mapping[str, Value]) -> Iterator[str]:
    """Yield the keys that are meant: one, every one, or those that are scripts by name or first line."""
    if wanted == "*":
        yield from texts
    elif wanted == "*.sh":
        for key, value in texts.items():
            text = plain(value)
            if _SHELL_NAMES.fullmatch(key) or (isinstance(text, str) and text.startswith("#!")):
                yield key
    else:
        yield wanted


def _unreadable(resource: Resource, use: _Use, why: str) -> Violation:
    return violation(
        _ID,
        resource,
        found=f"{use.container.label} runs {_name(use)}, {why}",
        allowed=_ALLOWED,
        fix="declare the ConfigMap in this program with a known text, or put the file into the image",
        exception=_NO_EXCEPTION,
    )


def _name(use: _Use) -> str:
    key = "every file" if use.key == "*" else "the scripts" if use.key == "*.sh" else f"the file {use.key}"
    return f"{key} of the ConfigMap {use.config_map}"


def _text(
    blamed: Resource, resource: Resource, use: _Use, text: str, stack: StackFacts, context: Context
) -> Iterator[Violation]:
    is_script = _SHEBANG.match(text) or _SHELL_NAMES.fullmatch(use.key) or mentions_engine(text)
    if use.run.interpreter == MAYBE and not is_script:
        return
    command = _command(use, text)
    if command is None:
        yield violation(
            _ID,
            blamed,
            found=f"{use.container.label} runs {_name(use)}, which is in a language that no rule here reads",
            allowed=_ALLOWED,
            fix="write it as a shell script, or put it into the image",
            exception=_NO_EXCEPTION,
        )
        return
    before = _judged(resource, stack)
    after = _with_command(before, use, command)
    starts = any(
        isinstance(each, Container) and each.path == use.container.path and serves(each)
        for owner in objects_of(after)
        for each in containers_of(Resource(after.urn, after.type, after.name, owner.fields))
    )
    verdicts = list(_verdicts(after, stack, context, starts=starts))
    known = (
        {(each.rule, each.found) for each in _verdicts(before, stack, context, starts=starts)}
        if verdicts
        else set[tuple[str, str]]()
    )
    for each in verdicts:
        if (each.rule, each.found) not in known:
            yield replace(
                each,
                rule=_ID,
                urn=blamed.urn,
                resource_type=blamed.type,
                name=blamed.name,
                found=f"{_name(use)}, which {use.container.label} runs: {each.found}",
            )


def _nested(resource: Resource, use: _Use, text: str, stack: StackFacts) -> Iterator[_Use]:
    """Yield the files of ConfigMaps that a file runs in turn."""
    command = _command(use, text)
    if command is None:
        return
    after = _with_command(_judged(resource, stack), use, command)
    for owner in objects_of(after):
        whole = Resource(resource.urn, resource.type, resource.name, owner.fields)
        for container in containers_of(whole):
            if isinstance(container, Container) and container.path == use.container.path:
                for run in runs_of(container).files:
                    for config_map, key in map_keys(container, container.pod, run):
                        if (config_map, key) != (use.config_map, use.key):
                            yield _Use(use.owner, container, config_map, key, run)


def _command(use: _Use, text: str) -> tuple[str, ...] | None:
    """Return the command that stands for running the text, or None if nobody here can read it."""
    shebang = _SHEBANG.match(text)
    program = shebang["program"] if shebang else "sh"
    if use.run.interpreter in {"sh", "python"}:
        program = use.run.interpreter
    elif use.run.interpreter not in {"", MAYBE}:
        return None
    arguments = tuple(word.text if word.readable else "$(unknown)" for word in use.run.arguments)
    if re.fullmatch(r"(?:ba|da|a|z|k|mk)?sh|busybox", program):
        return ("sh", "-c", text, posixpath.basename(use.key), *arguments)
    if re.fullmatch(r"python[0-9.]*", program):
        return ("python", "-c", text)
    return None


def _with_command(resource: Resource, use: _Use, command: tuple[str, ...]) -> Resource:
    """Return the resource with a container that runs this command instead of its own."""
    fields = {key: value for key, value in use.container.raw.items() if key not in {"args", "env"}}
    fields["command"] = command
    fields["env"] = tuple(_environment(use))
    owner = use.owner.fields
    if owner is resource.properties:
        return replace(resource, properties=_replaced(owner, _steps(use.container.path), fields))
    inner = _replaced(owner, _steps(use.container.path), fields)
    items = plain(resource.properties.get("items"))
    whole = (
        tuple(inner if plain(each) is owner else each for each in items) if isinstance(items, tuple) else ()
    )
    return replace(resource, properties={**resource.properties, "items": whole})


def _environment(use: _Use) -> Iterator[Value]:
    """Yield the variables; one that the script around may have changed, or an unknown word, is not known."""
    entries = plain(use.container.raw.get("env"))
    script = use.run.from_script or ""
    set_before = " ".join(word.text for word in use.run.prefix)
    for entry in entries if isinstance(entries, tuple) else ():
        name = plain(field(entry, "name"))
        changed = isinstance(name, str) and re.search(
            rf"(?<![$\w{{]){re.escape(name)}\b|{{{re.escape(name)}:=", f"{script} {set_before}"
        )
        yield {"name": name, "value": Unknown.UNKNOWN} if changed and isinstance(name, str) else entry
    yield {"name": "unknown", "value": Unknown.UNKNOWN}


def _steps(path: str) -> list[str | int]:
    return [name or int(index) for name, index in re.findall(r"\.?([^.\[\]]+)|\[(\d+)\]", path)]


def _replaced(value: Any, steps: Sequence[str | int], new: Value) -> Any:
    if not steps:
        return new
    marked = isinstance(value, Secret)
    bare: Any = plain(value)
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        changed: Any = tuple(
            _replaced(each, rest, new) if index == step else each for index, each in enumerate(bare)
        )
    else:
        changed = {**bare, step: _replaced(bare[step], rest, new)}
    return Secret(changed) if marked else changed


def _verdicts(
    resource: Resource, stack: StackFacts, context: Context, *, starts: bool
) -> Iterator[Violation]:
    """Yield what the rules about commands say of a resource.

    Those about the stack are asked only if the file starts a server: most scripts start none.
    """
    around: StackFacts | None = None
    for rule in _JUDGES:
        if isinstance(rule, ResourceRule):
            yield from rule.check(resource, context)
        elif starts:
            if around is None:
                everything = [
                    resource if each.urn == resource.urn else _judged(each, stack) for each in stack.resources
                ]
                newest = resource if stack.newest is not None else None
                around = StackFacts(everything, stack.complete, newest=newest)
            yield from (each for each in rule.check(around, context) if each.urn == resource.urn)


RULE = StackRule(
    id=_ID,
    family=Family.MODEL_IP,
    title="A file that a container runs can be read, and serves no model that is not allowed",
    why="A script in a ConfigMap starts a server as well as a command does, past every rule that reads "
    "commands.",
    law=LAW,
    source="How shells and interpreters read a script, and Kubernetes mounts one: from memory, 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Declare the ConfigMap in the program, with a shell script that names its programs and the model.",
    exception=_NO_EXCEPTION,
    check=_check,
)
