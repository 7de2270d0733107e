"""What Hetzner is asked before a start."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi
import pulumi_hcloud as hcloud

from components.clouds.hetzner.cluster import CONTROL_PLANE_TYPE
from components.clouds.hetzner.network import GATEWAY_TYPE
from components.clouds.inspection import Answer, Inspection, Verdict, placed_answer, untold
from components.clouds.stock import StockUntoldError, asked

__all__ = ["inspect"]


def inspect(needs: Inspection, provider: pulumi.ProviderResource) -> Iterator[Answer]:
    """The location and its country, the server types there, the zone, and what a person must look up."""
    options = pulumi.InvokeOptions(provider=provider)
    yield _location(needs, options)
    for name, remedy in _types(needs).items():
        yield _server_type(name, needs.place.code, remedy, options)
    if needs.dns_zone is not None:
        yield _zone(needs.dns_zone, options)
    yield from untold(
        "project of this jurisdiction",
        "a token does not tell its project",
        "console, Security, API tokens: the token must be of the project kept for this jurisdiction",
    )
    yield from untold(
        "quota",
        "the provider has no call for it",
        "console, Limits: servers, vCPUs, load balancers, primary addresses",
    )


def _location(needs: Inspection, options: pulumi.InvokeOptions) -> Answer:
    code = needs.place.code
    about = f"location {code}"
    try:
        location = asked(lambda: hcloud.get_location(name=code, opts=options))
    except StockUntoldError as error:
        return Answer(about=about, verdict=Verdict.FAIL, found=str(error), remedy="set HCLOUD_TOKEN")
    found = f"{location.city}, {location.country}, in {location.network_zone}"
    return placed_answer(about, found, location.country, needs.place)


def _zone(name: str, options: pulumi.InvokeOptions) -> Answer:
    """Records go into a primary zone only (``incorrect_zone_mode``; Hetzner's API reference, create an RRSet,
    2026-11-24)."""
    about = f"DNS zone {name}"
    try:
        mode = asked(lambda: hcloud.get_zone(name=name, opts=options)).mode
    except StockUntoldError as error:
        return Answer(
            about=about,
            verdict=Verdict.FAIL,
            found=str(error),
            remedy="make the zone in the project of HCLOUD_TOKEN; if the domain is a name inside a zone, say "
            "which in sovereign:dnsZone",
        )
    if mode != "primary":
        return Answer(
            about=about,
            verdict=Verdict.FAIL,
            found=f"a {mode} zone, which takes no record",
            remedy="make it a primary zone, or choose another in sovereign:dnsZone",
        )
    return Answer(about=about, verdict=Verdict.GOOD, found="a primary zone of the project")


def _types(needs: Inspection) -> dict[str, str]:
    """Every server type that the stack makes here, and what helps if it cannot be had."""
    own = "choose another sovereign:location: every stack has a"
    return {
        GATEWAY_TYPE: f"{own} gateway of this type",
        CONTROL_PLANE_TYPE: f"{own} control plane of this type",
        needs.cpu_node_type.name: "choose another sovereign:cpuNodeType or sovereign:location",
    }


def _server_type(name: str, code: str, remedy: str, options: pulumi.InvokeOptions) -> Answer:
    about = f"{name} in {code}"
    try:
        answer = asked(lambda: hcloud.get_server_type(name=name, opts=options))
    except StockUntoldError as error:
        return Answer(about=about, verdict=Verdict.UNTOLD, found=str(error), remedy="set HCLOUD_TOKEN")
    there = next((each for each in answer.locations if each.name == code), None)
    if there is None or not there.available:
        return Answer(
            about=about,
            verdict=Verdict.FAIL,
            found="not sold there" if there is None else "none available there now",
            remedy=remedy,
        )
    if there.unavailable_after:
        return Answer(
            about=about,
            verdict=Verdict.LOOK,
            found=f"sold until {there.unavailable_after}",
            remedy="choose a successor: servers of this type could not be made again",
        )
    return Answer(about=about, verdict=Verdict.GOOD, found="available")
