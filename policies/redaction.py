"""Takes secret values out of violations, whatever a rule wrote into them.

Rules print values through ``policies.facts.shown``, which hides what is marked secret. A rule may still name
a part of one, such as the model in a secret argument, or a token that nobody marked and whose form gives it
away; so every text passes through here before anyone sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from policies.facts import Resource, Secret, Value, plain
from policies.secrets import HIDDEN, without_secrets
from policies.violations import Violation

__all__ = ["marked_texts", "redacted", "secret_texts"]

_SHORTEST_PART: Final = 6
"""Shorter parts of a secret are words or numbers that give nothing away."""
_LONG_PART: Final = 12
"""Longer than the words that a rule says how to mend something with."""
_PART = re.compile(r"[A-Za-z0-9._-]+")


def secret_texts(resources: Iterable[Resource]) -> frozenset[str]:
    """Return every text that is marked secret in some resources."""
    return frozenset(text for each in resources for text in marked_texts(each.properties))


def marked_texts(properties: Mapping[str, Value]) -> Iterator[str]:
    """Yield every text that is marked secret in the inputs or outputs of one resource."""
    return (text for text in _marked(properties, inside=False) if text)


def redacted(violation: Violation, secrets: frozenset[str]) -> Violation:
    """Return the violation without any of the secrets.

    In ``found`` the parts of a secret are hidden too, in ``fix`` the long ones, as its words are mostly the
    rule's own; the other texts come from the rules, not from values. What has the form of a secret is hidden
    even without a mark.
    """
    violation = replace(violation, found=without_secrets(violation.found), fix=without_secrets(violation.fix))
    if not secrets:
        return violation
    parts = {part for text in secrets for part in _PART.findall(text) if len(part) >= _SHORTEST_PART}
    long = {part for part in parts if len(part) >= _LONG_PART}
    found, fix = _pattern({*secrets, *parts}), _pattern({*secrets, *long})
    return replace(violation, found=found.sub(HIDDEN, violation.found), fix=fix.sub(HIDDEN, violation.fix))


def _pattern(secrets: Iterable[str]) -> re.Pattern[str]:
    """Return what matches any secret, the longest first; a short one only where it is a word of its own."""
    return re.compile("|".join(map(_one, sorted(secrets, key=len, reverse=True))))


def _one(secret: str) -> str:
    text = re.escape(secret)
    return f'"{text}"|{text}' if len(secret) >= _SHORTEST_PART else rf'"{text}"|(?<!\w){text}(?!\w)'


def _marked(value: Value, *, inside: bool) -> Iterator[str]:
    secret = inside or isinstance(value, Secret)
    bare = plain(value)
    if isinstance(bare, str):
        if secret:
            yield bare
    elif isinstance(bare, tuple):
        for element in bare:
            yield from _marked(element, inside=secret)
    elif isinstance(bare, Mapping):
        for item in bare.values():
            yield from _marked(item, inside=secret)
