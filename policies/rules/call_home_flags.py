"""No flag lets a server run foreign code, call a host outside, or fetch what nobody pinned."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from policies.facts import Resource
from policies.models.engines import Engine
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._call_home import LAW, NO_EXCEPTION, REFERENCES, SOURCE
from policies.rules._destinations import ALLOWED_HOSTS, host_of, problem_of_host
from policies.rules._serving import Server, meant, normal_flag, servers_of, violation
from policies.violations import Violation
from policies.workloads.command_line import Token, environment_of

__all__ = ["HOST_FLAGS", "LLAMA_REFUSED", "RULE", "VLLM_REFUSED"]

_ID = "call-home-flags"

VLLM_REFUSED: Final = frozenset(
    {
        "--io-processor-plugin",
        "--logits-processors",
        "--middleware",
        "--model-class-overrides",
        "--reasoning-parser-plugin",
        "--scheduler-cls",
        "--tool-parser-plugin",
        "--trust-remote-code",
        "--worker-cls",
        "--worker-extension-cls",
    }
)
"""Flags by which vLLM loads code that is not its own."""

HOST_FLAGS: Final = frozenset(
    {
        "--allowed-media-domains",
        "--data-parallel-address",
        "--ec-transfer-config",
        "--kv-events-config",
        "--kv-transfer-config",
        "--master-addr",
        "--otlp-traces-endpoint",
        "--tool-server",
        "--weight-transfer-config",
        "-dpa",
    }
)
"""Flags that name hosts to which prompts, caches, traces or weights go."""

LLAMA_REFUSED: Final = frozenset(
    {
        "--agent",
        "--log-prompts-dir",
        "--media-path",
        "--props",
        "--rpc",
        "--slot-save-path",
        "--tools",
        "--ui-mcp-proxy",
        "--webui-mcp-proxy",
    }
)
_LLAMA_REFUSED_NAMES: Final = re.compile(
    r"--mcp-servers-.*|--.*-default|--(?:fim-qwen|embd|gpt-oss|vision)-.*"
)
_LLAMA_REFUSED_VARIABLES: Final = re.compile(
    r"LLAMA_ARG_(?:AGENT|ENDPOINT_PROPS|LOG_PROMPTS_DIR|MEDIA_PATH|MCP_SERVERS_.*|RPC|SLOT_SAVE_PATH|TOOLS|UI_MCP_PROXY|"
    r"WEBUI_MCP_PROXY)"
)
_LLAMA_SWITCHES: Final = frozenset(
    {
        "--cont-batching",
        "--jinja",
        "--metrics",
        "--mlock",
        "--no-mmap",
        "--no-slots",
        "--no-webui",
        "--verbose",
    }
)
"""Flags of llama.cpp without a value; after any other flag a word may be its value."""
_TRUE: Final = frozenset({"1", "true", "on", "enabled", "yes"})
_HOST_KEY: Final = re.compile(
    r"(?:.*_)?(?:addr|address|addresses|domain|endpoint|endpoints|host|hosts|ip|server|servers|uri|url|urls)"
)
_CODE_KEY: Final = re.compile(r".*module_path")
_DOTTED: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+(?::[0-9]+)?")
_BINDS: Final = frozenset({"*", "0.0.0.0", "::"})  # noqa: S104  (what a configuration may say, not what we bind)


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    for server in servers_of(resource):
        if server.engine is Engine.VLLM:
            yield from _vllm(resource, server, context)
        elif server.engine is Engine.LLAMA_CPP:
            yield from _llama(resource, server)


def _vllm(resource: Resource, server: Server, context: Context) -> Iterator[Violation]:
    for index, token in enumerate(server.behind):
        if not token.readable or not token.text.startswith("-"):
            continue
        flag = normal_flag(token.text)
        for name in sorted(meant(flag, VLLM_REFUSED)):
            yield _refused(resource, server, flag, name, "it loads code that nobody here has read")
            break
        for name in sorted(meant(flag, HOST_FLAGS)):
            problem = _destination_problem(name, token, server.behind[index + 1 :], context)
            if problem:
                yield violation(
                    _ID,
                    resource,
                    found=f"{server.label}: {name} {problem}",
                    allowed=ALLOWED_HOSTS,
                    fix=f"remove {name}, or name a Service of this cluster, such as collector.telemetry.svc",
                    exception=NO_EXCEPTION,
                )
            break


def _destination_problem(flag: str, token: Token, following: Sequence[Token], context: Context) -> str:
    values = _values(token, following, several=flag == "--allowed-media-domains")
    if not values:
        return "has no value, so it may mean any host"
    for value in values:
        if not value.readable:
            return "has a value that is not in the manifest"
        problem = _value_problem(flag, token.text, value.text, context)
        if problem:
            return problem
    return ""


def _values(token: Token, following: Sequence[Token], *, several: bool) -> list[Token]:
    _, equals, value = token.text.partition("=")
    if equals:
        return [Token(value)]
    values: list[Token] = []
    for each in following:
        if each.readable and each.text.startswith("-"):
            break
        values.append(each)
        if not several:
            break
    return values


def _value_problem(flag: str, written: str, text: str, context: Context) -> str:
    if not flag.endswith("-config"):
        texts = text.split(",") if flag == "--tool-server" else [text]
        return next(filter(None, (_host_problem(each, context) for each in texts)), "")
    key = written.partition("=")[0].partition(".")[2].rpartition(".")[2].replace("-", "_")
    try:
        document: object = json.loads(text)
    except ValueError:
        if not key:
            return "has a value that is not JSON, so nobody can tell which hosts it names"
        document = text
    return next(filter(None, _document_problems(document, key, context)), "")


def _document_problems(document: object, key: str, context: Context) -> Iterator[str]:
    if isinstance(document, Mapping):
        for name, item in cast("Mapping[str, object]", document).items():
            yield from _document_problems(item, name.replace("-", "_"), context)
    elif isinstance(document, list):
        for item in cast("list[object]", document):
            yield from _document_problems(item, key, context)
    elif isinstance(document, str):
        yield _entry_problem(key, document, context)


def _entry_problem(key: str, text: str, context: Context) -> str:
    """Return what is wrong with one text of a JSON value: a host wherever it stands, and code by its key."""
    if _CODE_KEY.fullmatch(key.lower()):
        return f"has a key {key}, which loads code that nobody here has read"
    if "://" in text or _HOST_KEY.fullmatch(key.lower()) or _DOTTED.fullmatch(text):
        return "" if _bound(text) else _host_problem(text, context)
    return ""


def _bound(text: str) -> bool:
    """Return True for an address to listen on: ``tcp://*:5557``."""
    rest = text.partition("://")[2] or text
    return rest.rpartition(":")[0] in _BINDS or rest in _BINDS


