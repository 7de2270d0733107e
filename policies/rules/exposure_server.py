"""A server of Hetzner that faces the world has a firewall in front of it.

A firewall may name its servers instead of being named, so this needs the whole stack, and waits until a
program has ended. The servers of other clouds name theirs: see ``exposure-firewall``.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.facts import StackFacts
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._exposure import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.rules._servers import HCLOUD_SERVER, hcloud_faces_the_world, hcloud_is_filtered
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "exposure-server"


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or not stack.complete:
        return  # the firewall that names the server may still come
    for server in stack.of_type(HCLOUD_SERVER):
        if hcloud_faces_the_world(server, stack) and not hcloud_is_filtered(server, stack):
            yield violation(
                _ID,
                server,
                found="the server has a public address (`publicNets` gives it one unless told otherwise), "
                "and no Firewall of this stack is in front of it",
                allowed="a server with firewallIds, one that a Firewall (applyTos) or a FirewallAttachment "
                "names or selects by labels, or one without public addresses",
                fix="give it firewallIds, or publicNets with ipv4Enabled and ipv6Enabled both false",
            )


RULE = StackRule(
    id=_ID,
    family=Family.EXPOSURE,
    title="Every server of Hetzner that faces the world has a firewall",
    why="Hetzner gives a server public addresses and filters nothing: every port of the machine is open.",
    law=LAW,
    source="Server (publicNets, firewallIds), Firewall (applyTos) and FirewallAttachment in pulumi-hcloud "
    "1.43.3, 2026-11-24",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Put a Firewall in front of the server, or take its public addresses away.",
    exception=NO_EXCEPTION,
    check=_check,
)
