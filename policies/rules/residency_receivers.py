"""No service of a cloud sends messages to a host whose place nobody can tell.

A topic hands each message to its subscribers, and a trigger takes messages from a queue: both name a host in
a property. Subscribers of the same cloud are named by an ARN and have a region of their own. What is only
known after the update is judged then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.facts import Resource, plain, select
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._destinations import ALLOWED_HOSTS, host_of, problem_of_host
from policies.rules._elsewhere import is_own
from policies.rules._hosts import is_judged_by_name
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "residency-receivers"
_RECEIVERS: Final[Mapping[str, tuple[str, ...]]] = {
    "scaleway:containers/trigger:Trigger": ("nats.serverUrls", "sqs.endpoint", "sqs.queueUrl"),
    "scaleway:mnq/snsTopic:SnsTopic": ("snsEndpoint",),
    "scaleway:mnq/snsTopicSubscription:SnsTopicSubscription": ("endpoint", "snsEndpoint"),
    "scaleway:mnq/sqsQueue:SqsQueue": ("sqsEndpoint",),
}
"""Where a type names to whom it sends messages, and the key with them."""
_ARN: Final = "arn:scw:"
_CLOUD: Final = "scaleway"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    for path in _RECEIVERS.get(resource.type, ()):
        for found in select(resource.properties, path):
            text = plain(found.value)
            problem = _problem(text, resource, context) if isinstance(text, str) else ""
            if problem:
                yield violation(
                    _ID,
                    resource,
                    found=f"`{found.path}` {problem}",
                    allowed=f"a queue or function of the same cloud; {ALLOWED_HOSTS}",
                    fix="subscribe a queue or function with a region of the jurisdiction, and read it there",
                )


def _problem(text: str, resource: Resource, context: Context) -> str:
    if text.startswith(_ARN):
        return ""
    region = plain(resource.properties.get("region"))
    host = host_of(text.replace("{region}", region) if isinstance(region, str) else text)
    if host is None:
        return "names a receiver that cannot be read"
    row = context.catalog.host(host)
    if row is not None and is_judged_by_name(host, row, context.catalog):
        return ""
    if is_own(host, context) or (row is not None and row.cloud == _CLOUD):
        return ""
    problem = problem_of_host(host, context)
    return f"names a host that {problem}" if problem else ""


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="No service of a cloud sends messages to a host whose place nobody can tell",
    why="A topic copies every message to whoever subscribed: one URL, and prompts leave though the topic "
    "stands at home.",
    law=LAW,
    source="properties: pulumiverse-scaleway 1.60.0, installed SDK; the form of an ARN from memory, "
    "2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Subscribe queues and functions of the same cloud.",
    exception=NO_EXCEPTION,
    check=_check,
)
