"""The command line that a container really runs: variables expanded, a shell script given in place opened.

Kubernetes expands ``$(NAME)`` in command and arguments from the container's own environment. A shell expands
more; what it would take from elsewhere, or compute, makes the line unreadable.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from policies.facts import Value, is_blank, plain
from policies.workloads.containers import Container
from policies.workloads.program_names import LAUNCHERS, PYTHON, SHELLS

__all__ = [
    "CommandLine",
    "Token",
    "base_name",
    "command_line",
    "environment_of",
    "is_wrapping",
    "words_of",
]

_SHELLS: Final = SHELLS | {"busybox"}
_KUBERNETES_VARIABLE = re.compile(
    r"\$(\$\([A-Za-z_][A-Za-z0-9_.-]*\)|\((?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\))"
)
_SHELL_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)\}|(?P<bare>[A-Za-z_][A-Za-z0-9_]*))")
_OF_SERVICE = re.compile(r"[A-Z0-9_]+_(?:SERVICE_HOST|SERVICE_PORT|PORT)(?:_.*)?")
"""Variables that Kubernetes sets for Services, without a word in the manifest."""
_SHELL_FLAG = re.compile(r"[-+][A-Za-z]+")
_COMPUTES = re.compile(
    r"`|\$\(|<<|<\(|\$[^A-Za-z_{]|\$$|\$\{(?![A-Za-z_][A-Za-z0-9_]*\})|\b(?:eval|source|alias|xargs)\b|(?:^|[\s;&|(])\.\s"
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a command line."""

    text: str
    """The word; what could not be expanded is left out of it."""
    readable: bool = True
    """False if the word, or a part of it, is not known."""
    single: bool = True
    """False if a shell may make several words of it."""


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What a container runs."""

    tokens: tuple[Token, ...] = ()
    explicit: bool = False
    """True if the manifest names the program; False if the image's entry point runs with these arguments."""
    script: bool = False
    """True if the tokens are the words of a whole shell script, its operators among them."""
    problem: str = ""
    """Why the line cannot be read at all, or empty."""


def _nothing(_name: str) -> bool:
    return False


def base_name(text: str) -> str:
    """Return the last step of a path: ``llama-server`` for ``/app/llama-server``."""
    return text.rpartition("/")[2]


def is_wrapping(text: str) -> bool:
    """Return True for a word that may stand before a program: a wrapper, an option, an assignment."""
    name = base_name(text)
    return (
        name in LAUNCHERS
        or PYTHON.fullmatch(name) is not None
        or text.startswith("-")
        or re.fullmatch(r"[0-9.]+[a-z]?", text) is not None
        or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*=.*", text, re.DOTALL) is not None
    )


def environment_of(container: Container) -> dict[str, str]:
    """Return the variables whose values the manifest spells out, expanded as Kubernetes does it: in order."""
    return dict(container.once(_environment))


def _environment(container: Container) -> dict[str, str]:
    values: dict[str, str] = {}
    for variable in container.environment:
        text = None if variable.from_cluster else _text(variable.value)
        expanded = Token("", readable=False) if text is None else _expand(text, values)
        if expanded.readable:
            values[variable.name] = expanded.text
        else:
            values.pop(variable.name, None)
    return values


def words_of(
    container: Container, environment: Mapping[str, str], *, strict: bool = False
) -> tuple[bool, tuple[Token, ...] | None]:
    """Return whether the manifest names the program, and all words of command and args; None if unknown.

    ``$(NAME)`` of a variable that the manifest does not have stays as it is, as in Kubernetes; a strict
    reader takes it for a word that something outside this program may fill in.
    """
    undefined = _nothing if strict else _undefined(container)
    command = _tokens(container.command, environment, undefined)
    arguments = _tokens(container.args, environment, undefined)
    words = None if command is None or arguments is None else (*command, *arguments)
    return not is_blank(container.command), words


def command_line(container: Container) -> CommandLine:
    """Return the command that a container runs."""
    return container.once(_command_line)


def _command_line(container: Container) -> CommandLine:
    environment = environment_of(container)
    explicit, tokens = words_of(container, environment, strict=True)
    if tokens is None:
        return CommandLine(explicit=explicit, problem="command or args are only known after the update")
    prefix, script = _script_of(tokens, explicit=explicit)
    if script is None:
        return CommandLine(tokens, explicit)
    return _script_line(prefix, script, environment)


