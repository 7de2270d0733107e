"""Nothing in a stack sends data to a bare public address, or to a name that only stands for one.

Judged are workloads (variables, commands, probes, aliases, resolvers), ConfigMaps, Services, endpoints and
volumes, answers of DNS, resolvers of networks, far ends of tunnels, machines behind load balancers, start
scripts and local commands. Addresses that the clouds gave to resources of the same stack are known to stand
with them. While a program still runs their values may not be at hand: then an address passes where the
resource depends on one that has an address, and is judged when all is there.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.facts import Resource, StackFacts
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._addresses import OWN, addresses_of, is_untold_end, own_addresses
from policies.rules._hosts import shown_path
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "residency-addresses"


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    own: frozenset[str] | None = None
    for resource in stack.asked:
        if is_untold_end(_as_judged(resource, stack)):
            yield violation(
                _ID,
                resource,
                found="no address of its far end, so nobody can tell where this tunnel leads",
                allowed="far ends that are addresses of this stack's own resources",
                fix="give the address of a machine or gateway of this stack, taken from its resource",
            )
        for path, addresses in addresses_of(_as_judged(resource, stack)):
            own = own_addresses(stack) if own is None else own
            if addresses <= own or (not stack.complete and stack.hangs_on(resource, OWN)):
                continue
            yield violation(
                _ID,
                resource,
                found=f"`{shown_path(path)}` has a public address, which says nothing about where it stands",
                allowed="host names that the catalogue places in this jurisdiction, Services of the cluster, "
                "private addresses, and addresses of this stack's own resources",
                fix="name a Service of the cluster or an endpoint of catalog/data/hosts.yaml; for a machine "
                "of this stack, take the address from its resource",
            )


def _as_judged(resource: Resource, stack: StackFacts) -> Resource:
    """Return a resource with its inputs, where they are known: outputs hold what the cloud adds."""
    inputs = None if stack.inputs is None else stack.inputs.get(resource.urn)
    if inputs is None or inputs is resource.properties:
        return resource
    return Resource(resource.urn, resource.type, resource.name, inputs)


RULE = StackRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="No data goes to a bare public address",
    why="An address has no country: nobody can tell from it whose machine answers, or where it stands.",
    law=LAW,
    source="IANA special-purpose address registries (RFC 6890) as commonly known; addresses that the clouds "
    "give: the provider SDKs as installed, 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Use a host name that the catalogue knows, or a Service of the cluster.",
    exception=NO_EXCEPTION,
    check=_check,
)