def _host_problem(text: str, context: Context) -> str:
    host = host_of(text.strip())
    if host is None:
        return "names a host that cannot be read"
    problem = problem_of_host(host, context)
    return f"names a host that {problem}" if problem else ""


def _llama(resource: Resource, server: Server) -> Iterator[Violation]:
    for token in server.behind:
        flag = normal_flag(token.text) if token.readable else ""
        if flag in LLAMA_REFUSED or _LLAMA_REFUSED_NAMES.fullmatch(flag):
            yield _refused(resource, server, flag, flag, _LLAMA_WHY)
    for variable in server.container.environment:
        if _LLAMA_REFUSED_VARIABLES.fullmatch(variable.name):
            yield _refused(resource, server, variable.name, variable.name, _LLAMA_WHY)
    if not _is_offline(server):
        yield violation(
            _ID,
            resource,
            found=f"{server.label} starts llama.cpp without --offline, as far as its own arguments can be "
            "read",
            allowed="--offline before any flag whose value it could be taken for, or LLAMA_ARG_OFFLINE=1 in "
            "env",
            fix="put --offline first among the arguments",
            exception=NO_EXCEPTION,
        )


_LLAMA_WHY: Final = (
    "it downloads a model, lets the model act, opens it or its disk to others, or writes down prompts"
)


def _is_offline(server: Server) -> bool:
    if environment_of(server.container).get("LLAMA_ARG_OFFLINE", "").lower() in _TRUE:
        return True
    previous = Token("")
    for token in server.arguments:
        if token.readable and token.text == "--offline":
            is_value = previous.text.startswith("-") and "=" not in previous.text
            if previous.readable and (not is_value or previous.text in _LLAMA_SWITCHES):
                return True
        previous = token
    return False


def _refused(resource: Resource, server: Server, found: str, name: str, why: str) -> Violation:
    stands_for = "" if found == name else f", which may stand for {name}"
    return violation(
        _ID,
        resource,
        found=f"{server.label} has {found}{stands_for}: {why}",
        allowed=f"a command line without {name}",
        fix=f"remove {found}" + ("" if found == name else ", or write the flag out that you mean"),
        exception=NO_EXCEPTION,
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.CALL_HOME,
    title="No flag lets a server run foreign code, call a host outside, or download",
    why="One flag sends caches, traces or prompts to another host, or loads a module that does; llama.cpp "
    "downloads "
    "whatever is asked of it unless it is told to stay offline.",
    law=LAW,
    source=SOURCE,
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Remove the flag, or name a Service of this cluster; start llama.cpp with --offline.",
    exception=NO_EXCEPTION,
    check=_check,
)
