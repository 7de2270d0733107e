"""Every cloud in every place of the catalogue, with and without GPUs: the whole program, as it is registered.

Nothing here looks at examples. What is asked of one resource is asked of all of them.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from catalog import Place, load_catalog
from components.clouds import built_clouds
from rehearsal.sdk import describe_resource, installed_packages
from rehearsal.twins.check import check_inputs, deprecations

from .recording import Choice, Registered, Tree, record, without_secret_marks

CATALOG = load_catalog()
CLOUDS = {CATALOG.clouds[key].provider: key for key in built_clouds()}
"""Pulumi package to cloud."""

PLACE_INPUTS = frozenset(
    {"availabilityZones", "location", "networkZone", "region", "regionName", "regions", "zone"}
)
NOT_A_PLACE = {"hcloud:index/zoneRrset:ZoneRrset": {"zone"}, "ovh:Domain/zoneRecord:ZoneRecord": {"zone"}}
"""DNS zones, which only sound like one."""

ONE_IS_ENOUGH = {
    "hcloud:index/loadBalancer:LoadBalancer": {"networkZone"},
    "hcloud:index/volume:Volume": {"location"},
    "ovh:CloudProject/kubeNodePool:KubeNodePool": {"availabilityZones"},
    "scaleway:kubernetes/pool:Pool": set[str](),
    "scaleway:network/privateNetwork:PrivateNetwork": {"zone"},
}
"""Places that may be left out: another input says it already, or only regions of several zones have them."""

REGISTRIES = {"eu": "registry.eu.example.com/sovereign", "uk": "registry.uk.example.com/sovereign"}


def choices() -> Iterator[Any]:
    for cloud in built_clouds():
        for jurisdiction in sorted(CATALOG.jurisdictions):
            for place in CATALOG.stack_locations(cloud, jurisdiction):
                assert place.defaults is not None
                own = place.defaults.registry_host is not None
                basis = Choice(
                    jurisdiction,
                    cloud,
                    place.code,
                    registry=None if own else REGISTRIES[jurisdiction],
                    registry_login=place.defaults.registry_region is None,
                )
                yield pytest.param(basis, id=f"{cloud}-{place.code}")
                if place.defaults.gpu_node_type is not None:
                    yield pytest.param(replace(basis, gpu=False), id=f"{cloud}-{place.code}-without-gpu")


@cache
def recorded(choice: Choice) -> Tree:
    return record(choice)


EVERYWHERE = pytest.mark.parametrize("choice", [*choices()])


def of_clouds(tree: Tree) -> list[Registered]:
    found = [each for each in tree.made if each.package in CLOUDS or each.package == "minio"]
    assert len(found) >= 8, "the program makes something of the cloud"
    return found


@EVERYWHERE
def test_every_resource_says_where_it_is_and_is_in_the_jurisdiction(choice: Choice) -> None:
    for each in of_clouds(recorded(choice)):
        described = describe_resource(installed_packages()[each.package], each.type)
        assert described is not None, each.type
        asked = (PLACE_INPUTS & set(described.inputs)) - NOT_A_PLACE.get(each.type, set())
        stated = {name: each.inputs[name] for name in asked if each.inputs.get(name)}
        assert asked - set(stated) <= ONE_IS_ENOUGH.get(each.type, set()), (each.name, each.type)
        for code in (code for value in stated.values() for code in _listed(value)):
            if each.package == "minio":
                continue
            assert _jurisdiction(CLOUDS[each.package], code) == choice.jurisdiction, (each.name, code)


def _listed(value: Any) -> list[Any]:
    return [*value] if isinstance(value, list) else [value]


def _jurisdiction(cloud: str, code: str) -> str | None:
    place: Place | None = CATALOG.place(cloud, code)
    return place.jurisdiction if place else None


@EVERYWHERE
def test_no_resource_uses_a_default_provider(choice: Choice) -> None:
    for each in recorded(choice).made:
        assert f"pulumi:providers:{each.package}::" in each.provider, each.name
        assert "::default" not in each.provider, each.name


@EVERYWHERE
def test_the_sdk_takes_every_input_at_any_depth_and_none_is_deprecated(choice: Choice) -> None:
    for each in recorded(choice).made:
        described = describe_resource(installed_packages()[each.package], each.type)
        assert described is not None, each.type
        assert not each.type.startswith("scaleway:index/"), "an old name of a namespaced type"
        inputs = without_secret_marks(each.inputs)
        assert check_inputs(inputs, described.inputs, coerces=False) == [], each.name
        assert deprecations(inputs, described.inputs) == [], each.name


@EVERYWHERE
def test_nothing_that_says_where_something_stands_is_ignored(choice: Choice) -> None:
    for each in recorded(choice).made:
        ignored = {path.partition(".")[0].partition("[")[0] for path in each.ignored}
        assert not ignored & PLACE_INPUTS, each.name


ADDRESSES = {
    "scaleway": "scaleway:loadbalancers/ip:Ip",
    "ovh": "ovh:index/cloudFloatingIp:CloudFloatingIp",
    "civo": "civo:index/reservedIp:ReservedIp",
    "hetzner": "hcloud:index/loadBalancerNetwork:LoadBalancerNetwork",
}
"""What must stand before a cloud's controller is shown the Service; on Hetzner the load balancer, in its
network."""


@EVERYWHERE
def test_the_routers_service_is_made_after_its_address(choice: Choice) -> None:
    """Else the controller makes a load balancer of its own, with an address that no record names; and when
    the stack is taken down the address would go while the Service still has it."""
    tree = recorded(choice)
    service = tree.only("kubernetes:core/v1:Service", "router")
    assert tree.only(ADDRESSES[choice.cloud], "edge").urn in service.waits_for


@EVERYWHERE
def test_what_serves_is_what_the_place_has(choice: Choice) -> None:
    place = CATALOG.place(choice.cloud, choice.location)
    assert place is not None
    assert place.defaults is not None
    served = {
        each.inputs["metadata"]["name"] for each in recorded(choice).of_type("kubernetes:apps/v1:Deployment")
    }
    has_gpus = place.defaults.gpu_node_type is not None and choice.gpu
    assert served & {"vllm", "llama-cpp"} == ({"vllm", "llama-cpp"} if has_gpus else {"llama-cpp"})
