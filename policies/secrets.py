"""Tells by name and by form what is a password, a token or a private key. It never returns the value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["HIDDEN", "is_secret_name", "secrets_in", "settings_in", "without_secrets"]

HIDDEN: Final = "a secret value (not printed)"
"""What a message says in the place of a secret."""

_WORDS: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")
_SECRET_WORDS: Final = frozenset(
    (
        "pass",
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "requirepass",
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
    (
        *("access", "api", "application", "auth", "consumer", "encryption", "license", "master", "private"),
        *("secret", "shared", "signing"),
    )
)
_JOINED: Final = ("password", "passwd", "passphrase")
"""Words that make a secret of whatever they are written together with: ``PGPASSWORD``."""
_PASSAGES: Final = frozenset(
    (
        *("band", "by", "fastcgi", "first", "grpc", "high", "low", "multi", "one", "proxy", "render", "scgi"),
        *("second", "single", "test", "two", "uwsgi"),
    )
)
"""Words before ``pass`` that make it a passage, a run or a filter."""
_AUTH_OF: Final = frozenset(("redis", "rediscli", "sentinel"))
"""Programs whose ``…_AUTH`` is a password; everybody else's may be the name of a method."""
_NAMED_OBJECTS: Final = frozenset(("certificate", "cert", "pull", "tls"))
"""Words before ``secret`` that make it the name of an object of Kubernetes: ``TLS_SECRET``."""
_WRITTEN_AS: Final = frozenset(("b64", "base64"))
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

    The last word decides: ``TOKEN_FILE`` is a path; ``MAX_TOKEN`` and ``DISABLE_TOKEN`` are switches. A
    number at the end (``PASSWORD_1``) or how the value is written (``TOKEN_BASE64``) is not the last word.
    """
    words = _telling([word.lower() for word in _WORDS.findall(name)])
    if not words or words[-1] in _ENDS or _SWITCHES & set(words):
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last == "pass":
        return before not in _PASSAGES
    if last in {"secret", "secrets"} and before in _NAMED_OBJECTS:
        return False
    if last in _SECRET_WORDS or last.endswith(_JOINED):
        return True
    return (last == "key" and before in _KEY_KINDS) or (last == "auth" and before in _AUTH_OF)


def _telling(words: list[str]) -> list[str]:
    """Return the words of a name without a number at the end, and without how its value is written."""
    while words and (words[-1].isdecimal() or words[-1] in _WRITTEN_AS):
        words = words[:-1]
    if words[-2:] == ["key", "base"]:  # SECRET_KEY_BASE: what keys are derived from
        words = words[:-1]
    return [*words[:-1], words[-1].rstrip("0123456789")] if words else words


def secrets_in(text: str) -> Iterator[str]:
    """Yield what kinds of secrets a text shows by their form, such as ``a private key``."""
    return (kind for kind, form in _FORMS.items() if form.search(text))


def without_secrets(text: str) -> str:
    """Return a text in which nothing has the form of a secret any more."""
    for form in _FORMS.values():
        text = form.sub(HIDDEN, text)
    return text


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
