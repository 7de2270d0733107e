"""Which programs a command starts, and where nobody can tell.

A model can be served by a program that no manifest names: ``v=vl; ${v}lm serve …``, a text piped into a
shell, a file that an earlier command has fetched. No sign of an inference server is left to look for (no
GPU, no engine's image, no port need give it away), so this asks the other way round, and of every container:
can the programs be read that its command starts? They can if each word where a program stands is written
out, and if the text of each script is in the manifest, in a ConfigMap of this program, or in the image.

What is in an image is a matter for the rules about images, and a program that runs others from data of its
own (a process manager's configuration, an editor's macro) is taken for what its name says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from policies.facts import Value, is_blank
from policies.models.engine_images import engine_of_image
from policies.models.problems import AWK, CHANGES_PATH, INPUT, OWN_FILE, STARTS_WORKLOADS, UNREADABLE
from policies.models.references import named
from policies.workloads.command_line import Token, base_name, environment_of, words_of
from policies.workloads.containers import Container
from policies.workloads.inline_code import python_problem
from policies.workloads.launchers import (
    INLINE_FLAGS,
    JOINING,
    STRICT_LAUNCHERS,
    WRITERS,
    changes_cluster,
    launched,
)
from policies.workloads.program_names import LAUNCHERS, PYTHON, SHELLS
from policies.workloads.runs import MAYBE, FileRun, Runs
from policies.workloads.shell import ScriptWord, read_script

__all__ = ["runs_of"]

_PASSING: Final = ("/tmp/", "/var/tmp/", "/dev/", "/run/", "/proc/")  # noqa: S108  (places that a script may write to)
_SCRIPT_NAMES = re.compile(r".*\.(?:sh|bash|py|pl|rb|js)")
_SHELL_VARIABLES = re.compile(r"BASH_ENV|ENV|BASH_FUNC_.*|PROMPT_COMMAND|LD_PRELOAD|LD_AUDIT")
_PYTHON_RUNNERS: Final = frozenset({"cProfile", "code", "pdb", "profile", "runpy", "timeit", "trace"})
_DEEPEST: Final = 12


def runs_of(container: Container, command: Value = None) -> Runs:
    """Return what a container starts, or what a hook or probe of it starts if ``command`` is given."""
    return container.once(_runs) if command is None else _runs(container, command)


def _runs(container: Container, command: Value = None) -> Runs:
    environment = environment_of(container)
    walker = _Walker(environment)
    run = container if command is None else replace(container, command=command, args=None)
    explicit, words = words_of(run, environment)
    if words is None:
        if explicit or not is_blank(container.command):
            walker.runs.problems.append("its command is only known after the update")
        return walker.runs
    if not explicit and words and _is_model(words[0]) and engine_of_image(container.image) is not None:
        return walker.runs  # an argument of the server that the image starts
    if not explicit and words and words[0].readable and re.fullmatch(r"-[A-Za-z]*c", words[0].text):
        words = (Token("sh"), *words)  # the entry point may be a shell
    walker.command(words, (), None, 0)
    if not explicit:
        for place, each in enumerate(words):
            if (
                each.readable
                and each.text.startswith("/")
                and (place == 0 or _SCRIPT_NAMES.fullmatch(each.text))
            ):
                walker.runs.files.append(FileRun(each.text, MAYBE, words[place + 1 :]))
    if walker.shell:
        for variable in container.environment:
            if _SHELL_VARIABLES.fullmatch(variable.name):
                walker.runs.problems.append(
                    f"its variable {variable.name} makes a shell run another text first"
                )
    return walker.runs


def _is_model(word: Token) -> bool:
    """Return True for the path of a model under /models, which no server takes for a program."""
    return word.readable and word.text.startswith("/") and named("", word.text).model is not None


def _token(word: ScriptWord) -> Token:
    return Token(word.text, word.readable, word.readable or (word.raw[:1] == '"' and word.raw[-1:] == '"'))


class _Walker:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self.runs = Runs()
        self.shell = False
        self._environment = environment

    def command(
        self, words: Sequence[Token], prefix: Sequence[Token], script: str | None, depth: int
    ) -> None:
        """Take in one command: the words from the program on."""
        if not words:
            return
        if not prefix:
            self.runs.commands.append(tuple(words))
        first, rest = words[0], tuple(words[1:])
        if not first.readable or "{}" in first.text or depth > _DEEPEST:
            self._problem(UNREADABLE)
            return
        name = base_name(first.text)
        if name in {"busybox", "toybox", "bb"} and rest:
            self.command(rest, (*prefix, first), script, depth + 1)
        elif name in SHELLS:
            self._shell(rest, prefix, script, depth)
        elif PYTHON.fullmatch(name):
            self._python(rest, prefix, script)
        elif name in {"eval", "alias"}:
            self._problem(f"its script uses {name}, so nobody can tell what it runs")
        elif name in {".", "source"}:
            self._file(rest, "sh", prefix, script)
        elif name in LAUNCHERS:
            self._launcher(name, rest, (*prefix, first), script, depth)
        elif name in INLINE_FLAGS:
            self._interpreter(name, rest, prefix, script)
        else:
            self._program(name, first, rest, prefix, script, depth)

    def _problem(self, text: str) -> None:
        if text not in self.runs.problems:
            self.runs.problems.append(text)

    def _program(
        self,
        name: str,
        first: Token,
        rest: tuple[Token, ...],
        prefix: Sequence[Token],
        script: str | None,
        depth: int,
    ) -> None:
        if name == "trap":
            handler = next((word for word in rest if not word.text.startswith("-")), None)
            self._text(handler, (), depth)
        elif name in {"awk", "mawk", "nawk"}:
            self._awk(rest, prefix, script)
        elif name == "find":
            self._find(rest, script, depth)
        elif name == "watch" and rest:
            self._text(
                Token(" ".join(word.text for word in rest), all(word.readable for word in rest)), (), depth
            )
        elif changes_cluster(name, rest):
            self._problem(f"it runs {name}, {STARTS_WORKLOADS}")
        elif name in STRICT_LAUNCHERS or name in JOINING:
            self._strict(name, rest, script, depth)
        elif "/" in first.text:
            self.runs.files.append(FileRun(first.text, "", rest, tuple(prefix), script))

    def _launcher(
        self, name: str, rest: tuple[Token, ...], prefix: tuple[Token, ...], script: str | None, depth: int
    ) -> None:
        if name == "command" and rest and rest[0].text in {"-v", "-V"}:
            return  # it only looks the program up
        if name == "env":
            for index, word in enumerate(rest):
                if word.text.startswith(("-S", "--split-string")):
                    attached = word.text.partition("=")[2] if "=" in word.text[:16] else word.text[2:]
                    following = rest[index + 1] if index + 1 < len(rest) else None
                    self._text(Token(attached, word.readable) if attached else following, (), depth)
                    return
        index, certain = launched(name, rest)
        if not certain and not all(word.readable for word in rest):
            self._problem(UNREADABLE)
        if index is None:
            return
        program = rest[index:]
        if name == "xargs" and (
            not program[0].readable
            or self._takes_words(base_name(program[0].text))
            or any(mark in program[0].text for mark in self._marks(rest[:index]))
        ):
            self._problem("it gives words from its input to a program that runs what it is given")
            return
        self.command(program, (*prefix, *rest[:index]), script, depth + 1)
        if not certain:
            for later in range(index + 1, len(rest)):
                if base_name(rest[later].text) in SHELLS:
                    self.command(rest[later:], (*prefix, *rest[:later]), script, depth + 1)

    @staticmethod
    def _marks(options: Sequence[Token]) -> list[str]:
        """Return the texts that xargs replaces by words of its input."""
        following = [*options[1:], Token("{}")]
        pairs = zip(options, following, strict=False)  # without options there is nothing to follow
        return [one.text[2:] or other.text for one, other in pairs if one.text.startswith(("-I", "-i"))]

    @staticmethod
    def _takes_words(name: str) -> bool:
        return (
            name in SHELLS
            or name in LAUNCHERS
            or name in STRICT_LAUNCHERS
            or name in INLINE_FLAGS
            or name in {"eval", "busybox"}
            or PYTHON.fullmatch(name) is not None
        )

    def _strict(self, name: str, rest: tuple[Token, ...], script: str | None, depth: int) -> None:
        if not all(word.readable for word in rest):
            self._problem(
                f"it runs {name} with words that are not in the manifest, and {name} runs what it is given"
            )
            return
        for index, word in enumerate(rest):
            if name in JOINING and re.fullmatch(rf"-[A-Za-z]*{JOINING[name]}", word.text):
                self._text(rest[index + 1] if index + 1 < len(rest) else None, (), depth)
            elif base_name(word.text) in SHELLS or PYTHON.fullmatch(base_name(word.text)):
                self.command(rest[index:], (Token(name), *rest[:index]), script, depth + 1)
                return

    def _text(self, text: Token | None, positional: Sequence[Token] | None, depth: int) -> None:
        """Take in a script given as one word."""
        if text is None:
            return
        if not text.readable:
            self._problem("it runs a script whose text is not in the manifest")
            return
        if text.text in {"", "-"} or depth > _DEEPEST:
            return
        self.shell = True
        words = None if positional is None else [ScriptWord(each.text, each.readable) for each in positional]
        found = read_script(text.text, self._environment, words)
        if found.problem:
            self._problem(found.problem)
        commands = [list(map(_token, each.words)) for each in found.commands]
        written = {base_name(each) for each in found.written}
        writes = bool(found.written - {"/dev/null", "1", "2", "/dev/stderr", "/dev/stdout"})
        for command in commands:
            if command[0].readable and base_name(command[0].text) in WRITERS:
                written |= {base_name(word.text) for word in command[1:]}
                writes = True
        if writes and ("PATH" in found.assigned or re.search(r"\bPATH=", text.text)):
            self._problem(CHANGES_PATH)
        for command in commands:
            self._scripted(command, written - {""}, text.text, depth, writes=writes)

    def _scripted(
        self, command: list[Token], written: set[str], script: str, depth: int, *, writes: bool
    ) -> None:
        first = command[0]
        is_path = first.readable and "/" in first.text
        if (first.readable and base_name(first.text) in written) or (
            is_path and (first.text.startswith(_PASSING) or (writes and not first.text.startswith("/")))
        ):
            self._problem(OWN_FILE)
        before = len(self.runs.files)
        self.command(command, (), script, depth + 1)
        if any(base_name(each.path) in written for each in self.runs.files[before:]):
            self._problem(OWN_FILE)

    def _shell(
        self, rest: tuple[Token, ...], prefix: Sequence[Token], script: str | None, depth: int
    ) -> None:
        self.shell = True
        takes_text = False
        index = 0
        while index < len(rest):
            word = rest[index]
            if not word.readable:
                break
            if not word.text.startswith(("-", "+")) or word.text in {"-", "+"}:
                break
            if word.text == "--":
                index += 1
                break
            if word.text in {"--version", "--help"}:
                return
            if not word.text.startswith("--"):
                takes_text = takes_text or "c" in word.text
                if "s" in word.text and not takes_text:
                    self._problem(f"its shell {INPUT}")
                    return
            index += 2 if word.text in {"-o", "+o", "-O", "+O", "--rcfile", "--init-file"} else 1
        if index >= len(rest):
            self._problem(f"its shell {INPUT}")
        elif takes_text:
            self._text(rest[index], rest[index + 2 :], depth + 1)
        else:
            self._file(rest[index:], "sh", prefix, script)

    def _file(
        self, words: Sequence[Token], interpreter: str, prefix: Sequence[Token], script: str | None
    ) -> None:
        if not words or not words[0].readable:
            self._problem("it runs a file whose name is not in the manifest")
            return
        path = words[0].text
        if path in {"-", "/dev/stdin"} or path.startswith(("/dev/fd/", "/proc/")):
            self._problem(f"its interpreter {INPUT}")
            return
        self.runs.files.append(FileRun(path, interpreter, tuple(words[1:]), tuple(prefix), script))

    def _python(self, rest: tuple[Token, ...], prefix: Sequence[Token], script: str | None) -> None:
        index = 0
        while index < len(rest):
            word = rest[index]
            text = word.text
            if not word.readable or not text.startswith("-") or text == "-":
                self._file(rest[index:], "python", prefix, script)
                return
            if text.startswith("--"):
                return
            for place, letter in enumerate(text[1:], start=2):
                if letter not in "cmWXVh":
                    continue
                value = (
                    Token(text[place:])
                    if text[place:]
                    else rest[index + 1]
                    if index + 1 < len(rest)
                    else None
                )
                if letter in "cm":
                    self._python_text(letter, value)
                    return
                if letter in "Vh":
                    return
                index += not text[place:]
                break
            index += 1
        self._problem(f"its Python {INPUT}")

    def _python_text(self, letter: str, value: Token | None) -> None:
        if value is None or not value.readable:
            self._problem("it runs Python whose text is not in the manifest")
        elif letter == "m":
            if value.text.partition(".")[0] in _PYTHON_RUNNERS:
                self._problem(f"it runs Python's module {value.text}, which runs what it is given")
        elif problem := python_problem(value.text):
            self._problem(problem)

    def _interpreter(
        self, name: str, rest: tuple[Token, ...], prefix: Sequence[Token], script: str | None
    ) -> None:
        for index, word in enumerate(rest):
            text = word.text
            if not word.readable:
                break
            if text in {"--version", "-v", "--help", "-h"}:
                return
            if text.startswith(("--eval", "--print", "--run")) or text == "eval":
                self._problem(f"it runs inline code of {name}, which no rule here reads")
                return
            if text.startswith("-") and not text.startswith("--") and len(text) > 1:
                if any(letter in INLINE_FLAGS[name] for letter in text[1:]):
                    self._problem(f"it runs inline code of {name}, which no rule here reads")
                    return
            elif not text.startswith("--"):
                self._file(rest[index:], "other", prefix, script)
                return
        self._problem(f"its {name} {INPUT}")

    def _awk(self, rest: tuple[Token, ...], prefix: Sequence[Token], script: str | None) -> None:
        for index, word in enumerate(rest):
            if word.text == "-f":
                self._file(rest[index + 1 :], "other", prefix, script)
        if any(
            not word.readable or re.search(r"system\s*\(|getline|\|\s*\"|\|&", word.text) for word in rest[:4]
        ):
            self._problem(AWK)

    def _find(self, rest: tuple[Token, ...], script: str | None, depth: int) -> None:
        if not all(word.readable or word.single for word in rest):
            self._problem("its find takes words that are not in the manifest, which may name a program")
        for index, word in enumerate(rest):
            if word.text in {"-exec", "-execdir", "-ok", "-okdir"}:
                self.command(rest[index + 1 :], (Token("find"),), script, depth + 1)
