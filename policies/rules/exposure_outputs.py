"""No secret lies in the open in a stack's outputs, which every listing and every stack reference shows.

Three things give a secret away that is not marked as one: its name, its form, and that the same text is
marked secret somewhere else in the stack. An output under a plain name whose value is only known after the
update, and was unmarked on purpose, is seen by the update itself and by ``pulumi policy analyze``. The guard
inside the program sees no outputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from policies.decoding import from_base64
from policies.facts import Opaque, Secret, StackFacts, Value, is_blank
from policies.redaction import marked_texts
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._exposure import LAW, REFERENCES
from policies.secrets import is_secret_name, secrets_in, settings_in
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "exposure-outputs"
_NO_EXCEPTION: Final = "none. Marking an output as secret costs nothing and hides it from no program"

_SECRET_NAME: Final = re.compile(
    r"kube[_-]?config|private[_-]?key|client[_-]?key|connection[_-]?string", re.IGNORECASE
)
"""Words that make an output a secret wherever in its name they stand; ``policies.secrets`` has others."""
_NO_SECRET_NAME: Final = re.compile(r".*(?:file|path|name|id|fingerprint|version)", re.IGNORECASE)
_KUBECONFIG: Final = re.compile(r"client-key-data|\bkind\W{1,6}Config\b")
_SHORTEST: Final = 8
"""A shorter text that is secret somewhere is found in others by chance."""
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
"""How Kubernetes keeps the values of a Secret."""
_SHOWN: Final = re.compile(r"[\w.\[\]-]{1,80}")


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    root = stack.root
    if context.jurisdiction is None or not stack.complete or root is None or not root.properties:
        return
    hidden = frozenset(text for text in _hidden(stack) if len(text) >= _SHORTEST)
    for name, value in root.properties.items():
        for path, why in _open(name, name, value, hidden):
            where = f"output `{path}`" if _SHOWN.fullmatch(path) else "an output"
            yield Violation(
                _ID,
                root.urn,
                root.type,
                root.name,
                found=f"{where} is not marked secret and {why}",
                allowed="outputs that are marked secret, or hold nothing secret",
                fix="export it by pulumi.Output.secret(…), or not at all; if an update has run, change the "
                "secret too, as the state and its history show the old one",
                exception=_NO_EXCEPTION,
            )


def _hidden(stack: StackFacts) -> Iterator[str]:
    """Yield every text that is marked secret in the stack, in inputs or outputs, and what it encodes."""
    inputs = () if stack.inputs is None else stack.inputs.values()
    for properties in (*(each.properties for each in stack.resources), *inputs):
        for text in marked_texts(properties):
            yield text
            if _BASE64.fullmatch(text):
                yield from_base64(text) or text


def _open(name: str, path: str, value: Value, hidden: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield every secret in the open in one output, with what gives it away."""
    match value:
        case Secret() | Opaque() | None | bool():
            return
        case tuple() as elements:
            for index, element in enumerate(elements):
                yield from _open(name, f"{path}[{index}]", element, hidden)
        case Mapping() as items:
            for key, item in items.items():
                yield from _open(key, f"{path}.{key}", item, hidden)
        case _ if is_blank(value):
            return
        case _ if _is_secret_name(name):
            yield path, "has the name of a secret"
        case str() as text:
            yield from ((path, why) for why in dict.fromkeys(_given_away(text, hidden)))
        case _:
            return


def _is_secret_name(name: str) -> bool:
    if is_secret_name(name):
        return True
    return _SECRET_NAME.search(name) is not None and not _NO_SECRET_NAME.fullmatch(name)


def _given_away(text: str, hidden: frozenset[str]) -> Iterator[str]:
    for kind in secrets_in(text):
        yield f"holds {kind}"
    if _KUBECONFIG.search(text):
        yield "holds a kubeconfig"
    for setting in settings_in(text):
        yield f"sets {setting} in the open"
    if any(secret in text for secret in hidden):
        yield "holds a text that is marked secret elsewhere in this stack"


RULE = StackRule(
    id=_ID,
    family=Family.EXPOSURE,
    title="No secret lies in the open in the outputs of a stack",
    why="An output is printed after every update, kept in the state, and read by every stack that refers to "
    "this one.",
    law=LAW,
    source="Pulumi documentation, secrets: an output keeps its mark unless a program takes it off, "
    "2026-11-24",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Mark the output secret, or do not export it.",
    exception=_NO_EXCEPTION + ".",
    check=_check,
)
