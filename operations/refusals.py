"""Arguments and variables with which a preview would judge less than the whole stack.

Both lists name what is allowed. The engine has dozens of flags, gets more with every release, and takes each
from a variable ``PULUMI_OPTION_<FLAG>`` as well, so a list of what is forbidden would be out of date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from operations.findings import Finding, Level

__all__ = ["ALLOWED_FLAGS", "refused"]

ALLOWED_FLAGS: Final[Mapping[str, bool]] = {
    "--color": True,
    "--message": True,
    "-m": True,
    "--parallel": True,
    "-p": True,
    "--refresh": False,
    "-r": False,
    "--logflow": False,
    "--logtostderr": False,
    "--verbose": True,
    "-v": True,
    "--non-interactive": False,
    "--skip-plugin-pre-install": False,
    "--suppress-progress": False,
}
"""Flags of ``pulumi preview`` that change nothing about what is judged, and whether they need a value."""

_PREFIX: Final = "PULUMI_OPTION_"
_HARMLESS: Final = frozenset(
    {_PREFIX + flag.lstrip("-").replace("-", "_").upper() for flag in ALLOWED_FLAGS if flag.startswith("--")}
    | {_PREFIX + "EMOJI", _PREFIX + "PRESERVE_CONFIG"}
)
"""Variables of allowed flags, and two of other commands: how messages look, what is left after a removal."""

_WHY: Final = {
    "target": "a resource that is no target shows its old inputs or none",
    "exclude": "a resource that is left out shows its old inputs or none",
    "policy": "the gate itself says which policies run",
    "config": "the stack's own file says to which jurisdiction it belongs",
}


def refused(arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding for each argument and variable with which the gate does not run."""
    for argument in _unknown(arguments):
        yield _finding(f"argument {argument}", argument.lstrip("-"), "take it away")
    for name in sorted(environment):
        if name.upper().startswith(_PREFIX) and name not in _HARMLESS:
            flag = name.upper().removeprefix(_PREFIX).lower()
            yield _finding(f"variable {name}", flag, f"unset {name}")


def _unknown(arguments: Sequence[str]) -> Iterator[str]:
    """Yield what is not plainly an allowed flag. Values are not repeated: one might be a secret."""
    rest = iter(arguments)
    for argument in rest:
        flag, equals, _value = argument.partition("=")
        if flag not in ALLOWED_FLAGS:
            yield flag if flag.startswith("-") else "that is no flag"
        elif ALLOWED_FLAGS[flag] and not equals:
            next(rest, None)


def _finding(what: str, flag: str, fix: str) -> Finding:
    reason = next((why for word, why in _WHY.items() if word in flag), "it may change what is judged")
    if flag in {"t", "x"}:
        reason = _WHY["target" if flag == "t" else "exclude"]
    if flag == "c":
        reason = _WHY["config"]
    lines = (
        f"found:     {what}: {reason}",
        f"allowed:   {', '.join(sorted(ALLOWED_FLAGS))}",
        f"fix:       {fix}",
    )
    return Finding("gate-arguments", Level.ERROR, "\n".join(lines))
