"""No managed service of a cloud is open by default, or opened.

Firewalls and access lists say whom they let in: see ``exposure-firewall``. Here is what a service does
where nobody says anything, and the one property that opens it. A database of Scaleway may get its access list
from another resource: see ``exposure-database``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from policies.facts import ABSENT, Resource, Value, is_blank, plain, select, shown
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._exposure import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "exposure-service"

_Properties: TypeAlias = Mapping[str, Value]
_Check: TypeAlias = Callable[[_Properties], str]
"""Returns what is wrong, or an empty text."""


def _needs_one(consequence: str, *names: str) -> _Check:
    """At least one of these properties must be given. Lists that are unknown are refused by other rules."""

    def check(properties: _Properties) -> str:
        if not all(is_blank(properties.get(name, ABSENT)) for name in names):
            return ""
        said = " nor ".join(f"`{name}`" for name in names)
        return f"{'neither ' if len(names) > 1 else 'no '}{said} is given, so {consequence}"

    return check


def _needs_true(name: str, consequence: str) -> _Check:
    return lambda properties: (
        "" if plain(properties.get(name)) is True else f"`{name}` is not true, so {consequence}"
    )


def _without(name: str, consequence: str) -> _Check:
    return lambda properties: (
        "" if is_blank(properties.get(name, ABSENT)) else f"`{name}` is given, so {consequence}"
    )


def _not_true(path: str, consequence: str) -> _Check:
    def check(properties: _Properties) -> str:
        for found in select(properties, path):
            if plain(found.value) is not False:
                return f"`{found.path}` is {shown(found.value)}, so {consequence}"
        return ""

    return check


def _machines(properties: _Properties) -> str:
    counts = ("publicIpsV4Count", "publicIpsV6Count")
    given = [name for name in counts if plain(properties.get(name)) not in {None, 0}]
    group = properties.get("securityGroupId", ABSENT)
    if not given or not is_blank(group):
        return ""
    return (
        f"`{given[0]}` gives each machine a public address, and no `securityGroupId` is given, so the "
        "default group lets everybody in"
    )


def _plain_http(properties: _Properties) -> str:
    if (
        plain(properties.get("privacy")) == "private"
        or plain(properties.get("httpOption")) == "redirected"
        or plain(properties.get("httpsConnectionsOnly")) is True
    ):
        return ""
    return "`privacy` is not private and `httpOption` is not redirected, so everybody may send in the clear"


_PRIVATE: Final = "put it into a private network of this stack"
_HTTP: Final = (_plain_http, "set httpOption to redirected, or privacy to private")
_BOX: Final = (
    _not_true("accessSettings.reachableExternally", "it answers the whole internet"),
    "set accessSettings.reachableExternally to false, and reach it from servers of Hetzner alone",
)
_DEMANDS: Final[Mapping[str, tuple[tuple[_Check, str], ...]]] = {
    "civo:index/database:Database": (
        (
            _needs_one("Civo takes its default firewall, which is open to all", "firewallId"),
            "give it the firewallId of a firewall of this stack",
        ),
    ),
    "hcloud:index/storageBox:StorageBox": (_BOX,),
    "hcloud:index/storageBoxSubaccount:StorageBoxSubaccount": (_BOX,),
    "scaleway:autoscaling/instanceTemplate:InstanceTemplate": (
        (_machines, "give it a securityGroupId of this stack, or no public addresses"),
    ),
    "scaleway:containers/container:Container": (_HTTP,),
    "scaleway:datawarehouse/deployment:Deployment": (
        (_without("publicNetworks", "it has a public endpoint without an access list"), _PRIVATE),
    ),
    "scaleway:functions/function:Function": (_HTTP,),
    "scaleway:instance/image:Image": (
        (
            _not_true("public", "every customer of the cloud may start machines from it and read it"),
            "leave public out: an image may hold keys, weights and whatever lay on the disk",
        ),
    ),
    "scaleway:iot/device:Device": (
        (
            _not_true("allowInsecure", "the device may speak without TLS, and without a certificate"),
            "leave allowInsecure out, and give the device a certificate",
        ),
    ),
    "scaleway:mongodb/instance:Instance": (
        (_without("publicNetwork", "it has a public endpoint"), _PRIVATE),
        (_needs_one("its endpoint is public", "privateNetwork"), _PRIVATE),
    ),
    "scaleway:redis/cluster:Cluster": (
        (
            _needs_one("its endpoint answers every address", "acls", "privateNetworks"),
            f"{_PRIVATE}, or name in acls the ranges that need it",
        ),
        (_needs_true("tlsEnabled", "keys and entries go in the clear"), "set tlsEnabled to true"),
    ),
}
"""What must be given, or must not, by type, each with how to mend it."""


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    for demand, fix in _DEMANDS.get(resource.type, ()):
        found = demand(resource.properties)
        if found:
            yield violation(
                _ID,
                resource,
                found=found,
                allowed="a service inside a private network, or behind named ranges, that speaks TLS",
                fix=fix,
            )


RULE = ResourceRule(
    id=_ID,
    family=Family.EXPOSURE,
    title="No managed service of a cloud is open by default, or opened",
    why="A managed service has an endpoint on the internet unless somebody says otherwise, and no firewall "
    "of the stack stands before it.",
    law=LAW,
    source="Property texts of pulumiverse-scaleway 1.60.0, pulumi-civo 2.4.8 and pulumi-hcloud 1.43.3, "
    "2026-11-24; that Redis and MongoDB of Scaleway are public without a network, that its containers are "
    "public by default, and what allowInsecure lifts: from memory",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Put the service into a private network, or name the ranges that need it.",
    exception=NO_EXCEPTION,
    check=_check,
)
