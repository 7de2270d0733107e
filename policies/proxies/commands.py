"""Where a command line sends what arrives: relays, tunnels, translated addresses, proxies with flags.

Most say it by an option, which is a row of a table; a few by words in a place of their own. A program that
only listens, or only asks once, leads nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from policies.facts import Resource, plain
from policies.models.command_lines import CommandLine, command_lines_of
from policies.proxies.targets import Target, upstream
from policies.workloads.command_line import Token, base_name
from policies.workloads.local_commands import LOCAL_COMMAND

__all__ = ["targets_in_commands"]

_Words = Sequence[Token]

_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "bore": ("--to", "-t"),
    "caddy": ("--to", "-t"),
    "configurable-http-proxy": ("--default-target",),
    "ghostunnel": ("--target",),
    "gost": ("-F",),
    "grpcwebproxy": ("--backend_addr",),
    "hitch": ("--backend", "-b"),
    "ip6tables": ("--to-destination",),
    "iptables": ("--to-destination",),
    "ipvsadm": ("--real-server", "-r"),
    "litellm": ("--api_base", "--api-base"),
    "mitmdump": ("--mode", "-m"),
    "mitmproxy": ("--mode", "-m"),
    "mitmweb": ("--mode", "-m"),
    "nghttpx": ("--backend", "-b"),
    "oauth2-proxy": ("--upstream",),
    "redir": ("--caddr",),
    "simpleproxy": ("-R",),
    "toxiproxy-cli": ("--upstream", "-u"),
}
"""Options whose value is where requests go, by the program."""
_SOCAT: Final = re.compile(
    r"(?:TCP|UDP|SCTP|OPENSSL|SSL|DTLS)[46]?(?:-CONNECT|-SENDTO|-DATAGRAM)?:(\[[^\]]+\]|[^:,]*)",
    re.IGNORECASE,
)
_SOCAT_VIA: Final = re.compile(
    r"(?:SOCKS[45]?A?(?:-CONNECT)?|PROXY(?:-CONNECT)?):(\[[^\]]+\]|[^:,]*)(?::\d+)?(?::([^:,]*))?",
    re.IGNORECASE,
)
_SOCAT_LISTENS: Final = re.compile(
    r"(?:TCP|UDP|SCTP|OPENSSL|SSL|DTLS|UNIX|VSOCK)[46]?-(?:L|LISTEN|RECV\w*):.*", re.IGNORECASE
)
_SOCAT_RUNS: Final = re.compile(r"(?:EXEC|SYSTEM|SHELL):[\"']?(.*)", re.IGNORECASE | re.DOTALL)
_ENDS: Final = frozenset({"-", "stdio", "stdin", "stdout"})
_SSH_TAKING: Final = "BbcDEeFIiJLlmOoPpQRSWw"
_SSH_FORWARDS: Final = "LRDWw"
_NC: Final = frozenset({"nc", "ncat", "netcat"})
_NC_RUNS: Final = ("--sh-exec", "--exec", "-c", "-e")
_NC_TAKING: Final = frozenset({"-g", "-i", "-m", "-o", "-p", "-s", "-T", "-w", "-x", "-X", "--proxy-type"})
_FLAGS: Final = re.compile(r"-[a-zA-Z]+")
_MODE: Final = re.compile(r"(?:reverse|upstream):")
_MODES: Final = frozenset({"mitmdump", "mitmproxy", "mitmweb"})
_NUMBERED: Final = re.compile(r"([\w.\[\]:-]+),\d.*")
"""A host and a port with a comma between them, as of nghttpx."""


def targets_in_commands(resource: Resource) -> tuple[tuple[str, Target], ...]:
    """Return where each command line of a resource leads, with how a message names its place."""
    return resource.once(_read)


def _read(resource: Resource) -> tuple[tuple[str, Target], ...]:
    return tuple(_targets(resource))


def _targets(resource: Resource) -> Iterator[tuple[str, Target]]:
    if resource.type == LOCAL_COMMAND:  # what runs beside the program relays no request of the stack
        return
    for line in command_lines_of(resource):
        commands = [*_commands(line)]
        for words in commands:
            yield from ((line.where, target) for target in _of_command(words))
        yield from ((line.where, target) for target in _joined(commands))


def _commands(line: CommandLine) -> Iterator[_Words]:
    image = plain(line.image)
    if isinstance(image, str):  # its entry point gets the words
        yield (
            Token(base_name(image.partition("@")[0]).partition(":")[0]),
            *next(iter(line.runs.commands), ()),
        )
    yield from line.runs.commands


def _of_command(words: _Words) -> Iterator[Target]:
    """Yield where a command leads, whatever starts the program in it."""
    for index, word in enumerate(words):
        name = base_name(word.text)
        read = _READERS.get(name)
        if read is not None:
            yield from read(words[index + 1 :])
            return
        if name in _OPTIONS:
            yield from _optional(name, words[index + 1 :])
            return
    if any(_SOCAT_LISTENS.fullmatch(word.text) for word in words):  # socat by another name
        yield from _socat(words)


def _optional(program: str, words: _Words) -> Iterator[Target]:
    for value in _values(words, _OPTIONS[program]):
        text = value.text
        if program in _MODES:
            if not _MODE.match(text):
                continue
            text = _MODE.sub("", text, count=1)
        numbered = _NUMBERED.fullmatch(text)
        yield from _led(program, Token(numbered[1] if numbered else text, value.readable))


def _values(words: _Words, options: tuple[str, ...]) -> Iterator[Token]:
    """Yield the values of options, as words of their own or joined to them."""
    for index, word in enumerate(words):
        name, equals, value = word.text.partition("=")
        if name in options and equals:
            yield Token(value, word.readable)
        elif word.text in options:
            yield words[index + 1] if index + 1 < len(words) else Token("", readable=False)
        elif not word.text.startswith("--"):
            short = next((each for each in options if len(each) == 2 and word.text.startswith(each)), None)
            if short:
                yield Token(word.text.removeprefix(short), word.readable)


def _led(what: str, value: Token, *, with_user: bool = False) -> Iterator[Target]:
    if not value.readable:
        yield Target(what, "")
        return
    text = value.text.rpartition("@")[2] if with_user else value.text
    found = upstream(what, text)
    if found:
        yield found


def _socat(words: _Words) -> Iterator[Target]:
    if any(word.text.lower() in _ENDS for word in words):  # one question, not a relay
        return
    for word in words:
        match, via, runs = (each.match(word.text) for each in (_SOCAT, _SOCAT_VIA, _SOCAT_RUNS))
        if not word.readable and not word.text.startswith("-"):
            yield Target("socat", "")
        elif match:
            yield from _led("socat", Token(match[1]))
        elif via:
            yield from (each for host in (via[1], via[2]) if host for each in _led("socat", Token(host)))
        elif runs:
            yield from _inner(runs[1].strip("\"'"))


def _inner(text: str) -> Iterator[Target]:
    """Yield where a command leads that gets what arrives on its standard input."""
    words = [Token(word.strip("\"'")) for word in text.split()]
    if words and base_name(words[0].text) in _NC:
        yield from _client(words[1:])
    elif words and base_name(words[0].text) == "socat":
        yield from _socat([word for word in words[1:] if word.text.lower() not in _ENDS])
    elif words and base_name(words[0].text) == "openssl":
        yield from (each for value in _values(words, ("-connect",)) for each in _led("openssl", value))


def _client(words: _Words) -> Iterator[Target]:
    operands = _operands(words, _NC_TAKING)
    yield from _led("nc", operands[0]) if operands else ()


def _nc(words: _Words) -> Iterator[Target]:
    for value in _values(words, _NC_RUNS):
        yield from _inner(value.text) if value.readable else (Target("nc", ""),)


def _operands(words: _Words, taking: frozenset[str]) -> list[Token]:
    found: list[Token] = []
    takes = False
    for word in words:
        if takes or word.text.startswith("-"):
            takes = not takes and word.text in taking
        else:
            found.append(word)
    return found


def _joined(commands: Sequence[_Words]) -> Iterator[Target]:
    """Yield where one nc leads what another one of the same script has taken in."""
    found = [words[1:] for words in commands if words and base_name(words[0].text) in _NC]
    flags = [
        {"l" for word in words if word.text == "--listen"}
        | {letter for word in words if _FLAGS.fullmatch(word.text) for letter in word.text}
        for words in found
    ]
    if any("l" in each for each in flags):
        for words, each in zip(found, flags, strict=True):
            yield from _client(words) if not {"l", "z"} & each else ()


def _redir(words: _Words) -> Iterator[Target]:
    yield from _optional("redir", words)
    yield from (each for word in _operands(words, _REDIR_TAKING)[1:2] for each in _led("redir", word))


_REDIR_TAKING: Final = frozenset({"-b", "-f", "-I", "-l", "-m", "-o", "-t", "-w", "-x"})


def _gost(words: _Words) -> Iterator[Target]:
    for value in _values(words, ("-F",)):
        yield from _led("gost", value, with_user=True)
    for value in _values(words, ("-L",)):  # a relay names where it leads as the path of the URL
        scheme, mark, rest = value.text.partition("://")
        for host in rest.partition("/")[2].partition("?")[0].split(",") if mark and scheme else ():
            if host:
                yield from _led("gost", Token(host, value.readable))


def _ssh(words: _Words, taking: str = _SSH_TAKING) -> Iterator[Target]:
    forwards, takes = False, False
    for word in words:
        if takes:
            takes = False
        elif word.text.startswith("-") and not word.text.startswith("--"):
            letters = word.text[1:]
            place = next((index for index, letter in enumerate(letters) if letter in taking), None)
            forwards = forwards or (place is not None and letters[place] in _SSH_FORWARDS)
            takes = place == len(letters) - 1
        else:
            yield from _led("ssh", word, with_user=True) if forwards else ()
            return


def _nft(words: _Words) -> Iterator[Target]:
    for index, word in enumerate(words):
        if word.text == "dnat" and "to" in (later := [each.text for each in words[index + 1 : index + 4]]):
            for value in words[index + 2 + later.index("to") :][:1]:
                yield from _led("dnat", value)


def _autossh(words: _Words) -> Iterator[Target]:
    yield from _ssh(words, f"{_SSH_TAKING}M")


def _chisel(words: _Words) -> Iterator[Target]:
    operands = _operands(words, frozenset({"--auth", "--fingerprint", "--header", "--proxy", "--sni"}))
    if operands and operands[0].text == "client":
        yield from (each for word in operands[1:2] for each in _led("chisel", word))


_READERS: Final[Mapping[str, Callable[[_Words], Iterator[Target]]]] = {
    "autossh": _autossh,
    "chisel": _chisel,
    "gost": _gost,
    "nft": _nft,
    "redir": _redir,
    "socat": _socat,
    "ssh": _ssh,
    **dict.fromkeys(_NC, _nc),
}
