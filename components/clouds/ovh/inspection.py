"""What OVHcloud is asked before a start."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi
import pulumi_ovh as ovh

from components.clouds.inspection import Answer, Inspection, Verdict, placed_answer
from components.clouds.stock import StockUntoldError, asked

__all__ = ["inspect"]

_KEYS = "set the keys of an account that may read the project sovereign:serviceName"


def inspect(needs: Inspection, provider: pulumi.ProviderResource) -> Iterator[Answer]:
    """The region of the project and its country, the CPU flavour, the quota of vCPUs."""
    options = pulumi.InvokeOptions(provider=provider)
    yield _region(needs, options)
    yield _flavour(needs, options)
    yield _quota(needs, options)


def _region(needs: Inspection, options: pulumi.InvokeOptions) -> Answer:
    code = needs.place.code
    about = f"project and region {code}"
    try:
        region = asked(
            lambda: ovh.cloudproject.get_region(name=code, service_name=needs.project, opts=options)
        )
    except StockUntoldError as error:
        return Answer(
            about=about,
            verdict=Verdict.FAIL,
            found=str(error),
            remedy=f"{_KEYS}, and switch {code} on in that project",
        )
    found = f"{needs.project}: {code} is {region.status}, in {region.country_code.upper()}"
    if region.status != "UP":
        return Answer(
            about=about, verdict=Verdict.FAIL, found=found, remedy=f"switch {code} on in the project"
        )
    return placed_answer(about, found, region.country_code.upper(), needs.place)


def _flavour(needs: Inspection, options: pulumi.InvokeOptions) -> Answer:
    name, code = needs.cpu_node_type.name, needs.place.code
    about = f"{name} in {code}"
    try:
        answer = asked(
            lambda: ovh.cloudproject.get_flavors(
                name_filter=name, region=code, service_name=needs.project, opts=options
            )
        )
    except StockUntoldError as error:
        return Answer(about=about, verdict=Verdict.UNTOLD, found=str(error), remedy=_KEYS)
    if any(flavour.name == name and flavour.available for flavour in answer.flavors):
        return Answer(about=about, verdict=Verdict.GOOD, found="sold; the API does not tell stock")
    return Answer(
        about=about,
        verdict=Verdict.FAIL,
        found="not sold to this project",
        remedy="choose another sovereign:cpuNodeType or sovereign:location",
    )


def _quota(needs: Inspection, options: pulumi.InvokeOptions) -> Answer:
    code, about = needs.place.code, "quota of vCPUs"
    remedy = "ask for a larger quota profile: control panel, Public Cloud, Quota and Regions"
    try:
        answer = asked(lambda: ovh.get_cloud_quota(region=code, service_name=needs.project, opts=options))
    except StockUntoldError as error:
        return Answer(about=about, verdict=Verdict.UNTOLD, found=str(error), remedy=remedy)
    state = next((each for each in answer.current_state.regions if each.region == code), None)
    if state is None or needs.vcpus is None:
        return Answer(about=about, verdict=Verdict.UNTOLD, found=f"nothing told for {code}", remedy=remedy)
    cores = state.compute.cores
    free = cores.limit - cores.used
    found = f"{needs.vcpus} needed, {free} free of {cores.limit} in {code}"
    if free < needs.vcpus:
        return Answer(about=about, verdict=Verdict.FAIL, found=found, remedy=remedy)
    return Answer(about=about, verdict=Verdict.GOOD, found=found)
