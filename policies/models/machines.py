"""What a machine does when it starts: the script or the cloud-init configuration that its resource gives it.

Each command in it becomes a container without an image, so that the readers of command lines read it. Files
that it writes are read too where they are run: scripts, units of systemd, tables of cron, descriptions of
containers.
"""

from __future__ import annotations

import email
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import yaml

from policies.decoding import from_base64
from policies.facts import Resource, Value, freeze, plain, select
from policies.models.engines import mentions_engine
from policies.models.written_files import UNSEEN_MANIFEST, WrittenFile, puts_a_manifest, written_files
from policies.workloads.containers import Container

__all__ = ["SCRIPTS", "Start", "start_texts", "starts_of"]

SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "civo:index/instance:Instance": ("script",),
    "cloudinit:index/config:Config": ("parts.content",),
    "hcloud:index/server:Server": ("userData",),
    "ovh:CloudProject/instance:Instance": ("userData",),
    "ovh:Dedicated/server:Server": (
        "customizations.configDriveUserData",
        "customizations.postInstallationScript",
    ),
    "ovh:Dedicated/serverReinstallTask:ServerReinstallTask": (
        "customizations.configDriveUserData",
        "customizations.postInstallationScript",
    ),
    "ovh:index/cloudInstance:CloudInstance": ("userData",),
    "scaleway:autoscaling/instanceTemplate:InstanceTemplate": ("cloudInit",),
    "scaleway:elasticmetal/server:Server": ("cloudInit",),
    "scaleway:instance/server:Server": ("cloudInit", "userData.cloud-init"),
    "scaleway:instance/userData:UserData": ("value",),
    "scaleway:kubernetes/pool:Pool": ("userData",),
}
"""What a server does when it starts, by type; an object holds a text under each of its keys."""

_CONTENT: Final = re.compile(r"(?m)\A(?:Content-Type|MIME-Version):", re.IGNORECASE)
_PACKED: Final = "H4sI"
"""What gzip makes begins so in base64."""
_JINJA: Final = re.compile(r"\A## template: ?jinja[^\n]*\n")
_SHEBANG: Final = re.compile(r"\A#! ?(?P<line>[^\n]+)\n?")
_SHELL: Final = re.compile(r"(?:\S*/)?(?:env\s+)?(?:\S*/)?(?:ba|da|a|k|z)?sh(?:\s+-[a-z]+)*\s*")
_STARTS: Final = re.compile(
    r"(?m)^Exec(?:Start|StartPre|StartPost|Reload|Condition)\s*=\s*[-@:+!|]*(?P<line>.+)$"
)
_FOLDED: Final = re.compile(r"\\\n\s*")
_HEREDOC: Final = re.compile(
    r"<<-?[ \t]*(?P<quote>['\"]?)(?P<end>\w+)(?P=quote)[^\n]*\n(?P<body>.*?)^[ \t]*(?P=end)[ \t]*$",
    re.DOTALL | re.MULTILINE,
)
_QUADLET: Final = re.compile(r"(?m)^(?P<key>Image|Exec)\s*=\s*(?P<value>.+)$")
_CRON: Final = re.compile(
    r"(?m)^[ \t]*(?:@\w+|(?:[^\s#]\S*[ \t]+){4}\S+)[ \t]+(?P<user>[a-z_][\w-]*)[ \t]+(?P<line>\S.*)$"
)
_FETCHING: Final = {
    **dict.fromkeys(("ansible", "chef", "puppet", "salt_minion"), "decide what the machine does"),
    "phone_home": "tell a server elsewhere that the machine is there",
    "ssh_import_id": "fetch from elsewhere who may log in",
}
"""Modules of cloud-init that lead away from what the configuration says, and what they let happen."""
_MOST_PARTS: Final = 200
_MOST_NODES: Final = 20_000
_DEEPEST: Final = 4


@dataclass(frozen=True, slots=True)
class Start:
    """One thing that a machine starts, or a reason why nobody can tell what it starts."""

    where: str
    """The property, and the place in it."""
    container: Container | None = None
    script: str | None = None
    """The text of a whole shell script, where it is one."""
    problem: str = ""


def starts_of(resource: Resource) -> tuple[Start, ...]:
    """Return what a machine starts by itself, as far as it is known before the update.

    A script that is only known after the update yields nothing until then: it is judged before the machine is
    made.
    """
    return resource.once(_all) if resource.type in SCRIPTS else ()


def _all(resource: Resource) -> tuple[Start, ...]:
    return tuple(start for path, text in start_texts(resource) for start in _text(path, text, 0))


