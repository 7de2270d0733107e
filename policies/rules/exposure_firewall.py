"""No firewall lets everybody in, except to the ports of the edge; no server faces the world without one.

The servers of Hetzner are judged by ``exposure-server``, as a firewall may name them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from policies.facts import ABSENT, Resource, is_blank, plain, select
from policies.network import API_PORT, openings, reach
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._exposure import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.rules._servers import unfiltered
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "exposure-firewall"
_EDGE: Final = frozenset({(80, 80), (443, 443)})
_ELSEWHERE: Final = (API_PORT, API_PORT)
_CIVO: Final = "civo:index/firewall:Firewall"
_GROUP: Final = "scaleway:instance/securityGroup:SecurityGroup"
_GATEWAY: Final = "scaleway:network/publicGateway:PublicGateway"
_LISTS: Final = {
    "scaleway:databases/acl:Acl": "aclRules.ip",
    "scaleway:redis/cluster:Cluster": "acls.ip",
    "scaleway:mongodb/instance:Instance": "acls.ip",
    "ovh:CloudProject/database:Database": "ipRestrictions.ip",
}
"""Access lists of databases."""


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    for found, fix in _mistakes(resource):
        yield violation(
            _ID,
            resource,
            found=found,
            allowed="everybody on ports 80 and 443 of the edge; anything else for named ranges only, behind "
            "a firewall of this stack",
            fix=fix,
        )


def _mistakes(resource: Resource) -> Iterator[tuple[str, str]]:
    for opening in openings(resource):
        if opening.ports not in _EDGE and opening.ports != _ELSEWHERE:  # exposure-api speaks about the latter
            yield (
                f"`{opening.path}` opens {opening.shown_ports} to {opening.who}",
                "name the ranges that need it, as plain texts, one port or port range a rule",
            )
    given = resource.properties.get
    if resource.type == _CIVO and plain(given("createDefaultRules")) is not False:
        yield (
            "`createDefaultRules` is not false, so Civo adds rules of its own that open everything",
            "set createDefaultRules to false and write out what may come in and go out",
        )
    if resource.type == _GROUP and plain(given("inboundDefaultPolicy")) != "drop":
        yield (
            "`inboundDefaultPolicy` is not drop, so what no rule names is let in",
            "set inboundDefaultPolicy to drop and accept what is needed",
        )
    if resource.type == _GATEWAY and plain(given("bastionEnabled")) not in {None, False}:
        ranges = given("allowedIpRanges", ABSENT)
        who = "every address" if is_blank(ranges) or ranges is ABSENT else reach(ranges)
        if who is not None:
            yield (
                f"`bastionEnabled` opens SSH, and `allowedIpRanges` lets in {who}",
                "leave the bastion off, or name the ranges that may reach it",
            )
    yield from unfiltered(resource)
    path = _LISTS.get(resource.type)
    ranges = list(select(resource.properties, path)) if path else []
    alone = [(found.path, reach(found.value)) for found in ranges]
    yield from _list_mistakes([each for each in alone if each[1] is not None])
    together = reach(tuple(found.value for found in ranges))
    if together is not None and all(who is None for _, who in alone):
        yield from _list_mistakes([(str(path).partition(".")[0], together)])


def _list_mistakes(who_reaches: Iterable[tuple[str, str | None]]) -> Iterator[tuple[str, str]]:
    for path, who in who_reaches:
        yield f"`{path}` lets {who} reach the database", "name the ranges that need it"


RULE = ResourceRule(
    id=_ID,
    family=Family.EXPOSURE,
    title="No firewall lets everybody in, except to ports 80 and 443, and no server lacks one",
    why="A port that is open to the world is found within minutes.",
    law=LAW,
    source="Rules and their defaults in pulumi-hcloud 1.43.3, pulumi-civo 2.4.8, pulumiverse-scaleway 1.60.0 "
    "and pulumi-ovh 2.22.0, 2026-11-24",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Let in named ranges only.",
    exception=NO_EXCEPTION,
    check=_check,
)