def _undefined(container: Container) -> Callable[[str], bool]:
    """Return how to tell a name that no variable has: Kubernetes leaves ``$(NAME)`` as it is then."""
    declared = {variable.name for variable in container.environment}
    is_open = bool(container.environment_unreadable)
    return lambda name: not is_open and name not in declared and not _OF_SERVICE.fullmatch(name)


def _tokens(
    value: Value, environment: Mapping[str, str], undefined: Callable[[str], bool]
) -> tuple[Token, ...] | None:
    bare = plain(value)
    if bare is None:
        return ()
    if not isinstance(bare, tuple):
        return None
    texts = [_text(element) for element in bare]
    return tuple(
        Token("", readable=False) if text is None else _expand(text, environment, undefined) for text in texts
    )


def _text(value: Value) -> str | None:
    """Return a word as Kubernetes would see it, or None if it is not known."""
    bare = plain(value)
    if isinstance(bare, str):
        return bare
    if bare is None:
        return ""
    if isinstance(bare, bool):
        return str(bare).lower()
    if isinstance(bare, int | float):
        return str(int(bare)) if float(bare).is_integer() else str(bare)
    return None


def _expand(text: str, environment: Mapping[str, str], undefined: Callable[[str], bool] = _nothing) -> Token:
    readable = True

    def replace(match: re.Match[str]) -> str:
        nonlocal readable
        name = match.group("name")
        if name is None:
            return match.group(1)  # $$(NAME) is the escaped form
        if name not in environment:
            if undefined(name):
                return match.group(0)
            readable = False
            return ""
        return environment[name]

    return Token(_KUBERNETES_VARIABLE.sub(replace, text), readable)


def _script_of(tokens: Sequence[Token], *, explicit: bool) -> tuple[tuple[Token, ...], Token | None]:
    """Return the script of ``sh -c 'script'`` and the words before the shell; None if there is no shell."""
    for index, token in enumerate(tokens):
        if token.readable and base_name(token.text) in _SHELLS:
            return tuple(tokens[:index]), _script_after(tokens[index + 1 :])
        if not token.readable or not is_wrapping(token.text):
            break
    if not explicit and tokens and _is_script_flag(tokens[0]):
        return (), _script_after(tokens)  # the entry point may be a shell
    return (), None


def _is_script_flag(token: Token) -> bool:
    return token.readable and _SHELL_FLAG.fullmatch(token.text) is not None and token.text.endswith("c")


def _script_after(tokens: Sequence[Token]) -> Token:
    """Return what stands after ``-c``; a script file, or nothing, is unreadable.

    Words after the script become ``$0``, ``$1`` and so on; a script that uses those is refused as one that
    computes.
    """
    option_takes_word = False
    for index, token in enumerate(tokens):
        if option_takes_word or (token.readable and token.text in _SHELLS):
            option_takes_word = False
        elif _is_script_flag(token) and index + 1 < len(tokens):
            return tokens[index + 1]
        elif token.readable and token.text.startswith(("-", "+")):
            option_takes_word = token.text in {"-o", "+o", "-O", "+O"}
        else:
            break
    return Token("", readable=False)


def _script_line(prefix: Sequence[Token], script: Token, environment: Mapping[str, str]) -> CommandLine:
    def unreadable(problem: str) -> CommandLine:
        return CommandLine(explicit=True, script=True, problem=problem)

    if not script.readable:
        return unreadable("it runs a shell script whose text is not in the manifest")
    if _COMPUTES.search(script.text):
        return unreadable("it runs a shell script that computes its commands")
    text = script.text.replace("\\\n", " ")
    used = {match.group("braced") or match.group("bare") for match in _SHELL_VARIABLE.finditer(text)}
    for name in sorted(used):
        changed = re.search(rf"(?<![$\w{{]){re.escape(name)}\b", text) or any(
            token.text.startswith(f"{name}=") for token in prefix
        )
        if name not in environment or changed:
            return unreadable(f"its shell script uses ${name}, whose value cannot be read from the manifest")
    try:
        words = _split(
            _SHELL_VARIABLE.sub(lambda match: environment[match.group("braced") or match.group("bare")], text)
        )
    except ValueError:
        return unreadable("its shell script has unbalanced quotes")
    return CommandLine((*prefix, *(Token(word) for word in words)), explicit=True, script=True)


def _split(text: str) -> list[str]:
    """Return the words of a script. Comments stay in: a word too many is checked, a word too few is not."""
    lexer = shlex.shlex(text.replace("\n", " ; "), posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)
