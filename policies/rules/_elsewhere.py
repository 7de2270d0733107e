"""Names of another jurisdiction's own hosts: no catalogue knows them, but a stack that knows its own does.

A stack of ours answers as ``<jurisdiction>.<domain>``, and so does its sister in another jurisdiction. Any
other program gets the same by setting ``sovereign:domain``. Where no domain is known, a name is only taken at
its word where something is sent to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from policies.rule import Context
from policies.rules._destinations import problem_of_host

__all__ = ["claimed_elsewhere", "domain_of", "elsewhere", "is_own", "problem_of_upstream"]


def domain_of(context: Context) -> str:
    """Return the domain below which the routers of all jurisdictions answer, or an empty text."""
    host = context.sites[0].host if context.sites else None
    prefix = f"{context.jurisdiction}."
    if host is None or not host.lower().startswith(prefix):
        return ""
    return host.lower().removeprefix(prefix).removesuffix(".")


def elsewhere(name: str, context: Context) -> str | None:
    """Return the jurisdiction whose host a name is, or is below, under the domain of this stack."""
    label = _label_before(name, domain_of(context))
    return _code_of([label], context) if label else None


def is_own(name: str, context: Context) -> bool:
    """Return True for a host of this jurisdiction under the domain of this stack."""
    label = _label_before(name, domain_of(context))
    return label == context.jurisdiction or label.startswith(f"{context.jurisdiction}-")


def claimed_elsewhere(name: str, context: Context) -> str | None:
    """Return the jurisdiction that a label of a name claims, as in ``uk.inference.example.com``.

    The last two labels are nobody's claim: ``example.uk`` says no more than where a name was bought.
    """
    labels = name.lower().removesuffix(".").split(".")
    return _code_of(labels[:-2], context)


def problem_of_upstream(host: str, context: Context) -> str:
    """Return why requests must not be sent to a host, or an empty text.

    A name of one word is resolved inside the cluster, and the stack's own names are its own.
    """
    name = host.lower().removesuffix(".")
    if ("." not in name and ":" not in name and not name.isdecimal()) or is_own(name, context):
        return ""
    code = elsewhere(name, context) or claimed_elsewhere(name, context)
    return f"belongs to jurisdiction {code} by its name" if code else problem_of_host(name, context)


def _label_before(name: str, domain: str) -> str:
    whole = name.lower().removesuffix(".")
    if not domain or not whole.endswith(f".{domain}"):
        return ""
    return whole.removesuffix(f".{domain}").rpartition(".")[2]


def _code_of(labels: Iterable[str], context: Context) -> str | None:
    others = [code for code in context.catalog.jurisdictions if code != context.jurisdiction]
    return next(
        (code for label in labels for code in others if label == code or label.startswith(f"{code}-")), None
    )