def start_texts(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield every text that says what a machine does when it starts, as it stands in the resource."""
    for path in SCRIPTS.get(resource.type, ()):
        for each in select(resource.properties, path):
            value = plain(each.value)
            texts = value if isinstance(value, Mapping) else {"": value}
            for key, item in texts.items():
                text = plain(item)
                if isinstance(text, str):
                    yield f"{each.path}.{key}" if key else each.path, text


def _text(where: str, text: str, depth: int) -> Iterator[Start]:
    text = _JINJA.sub("", text.lstrip("\ufeff\r\n\t "))
    if depth > _DEEPEST:
        yield Start(where, problem="it holds texts within texts")
    elif _CONTENT.search(text):
        parts = [each for each in email.message_from_string(text).walk() if not each.is_multipart()]
        if len(parts) > _MOST_PARTS:
            yield Start(where, problem="it has too many parts to be read")
        for index, part in enumerate(parts[:_MOST_PARTS]):
            content = part.get_payload(decode=True)
            inner = content.decode(errors="replace") if isinstance(content, bytes) else ""
            yield from _text(f"{where}, part {index + 1}", inner, depth + 1)
    elif text.startswith("#cloud-config"):
        yield from _cloud_config(where, text, depth)
    elif text.startswith(("#include", "#part-handler")):
        yield Start(where, problem="it takes what the machine does from a place where nobody can read it")
    elif text.startswith("#cloud-boothook"):
        yield from _script(where, text)
    elif text.startswith("#!"):
        yield from _run(where, text)
    elif (decoded := _decoded(text)) is not None:
        yield from _text(where, decoded, depth + 1)
    elif text.startswith(_PACKED) and from_base64(text) is None:
        yield Start(where, problem="it is packed so that nobody can read it")
    elif where.endswith("script"):  # Civo runs it as it is
        yield from _script(where, text)
    else:
        yield from _document(where, text)


def _decoded(text: str) -> str | None:
    """Return the start script that a text in base64 is, or None."""
    if not re.fullmatch(r"[A-Za-z0-9+/=\s]{12,}", text):
        return None
    inner = from_base64(text)
    return inner if inner is not None and inner.startswith(("#", "Content-Type", "MIME-Version")) else None


def _run(where: str, text: str) -> Iterator[Start]:
    """Return a file that is run as it is, by the interpreter of its first line."""
    shebang = _SHEBANG.match(text)
    interpreter = shebang["line"] if shebang else "/bin/sh"
    if _SHELL.fullmatch(interpreter):
        yield from _script(where, text)
        return
    words = interpreter.split()
    program = words[-1] if words[0].endswith("/env") else words[0]
    yield Start(where, _container(where, (program, "-c", text)))


def _script(where: str, text: str) -> Iterator[Start]:
    """Yield a shell script, and what the texts in it say that it writes into files."""
    yield Start(where, _container(where, ("/bin/sh", "-c", text)), script=text)
    if puts_a_manifest(text):
        yield Start(where, problem=UNSEEN_MANIFEST)
    for match in _HEREDOC.finditer(text):
        body = textwrap.dedent(match["body"])
        if body.startswith("#!"):
            yield from _run(where, body)
        elif "[Service]" in body:
            yield from _unit(where, body)
        else:
            yield from _document(where, body)
            # whatever it is: a script without a first line, a Procfile, a pod of Podman
            lines = (line.split() for line in body.splitlines() if mentions_engine(line))
            yield from (Start(where, _container(where, tuple(words))) for words in lines)


def _unit(where: str, text: str) -> Iterator[Start]:
    for match in _STARTS.finditer(_FOLDED.sub(" ", text)):
        yield _line(where, match["line"])


def _line(where: str, line: str) -> Start:
    return Start(where, _container(where, ("/bin/sh", "-c", line)))


def _container(where: str, command: Value, image: Value = None, args: Value = None) -> Container:
    return Container(path=where, name="", image=image, command=command, args=args)


def _cloud_config(where: str, text: str, depth: int) -> Iterator[Start]:
    document = _parsed(text)
    if not isinstance(document, Mapping):
        yield Start(where, problem="its cloud-config is not YAML that can be read")
        return
    fields = cast("Mapping[str, Any]", document)
    for key in ("bootcmd", "runcmd"):
        yield from _commands(f"{where}, {key}", fields.get(key))
    packages = fields.get("packages")
    if isinstance(packages, list):
        names = (str(each) for each in cast("list[Any]", packages))
        yield Start(f"{where}, packages", _container(where, ("apt-get", "install", *names)))
    snap = fields.get("snap")
    if isinstance(snap, Mapping):
        yield from _commands(f"{where}, snap", cast("Mapping[str, Any]", snap).get("commands"))
    for key, what in _FETCHING.items():
        if fields.get(key):
            yield Start(f"{where}, {key}", problem=f"it lets {key} {what}")
    for file in written_files(where, fields):
        yield from _file(file, depth)


def _commands(where: str, value: Any) -> Iterator[Start]:
    """Yield the commands of a list: lines for a shell, or lists of words. ``snap`` may have a mapping."""
    entries = list(cast("Mapping[str, Any]", value).values()) if isinstance(value, Mapping) else value
    lines: list[str] = []
    for index, entry in enumerate(cast("list[Any]", entries) if isinstance(entries, list) else []):
        if isinstance(entry, list):
            words = tuple(str(word) for word in cast("list[Any]", entry))
            if puts_a_manifest(" ".join(words)):
                yield Start(f"{where}[{index}]", problem=UNSEEN_MANIFEST)
            yield Start(f"{where}[{index}]", _container(f"{where}[{index}]", words))
        elif isinstance(entry, str):
            lines.append(entry)
    if lines:  # cloud-init puts them into one script, so one may set what another uses
        yield from _script(where, "\n".join(lines))


def _file(file: WrittenFile, depth: int) -> Iterator[Start]:
    where, path, content = file.where, file.path, file.content
    if file.problem:
        yield Start(where, problem=file.problem)
    elif content.startswith("#!"):
        yield from _run(where, content)
    elif path.startswith(("/etc/cron", "/var/spool/cron")) and _CRON.search(content):
        for match in _CRON.finditer(content):
            yield _line(where, match["line"])
            if not path.startswith("/etc/"):  # a table of one user names none
                yield _line(where, f"{match['user']} {match['line']}")
    elif file.interpreter:
        yield Start(where, _container(where, (file.interpreter, "-c", content)))
    elif "[Service]" in content:
        yield from _unit(where, content)
    elif file.is_run or path.endswith(".sh"):
        yield from _script(where, content)
    elif path.endswith(".container"):
        values = {match["key"]: match["value"].strip() for match in _QUADLET.finditer(content)}
        words = ("/bin/sh", "-c", values["Exec"]) if "Exec" in values else None
        yield Start(where, _container(where, words, values.get("Image")))
    elif content.startswith(("#cloud-config", "#include")):
        yield from _text(where, content, depth + 1)
    elif path.endswith((".yaml", ".yml", ".json")):
        yield from _document(where, content)


def _document(where: str, text: str) -> Iterator[Start]:
    """Yield every container that a description names by its image: Compose, Kubernetes, Talos, Ignition."""
    try:
        documents = list(yaml.load_all(text, Loader=yaml.BaseLoader))
    except (yaml.YAMLError, RecursionError, ValueError):
        return
    seen = 0
    waiting: list[Any] = list(documents)
    while waiting:
        node = waiting.pop()
        seen += 1
        if seen > _MOST_NODES:
            yield Start(where, problem="it holds a description that is too large to be read")
            return
        if isinstance(node, Mapping):
            fields = cast("Mapping[str, Any]", node)
            waiting.extend(fields.values())
            image = fields.get("image")
            if isinstance(image, str):
                command, args = (freeze(_words(fields.get(key))) for key in ("command", "args"))
                entry = freeze(_words(fields.get("entrypoint")))
                yield Start(where, _container(where, entry or command, image, command if entry else args))
            contents = fields.get("contents")  # a unit of Ignition
            if isinstance(contents, str) and "[Service]" in contents:
                yield from _unit(where, contents)
        elif isinstance(node, list):
            waiting.extend(cast("list[Any]", node))


def _words(value: Any) -> list[str] | None:
    """Return a command of Compose as words: it may be one text."""
    if isinstance(value, str):
        return value.split()
    return [str(each) for each in cast("list[Any]", value)] if isinstance(value, list) else None


class _Texts(yaml.BaseLoader):
    """A loader to which every scalar is a text, and one marked as binary the text that it encodes."""


def _binary(loader: _Texts, node: yaml.ScalarNode) -> str:
    text = str(loader.construct_scalar(node))
    return from_base64(text) or text


_Texts.add_constructor("tag:yaml.org,2002:binary", _binary)


def _parsed(text: str) -> object:
    try:
        return yaml.load(text, Loader=_Texts)  # noqa: S506  (the base loader makes texts only)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
