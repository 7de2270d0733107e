"""No proxy chooses between upstreams without looking which of them answers.

``router`` asks this of HAProxy; here it is asked of Envoy, Traefik, Caddy, Kong and NGINX. With no upstream
left each of them answers 502 or 503 by itself, and where it would go instead ``router-upstreams`` judges.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.documents import TooMuchError
from policies.facts import Resource
from policies.proxies.unchecked import unchecked_groups
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._hosts import shown_path
from policies.rules.router import configurations_in
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "router-health"
_NO_EXCEPTION = "none. Two lines of configuration put it right"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or resource.package != "kubernetes":
        return
    for path, text in configurations_in(resource):
        try:
            groups = tuple(dict.fromkeys(unchecked_groups(text)))
        except TooMuchError:  # router-upstreams refuses what nobody can walk to its end
            continue
        for found in groups:
            yield Violation(
                _ID,
                resource.urn,
                resource.type,
                resource.name,
                found=f"`{shown_path(path)}`: {found}, so requests go on to one that is gone",
                allowed="one Service of the cluster, which knows its pods; or several upstreams with a check",
                fix="send to one Service by its full name, or configure the check that the proxy has",
                exception=_NO_EXCEPTION,
            )


RULE = ResourceRule(
    id=_ID,
    family=Family.ROUTER,
    title="No proxy chooses between upstreams without looking which of them answers",
    why="Without a check a proxy sends every second request to a server that is gone, until somebody "
    "adds one abroad that is not.",
    law="GDPR Art 32(1)(b) and UK GDPR: the ability to ensure the ongoing availability of processing",
    source="Envoy (health_checks, outlier_detection), Traefik (healthCheck), Caddy (health_uri, "
    "fail_duration), Kong (healthchecks) and NGINX (max_fails) as commonly known; from memory, 2026-11-24",
    references=("EU Cloud Sovereignty Framework SOV-4", "GDPR Art 32"),
    severity=Severity.MEDIUM,
    fix="Send to one Service of the cluster, or configure a check.",
    exception=_NO_EXCEPTION,
    check=_check,
)
