"""Tells by name and by form what is a password, a token or a private key. It never returns the value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["is_secret_name", "secrets_in", "settings_in"]

_WORDS: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")
_SECRET_WORDS: Final = frozenset(
    (
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "secrets",
        "token",
        "credential",
        "credentials",
        "apikey",
        "privatekey",
        "secretkey",
        "accesstoken",
        "authtoken",
    )
)
_KEY_KINDS: Final = frozenset(
    ("api", "secret", "private", "access", "encryption", "signing", "master", "auth", "shared", "license")
)
_SWITCHES: Final = frozenset(
    (
        "disable",
        "disabled",
        "enable",
        "enabled",
        "max",
        "min",
        "num",
        "use",
        "allow",
        "implicit",
        "count",
        "limit",
        "length",
        "size",
    )
)
_ENDS: Final = frozenset(
    ("file", "path", "dir", "directory", "name", "id", "ref", "hash", "ttl", "expiry", "type", "url", "uri")
)

_FORMS: Final = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an access token of a code forge": re.compile(
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,})"
    ),
    "an access token of a model hub or API": re.compile(r"\b(?:hf_[A-Za-z0-9]{20,}|sk-[A-Za-z0-9_-]{20,})"),
    "an access key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a chat token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "a signed web token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "a password in a URL": re.compile(r"://[^\s/:@$<{]+:(?![$<{])[^\s/@]{2,}@"),
}
_SETTING: Final = re.compile(
    r"""^[ \t]*(?:-[ \t]+)?["']?(?P<name>[\w.-]{3,60})["']?[ \t]*[:=][ \t]*(?P<value>\S.*)$""", re.M
)
_REFERENCE: Final = re.compile(
    r"""["']?(?:\$\{?\(?\w+.*|\{\{.*|<[\w .-]+>|%\w+%|/[\w./-]+|null|~|[|>][+-]?|[{\[].*)["']?,?"""
)
_SWITCH_VALUES: Final = frozenset({"0", "1", "true", "false", "yes", "no", "on", "off", ""})


def is_secret_name(name: str) -> bool:
    """Return True for a name under which a secret is kept: ``VLLM_API_KEY``, ``db-password``, ``apiKey``.

    The last word decides: ``TOKEN_FILE`` is a path; ``MAX_TOKEN`` and ``DISABLE_TOKEN`` are switches.
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words or words[-1] in _ENDS or _SWITCHES & set(words):
        return False
    if words[-1] in _SECRET_WORDS:
        return True
    return words[-1] == "key" and len(words) > 1 and words[-2] in _KEY_KINDS


def secrets_in(text: str) -> Iterator[str]:
    """Yield what kinds of secrets a text shows by their form, such as ``a private key``."""
    return (kind for kind, form in _FORMS.items() if form.search(text))


def settings_in(text: str) -> Iterator[str]:
    """Yield the names of settings in a configuration text that give a secret a value of its own.

    A reference (``$NAME``, ``{{ … }}``, a path) is no value.
    """
    for match in _SETTING.finditer(text):
        value = match["value"].strip()
        if (
            is_secret_name(match["name"])
            and value.strip("\"',").lower() not in _SWITCH_VALUES
            and not _REFERENCE.fullmatch(value)
        ):
            yield match["name"]
